"""Resumable uploads to Google Cloud Storage: a session goes on from what the store says that it holds.

https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import asyncio
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import google_crc32c

from providers import ProviderDown, ProviderRefused
from providers.storage import GRAIN, ObjectInfo
from providers.storage.bounds import Bounds
from providers.storage.gcs_errors import Damaged, check_session, damaged
from providers.storage.gcs_wire import Reply, Wire, pause_after
from providers.storage.wire import encoded

_OVER = (404, 410, 499)
_UNDER_WAY = 308
_STEPS = 5
"""How often a chunk is sent on without the store having taken a byte of it."""
_HELD = re.compile(r"bytes=0-([0-9]{1,15})", re.ASCII)


def session_url(location: str, key: str, bounds: Bounds) -> str:
    """Google's session, and behind a # (which no client sends on) what we must know to go on with it."""
    agreed = {"key": key, "size": "" if bounds.size is None else str(bounds.size), "limit": str(bounds.limit)}
    return f"{location}#{urlencode(agreed)}"


def described(resource: Mapping[str, Any]) -> ObjectInfo:
    """What an object's resource says of it; ProviderDown when it is not one."""
    try:
        return ObjectInfo(
            size=int(resource["size"]),
            crc32c=int.from_bytes(b64decode(resource["crc32c"]), "big"),
            content_type=str(resource["contentType"]),
            generation=int(resource["generation"]),
        )
    except (KeyError, ValueError, TypeError) as wrong:
        raise ProviderDown("Google Cloud Storage's answer describes no object. Is something else between?") from wrong


class GcsSession:
    """Session over a session URI of the JSON API, at byte `at` where that is known without asking."""

    def __init__(self, wire: Wire, session: str, at: int | None = None) -> None:
        self._wire = wire
        self._url, self._key, self._bounds = _parsed(session, wire.endpoint)
        self._at = at
        self._done: ObjectInfo | None = None
        self._sum = 0
        self._summed = 0

    async def offset(self) -> int:
        """The number of bytes held for good, as the store says."""
        reply = await self._put("bytes */*")
        self._at = self._taken(reply)
        return self._at

    async def write(self, chunk: bytes, last: bool = False) -> int:
        """Add `chunk`; 400 `bad_chunk` off the grain, 409 `out_of_step` when another writer went ahead."""
        if not last and len(chunk) % GRAIN:
            raise ProviderRefused(f"Each chunk but the last is a multiple of {GRAIN} bytes.", "bad_chunk", 400)
        start = await self.offset() if self._at is None else self._at
        end = start + len(chunk)
        self._bounds.check_room(end)
        if last:
            self._bounds.check_size(end)
        self._add_up(start, chunk)
        await self._send(memoryview(chunk), start, last)
        if last:
            await self.finalise()
        return end

    async def finalise(self) -> ObjectInfo:
        """Make the object of what was written."""
        held = await self.offset() if self._at is None else self._at
        if self._done is None:
            self._bounds.check_size(held)
            if self._taken(await self._put(f"bytes */{held}", self._hash(held))) != held or self._done is None:
                raise ProviderDown("Google Cloud Storage has not finished the file yet. Try again in a moment.")
        if self._summed == self._done.size and self._sum != self._done.crc32c:
            await self._discard(self._done)
        return self._done

    async def abort(self) -> None:
        """Give the upload up; nothing happens when it is over, or another store's."""
        if self._url:
            await self._wire.call("DELETE", self._url, fine=(200, 204, *_OVER))

    async def _send(self, rest: memoryview, at: int, last: bool) -> None:
        """Send `rest`, which begins at byte `at`, and what the store did not take of it again."""
        end, idle = at + len(rest), 0
        while at < end and self._done is None:
            total = str(end) if last else "*"
            sums = self._hash(end) if last else {}
            held = await self._sent(rest[-(end - at) :], f"bytes {at}-{end - 1}/{total}", sums)
            if not at <= held <= end:
                raise self._out_of_step(held)
            idle = idle + 1 if held == at else 0
            if idle >= _STEPS:
                raise ProviderDown("Google Cloud Storage takes no more of the file. Try again in a moment.")
            at = self._at = held
        if self._done is not None and self._done.size != end:
            raise self._out_of_step(self._done.size)
        self._at = end

    async def _sent(self, block: memoryview, span: str, sums: dict[str, str]) -> int:
        """What the store holds after `block` was sent: asked for when its answer was lost."""
        try:
            return self._taken(await self._put(span, sums, block, again=False))
        except Damaged:
            raise
        except ProviderDown as down:
            await asyncio.sleep(pause_after(down))
            return await self.offset()

    async def _put(
        self, span: str, sums: dict[str, str] | None = None, block: memoryview | bytes = b"", *, again: bool = True
    ) -> Reply:
        if not self._url:
            raise _unknown()
        headers = {"Content-Range": span} | (sums or {})
        reply = await self._wire.call(
            "PUT", self._url, fine=(_UNDER_WAY, *_OVER), again=again, headers=headers, data=block
        )
        check_session(reply.status)
        return reply

    def _taken(self, reply: Reply) -> int:
        if reply.status != _UNDER_WAY:
            self._done = described(reply.json())
            return self._done.size
        held = _HELD.fullmatch(reply.headers.get("Range", ""))
        return int(held[1]) + 1 if held else 0

    def _add_up(self, start: int, chunk: bytes) -> None:
        if self._summed == start:
            self._sum, self._summed = google_crc32c.extend(self._sum, chunk), start + len(chunk)

    def _hash(self, size: int) -> dict[str, str]:
        """The header by which the store checks the whole, where we have seen every byte of it."""
        return {"X-Goog-Hash": f"crc32c={encoded(self._sum)}"} if self._summed == size else {}

    async def _discard(self, wrong: ObjectInfo) -> None:
        query = {"ifGenerationMatch": str(wrong.generation)}
        await self._wire.call("DELETE", self._wire.object_url(self._key), fine=(404, 412), params=query)
        raise damaged()

    def _out_of_step(self, held: int) -> ProviderRefused:
        self._at = None
        return ProviderRefused(f"The store holds {held} bytes. Go on there.", "out_of_step", 409)


def _parsed(session: str, endpoint: str) -> tuple[str, str, Bounds]:
    """The URI, key and bounds in a session URL; an empty URI for one of another store, which gets no token of ours."""
    url, _, agreed = session.partition("#")
    said = {name: values[0] for name, values in parse_qs(agreed, keep_blank_values=True).items()}
    try:
        size = said["size"]
        bounds = Bounds(int(size) if size else None, int(said["limit"]))
        return (url if url.startswith(f"{endpoint}/") else "", said["key"], bounds)
    except (KeyError, ValueError):
        return "", "", Bounds(None, 0)


def _unknown() -> ProviderRefused:
    return ProviderRefused("This upload is not one of this store's. Begin it again.", "no_such_upload", 404)
