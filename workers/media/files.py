"""A recording that lies in a local file."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from workers.media.failures import Damaged, NoRoom
from workers.media.ports import BLOCK, MIB


class FileSource:
    """A local file as a Source; `fingerprint` is the checksum of its content."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.fingerprint = fingerprint

    @classmethod
    async def of(cls, path: Path) -> "FileSource":
        """The file at `path`, read once for its fingerprint."""
        return cls(path, await asyncio.to_thread(checksum, path))

    async def read(self, start: int, end: int) -> bytes:
        """Exactly the bytes [start, end); Damaged when the file is shorter."""
        data = await asyncio.to_thread(_read, self.path, start, end)
        if len(data) != end - start:
            raise Damaged("The recording ends before it should. Ask the provider for it again.")
        return data

    async def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes [start, end) in blocks of 256 KiB."""
        for position in range(start, end, BLOCK):
            yield await self.read(position, min(position + BLOCK, end))


def checksum(path: Path) -> str:
    """Length and CRC-32C of a file, as text."""
    crc = 0
    with path.open("rb") as file:
        while data := file.read(MIB):
            crc = google_crc32c.extend(crc, data)
        return f"{file.tell()}:{crc:08x}"


def append(file: BinaryIO, data: bytes) -> None:
    """Write `data` at the end of `file`; NoRoom when the disk is full."""
    try:
        file.write(data)
    except OSError as fault:
        raise NoRoom("There is no room on this server's disk for the recording. Make some, then try again.") from fault


def _read(path: Path, start: int, end: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), end - start, start)
