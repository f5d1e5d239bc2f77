"""A film that exists only as a plan: pieces of memory and of a source, one after another, readable at any byte."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import Literal

from workers.media.ports import BLOCK, Source

ContentType = Literal["video/mp4", "video/webm"]


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes [start, end) of the source."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


Piece = memoryview | Span


class Layout:
    """The film as it shall lie in the store; itself a Source, and the same for the same recording each time."""

    def __init__(self, source: Source, pieces: Sequence[Piece], content_type: ContentType) -> None:
        self._source = source
        self._pieces = [piece for piece in pieces if len(piece)]
        self._starts = [0, *accumulate(len(piece) for piece in self._pieces)]
        self.size = self._starts[-1]
        self.content_type = content_type
        self.fingerprint = self._fingerprint()

    async def read(self, start: int, end: int) -> bytes:
        """Exactly the bytes [start, end)."""
        async with aclosing(self.stream(start, end)) as parts:
            return b"".join([part async for part in parts])

    async def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes [start, end) in order, in parts of at most 256 KiB."""
        index = bisect_right(self._starts, start) - 1
        while start < end:
            piece, base = self._pieces[index], self._starts[index]
            stop = min(end, base + len(piece))
            async with aclosing(self._part(piece, start - base, stop - base)) as parts:
                async for part in parts:
                    yield part
            start, index = stop, index + 1

    async def _part(self, piece: Piece, start: int, end: int) -> AsyncGenerator[bytes, None]:
        if isinstance(piece, Span):
            async with aclosing(self._source.stream(piece.start + start, piece.start + end)) as parts:
                async for part in parts:
                    yield part
        else:
            for position in range(start, end, BLOCK):
                yield bytes(piece[position : min(position + BLOCK, end)])

    def _fingerprint(self) -> str:
        whole = sha256(self._source.fingerprint.encode())
        for piece in self._pieces:
            whole.update(f"{piece.start}-{piece.end}".encode() if isinstance(piece, Span) else piece)
        return whole.hexdigest()
