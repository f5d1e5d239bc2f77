"""The embedded store: files in a folder of this machine, with resumable uploads and signed links."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import google_crc32c

from providers import ProviderRefused, under_home
from providers.storage import GRAIN, UPLOAD_LIMIT, Content, ObjectInfo, Place, uploads
from providers.storage.keys import checked_key, checked_type
from providers.storage.shelf import Draft, Shelf, check_generation, disk_trouble_named, write_all
from providers.storage.signing import Signer
from providers.storage.uploads import OutOfStep, Plan, Upload

_BLOCK = 1024 * 1024


def open_store(rest: str, place: Place) -> "DiskStore":
    """The store in the folder that `disk:folder` names."""
    if not rest or "\0" in rest:
        raise ValueError("STORAGE names no folder; it should be, for example, disk:var/files.")
    try:
        return DiskStore(under_home(rest, place.home), place.base_url, Signer(place.secret))
    except OSError as trouble:
        raise ValueError(f"STORAGE: the folder {rest} cannot be used: {trouble.strerror}.") from trouble


class DiskStore:
    """ObjectStore over a folder; any number of processes may open the same one."""

    def __init__(self, root: Path, base_url: str, signer: Signer) -> None:
        self.shelf = Shelf(root)
        self.signer = signer
        self.base_url = base_url.rstrip("/")

    @property
    def origin(self) -> str:
        """The installation's own."""
        own = urlsplit(self.base_url)
        return f"{own.scheme}://{own.netloc}"

    async def put(
        self, key: str, content: Content, content_type: str, *, if_generation: int | None = None
    ) -> ObjectInfo:
        """Store `content` whole or not at all."""
        checked_key(key)
        media, aside = checked_type(content_type), self.shelf.new_file()
        try:
            size, crc = await _write_aside(aside, content)
            return await asyncio.to_thread(self.shelf.publish, key, aside, Draft(media, size, crc, if_generation))
        finally:
            await _forget(aside)

    async def head(self, key: str) -> ObjectInfo | None:
        """What is stored under `key`, or None."""
        return await asyncio.to_thread(self.shelf.info, key)

    async def open_range(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in blocks of at most 1 MiB."""
        info, file = await asyncio.to_thread(self.shelf.open, key)
        with file:
            stop = info.size if end is None else min(end, info.size)
            if not 0 <= start <= stop:
                raise ProviderRefused(f"The file has {info.size} bytes; that range is not in it.", "bad_range", 416)
            file.seek(start)
            for at in range(start, stop, _BLOCK):
                yield await asyncio.to_thread(file.read, min(_BLOCK, stop - at))

    async def delete(self, key: str) -> bool:
        """Remove the object; False when there was none."""
        return await asyncio.to_thread(self.shelf.delete, key)

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every object below `prefix`."""
        await asyncio.to_thread(self.shelf.delete_prefix, prefix)

    async def start_resumable(
        self,
        key: str,
        content_type: str,
        size: int | None = None,
        *,
        limit: int = UPLOAD_LIMIT,
        if_generation: int | None = None,
    ) -> str:
        """Begin an upload and return its session URL."""
        expires = time.time() + uploads.LIFE
        plan = Plan(checked_key(key), checked_type(content_type), size, limit, if_generation, expires)
        check_generation(await self.head(key), if_generation)
        return f"{self.base_url}/storage/uploads/{await asyncio.to_thread(uploads.begin, self.shelf, plan)}"

    def resumable(self, session: str) -> "DiskSession":
        """The upload at the session URL; only its last part counts, so that a moved installation goes on with it."""
        return DiskSession(Upload(self.shelf, session.rpartition("/")[2]))

    async def sign_get(self, key: str, ttl: int, disposition: str = "", content_type: str = "") -> str:
        """A URL of our own HTTP face that reads `key` for at most `ttl` seconds."""
        query = self.signer.grant(checked_key(key), ttl, disposition, content_type)
        return f"{self.base_url}/storage/o/{quote(key)}?{urlencode(query)}"

    async def sign_upload(
        self,
        key: str,
        size: int,
        content_type: str,
        origin: str = "",  # noqa: ARG002 - pages reach this store at their own origin
    ) -> str:
        """A session URL to which a browser may PUT exactly `size` bytes."""
        return await self.start_resumable(key, content_type, size, limit=size)

    async def sweep(self) -> int:
        """Remove expired uploads and day-old leftovers; how many."""
        return await asyncio.to_thread(lambda: uploads.sweep(self.shelf) + self.shelf.sweep())

    async def probe(self) -> None:
        """ProviderDown when the folder cannot be written, ProviderRefused when its disk is full."""
        aside = self.shelf.new_file()
        try:
            await _write_aside(aside, b"probe")
        finally:
            await _forget(aside)

    async def close(self) -> None:
        """Nothing to let go of."""


class DiskSession:
    """Session over a folder of the store."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._at: int | None = None

    async def offset(self) -> int:
        """The number of bytes held for good."""
        await asyncio.to_thread(self._upload.plan)
        self._at = await asyncio.to_thread(self._upload.offset)
        return self._at

    async def write(self, chunk: bytes, last: bool = False) -> int:
        """Add `chunk`; 400 `bad_chunk` off the grain, 409 `out_of_step` when another writer went ahead."""
        if not last and len(chunk) % GRAIN:
            raise ProviderRefused(f"Each chunk but the last is a multiple of {GRAIN} bytes.", "bad_chunk", 400)
        at = await self.offset() if self._at is None else self._at
        (await asyncio.to_thread(self._upload.plan)).check_room(at + len(chunk))
        try:
            self._at = await asyncio.to_thread(self._upload.append, at, chunk)
        except OutOfStep as step:
            self._at = None
            raise ProviderRefused(f"The store holds {step.have} bytes. Go on there.", "out_of_step", 409) from step
        if last:
            await self.finalise()
        return self._at

    async def finalise(self) -> ObjectInfo:
        """Make the object of what was written."""
        return await asyncio.to_thread(self._upload.finish)

    async def abort(self) -> None:
        """Give the upload up and free its space."""
        await asyncio.to_thread(self._upload.abort)


async def _write_aside(aside: Path, content: Content) -> tuple[int, int]:
    """Write `content` to a new file, for good; its size and CRC-32C."""
    size = crc = 0
    with await asyncio.to_thread(_begin, aside) as file:
        async for block in _blocks(content):
            await asyncio.to_thread(_add, file, block)
            size, crc = size + len(block), google_crc32c.extend(crc, block)
        await asyncio.to_thread(_add, file, b"", settle=True)
    return size, crc


def _begin(aside: Path) -> FileIO:
    with disk_trouble_named():
        return FileIO(aside, "x")


async def _forget(aside: Path) -> None:
    """Remove what was written aside, if it is there; the sweep removes what cannot be removed now."""
    with suppress(OSError):
        await asyncio.to_thread(aside.unlink)


def _add(file: FileIO, block: bytes, settle: bool = False) -> None:
    with disk_trouble_named():
        write_all(file, block)
        if settle:
            os.fsync(file.fileno())


async def _blocks(content: Content) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    async for block in content:
        yield block
