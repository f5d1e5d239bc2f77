"""Taps: a unix socket in front of another, which can stop, stall or slow down all that passes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

BLOCK = 64 * 1024


class Tap:
    """Passes connections on from one socket to another, as its fields say."""

    def __init__(self, source: Path, target: Path) -> None:
        self.source, self.target = source, target
        self.shut = False
        self.seconds = 0.0
        self._talks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Break off every connection."""
        for talk in list(self._talks):
            talk.cancel()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        talk = cast("asyncio.Task[None]", asyncio.current_task())
        self._talks.add(talk)
        try:
            if not self.shut:
                await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(str(self.target))
        copies = [
            asyncio.create_task(self._copy(reader, far_writer)),
            asyncio.create_task(self._copy(far_reader, writer)),
        ]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for copy in copies:
                copy.cancel()
            await asyncio.gather(*copies, return_exceptions=True)
            far_writer.transport.abort()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while block := await source.read(BLOCK):
            if self.seconds:
                await asyncio.sleep(self.seconds)
            target.write(block)
            await target.drain()


@contextlib.asynccontextmanager
async def tapped(source: Path, target: Path) -> AsyncIterator[Tap]:
    """A tap at the path `source`, in front of the socket at `target`."""
    source.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    tap = Tap(source, target)
    server = await asyncio.start_unix_server(tap.serve, str(source))
    try:
        yield tap
    finally:
        server.close()
        tap.cut()
