"""A recording behind an HTTP address, read by range and held to the version that was first seen."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from providers.outbound import Outbound, Reply
from workers.media.answers import Version, check_part, first_version, in_plain_words, judge_status
from workers.media.failures import NotAVideo, SourceLied, SourceUnreachable, TooLarge
from workers.media.files import FileSource, append
from workers.media.ports import BLOCK, GIB, LIMITS, Limits, Source

FALSE_LENGTH = "The recording is not as long as its server announced. Try again later."


@asynccontextmanager
async def open_source(
    outbound: Outbound,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    hosts: Iterable[str] | None = None,
    limits: Limits = LIMITS,
    folder: Path | None = None,
) -> AsyncIterator[Source]:
    """The recording at `url`: read by range where its server can, else copied to a temporary file in `folder` first.

    `hosts` are those of the provider, as `only` of Outbound.get. Raises RecordingFailure: unreachable, address refused,
    changed, of a false length, or larger than `limits.film_bytes` (`limits.staged_bytes` when it is copied first).
    """
    address = Address(outbound, url, dict(headers or {}), None if hosts is None else tuple(hosts), limits)
    version = await address.version()
    if version is not None:
        refuse_above(limits.film_bytes, version.size)
        yield HttpSource(address, version)
        return
    with tempfile.TemporaryDirectory(prefix="recording-", dir=folder) as place:
        yield await address.fetched(Path(place) / "recording")


def refuse_above(most: int, size: int) -> None:
    """TooLarge when `size` passes `most`, both in bytes."""
    if size > most:
        raise TooLarge(f"The recording is larger than the {most / GIB:.3g} GiB that can be taken in.")


@dataclass(slots=True)
class Patience:
    """How often a server may still fail before we give up; what it sends in between renews it."""

    limits: Limits
    failed: int = 0
    gained: int = 0

    def renew(self, size: int) -> None:
        """Count `size` bytes received."""
        self.gained += size
        if self.gained >= BLOCK:
            self.failed = 0

    async def bear(self, fault: SourceUnreachable) -> None:
        """Wait, longer each time; raise `fault` when it is one too many."""
        self.failed, self.gained = self.failed + 1, 0
        if self.failed >= self.limits.attempts:
            raise fault
        await asyncio.sleep(self.limits.pause_seconds * 2 ** (self.failed - 1))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a recording is asked for, and with how much patience."""

    outbound: Outbound
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    hosts: tuple[str, ...] | None
    limits: Limits

    @asynccontextmanager
    async def get(self, headers: dict[str, str]) -> AsyncIterator[Reply]:
        """One GET with `headers` besides the address's own."""
        with in_plain_words():
            async with self.outbound.get(self.url, self.headers | headers, self.hosts) as reply:
                yield reply

    async def version(self) -> Version | None:
        """What the server says of the recording; None when it does not serve ranges."""
        patience = Patience(self.limits)
        while True:
            try:
                async with self.get({"Range": "bytes=0-0"}) as reply:
                    return first_version(reply)
            except SourceUnreachable as fault:
                await patience.bear(fault)

    async def fetched(self, path: Path) -> FileSource:
        """The whole recording, copied to `path`."""
        patience = Patience(self.limits)
        while True:
            try:
                async with self.get({}) as reply:
                    await self._pour(reply, path)
                    return await FileSource.of(path)
            except SourceUnreachable as fault:
                await patience.bear(fault)

    async def _pour(self, reply: Reply, path: Path) -> None:
        judge_status(reply)
        refuse_above(self.limits.staged_bytes, reply.length or 0)
        size = 0
        with path.open("wb") as file:
            async for piece in reply.blocks():
                size += len(piece)
                refuse_above(self.limits.staged_bytes, size)
                await asyncio.to_thread(append, file, piece)
        if not size:
            raise NotAVideo("The recording is empty.")
        if reply.length not in {None, size}:
            raise SourceLied(FALSE_LENGTH)


@dataclass(frozen=True, slots=True)
class HttpSource:
    """A recording that is read by range; goes on after a broken connection, never with another version."""

    address: Address
    version: Version

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.version.size

    @property
    def fingerprint(self) -> str:
        """Length and validator, as the server names them."""
        return self.version.fingerprint

    async def read(self, start: int, end: int) -> bytes:
        """Exactly the bytes [start, end)."""
        async with aclosing(self.stream(start, end)) as pieces:
            return b"".join([piece async for piece in pieces])

    async def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes [start, end) in order; goes on by itself where the server breaks off."""
        patience = Patience(self.address.limits)
        while start < end:
            try:
                async with aclosing(self._part(start, end)) as pieces:
                    async for piece in pieces:
                        start += len(piece)
                        patience.renew(len(piece))
                        yield piece
            except SourceUnreachable as fault:
                await patience.bear(fault)

    async def _part(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        span = {"Range": f"bytes={start}-{end - 1}", **self.version.condition}
        async with self.address.get(span) as reply:
            check_part(reply, self.version, start, end)
            async for piece in reply.blocks():
                start += len(piece)
                if start > end:
                    raise SourceLied(FALSE_LENGTH)
                yield piece
            if start != end:
                raise SourceLied(FALSE_LENGTH)
