"""What the film machinery needs from its surroundings, and the bounds within which it works."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

BLOCK = 256 * KIB
"""Stores take a resumable upload in multiples of this many bytes, but for the last piece (Google Cloud Storage)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much, how long and how often, in bytes, seconds and counts."""

    film_bytes: int = 20 * GIB
    staged_bytes: int = 4 * GIB
    index_bytes: int = 64 * MIB
    boxes: int = 4096
    attempts: int = 4
    pause_seconds: float = 0.5
    probe_seconds: float = 90.0
    probe_bytes: int = 256 * MIB
    remux_seconds: float = 900.0


class Source(Protocol):
    """A recording of known length that can be read anywhere."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    @property
    def fingerprint(self) -> str:
        """Equal for equal content: tells a resumed copy that the recording is still the same."""

    async def read(self, start: int, end: int) -> bytes:
        """Exactly the bytes [start, end); RecordingFailure when they cannot be had."""

    def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes [start, end) in order, in pieces of at most a few hundred KiB."""


LIMITS = Limits()


class Stored(Protocol):
    """What a store says of an object."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    @property
    def crc32c(self) -> int:
        """CRC-32C of the content."""


class Sink(Protocol):
    """An upload that remembers how far it came, in a store that outlives this process; the Session of a store fits."""

    async def offset(self) -> int:
        """How many bytes the store holds for certain."""

    async def write(self, chunk: bytes, last: bool = False) -> int:
        """Append `chunk`, a multiple of BLOCK unless `last`, and return the new offset."""

    async def finalise(self) -> Stored:
        """Make the object visible; again, and after a crash: the same answer."""

    async def abort(self) -> None:
        """Give the upload up and forget what was written."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The checksum (CRC-32C) of the first `offset` bytes of the film with this fingerprint."""

    fingerprint: str
    offset: int
    crc32c: int


class Checkpoints(Protocol):
    """Where a copy notes its checksum, so that a resumed one need not read everything again."""

    async def load(self) -> Checkpoint | None:
        """The last checkpoint saved, if there is one."""

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep `checkpoint` in the place of the last one."""
