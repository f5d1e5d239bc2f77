"""Copies a film into a store without keeping it here, and goes on where an earlier attempt ended."""

from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import google_crc32c

from workers.media.failures import SourceChanged, StoreOutOfStep
from workers.media.layout import Layout
from workers.media.ports import BLOCK, MIB, Checkpoint, Checkpoints, Sink

PIECE = 8 * BLOCK
CHANGED = "The recording was replaced between two attempts. The copy begins anew with the next one."


@dataclass(frozen=True, slots=True)
class Transferred:
    """A film that lies in the store: length in bytes and CRC-32C."""

    size: int
    crc32c: int

    @property
    def crc32c_base64(self) -> str:
        """The checksum as stores write it: big-endian, base64."""
        return b64encode(self.crc32c.to_bytes(4, "big")).decode()


async def transfer(layout: Layout, sink: Sink, checkpoints: Checkpoints, *, every: int = 64 * MIB) -> Transferred:
    """Write `layout` into `sink` from where the sink says it is, with a checkpoint after each `every` bytes.

    May be cancelled or killed at any byte and called again. Raises SourceChanged, after aborting the sink, when an
    earlier attempt copied another version of the recording; StoreOutOfStep when the store's checksum differs (begin a
    new upload); else what the source and the sink raise, leaving the sink as it is.
    """
    offset = await sink.offset()
    tally = await _tally(layout, offset, await checkpoints.load())
    if tally is None:
        await sink.abort()
        raise SourceChanged(CHANGED)
    noted = tally.offset
    async with aclosing(_pieces(layout, offset)) as pieces:
        async for piece in pieces:
            tally = _plus(tally, piece)
            if await sink.write(piece, tally.offset == layout.size) != tally.offset:
                raise StoreOutOfStep(
                    "The store took only a part of what it was sent. The copy goes on with the next attempt."
                )
            if tally.offset - noted >= every:
                await checkpoints.save(tally)
                noted = tally.offset
    await checkpoints.save(tally)
    stored = await sink.finalise()
    if (stored.size, stored.crc32c) != (tally.offset, tally.crc32c):
        raise StoreOutOfStep("The copy in the store is not the recording. It is made anew with the next attempt.")
    return Transferred(tally.offset, tally.crc32c)


async def _tally(layout: Layout, offset: int, kept: Checkpoint | None) -> Checkpoint | None:
    """The checksum of the first `offset` bytes, read again where no checkpoint covers them; None for another film."""
    if offset > layout.size or (offset and kept and kept.fingerprint != layout.fingerprint):
        return None
    usable = kept is not None and kept.fingerprint == layout.fingerprint and kept.offset <= offset
    tally = kept if kept is not None and usable else Checkpoint(layout.fingerprint, 0, 0)
    async with aclosing(layout.stream(tally.offset, offset)) as parts:
        async for part in parts:
            tally = _plus(tally, part)
    return tally


def _plus(tally: Checkpoint, data: bytes) -> Checkpoint:
    return Checkpoint(tally.fingerprint, tally.offset + len(data), google_crc32c.extend(tally.crc32c, data))


async def _pieces(layout: Layout, start: int) -> AsyncGenerator[bytes, None]:
    """The film from `start` in pieces of 2 MiB, the last one shorter."""
    gathered = bytearray()
    async with aclosing(layout.stream(start, layout.size)) as parts:
        async for part in parts:
            gathered += part
            if len(gathered) >= PIECE:
                yield bytes(gathered[:PIECE])
                del gathered[:PIECE]
    if gathered:
        yield bytes(gathered)
