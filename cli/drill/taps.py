"""Taps: a socket in front of another, which can stop, stall or slow down all that passes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import cast

BLOCK = 64 * 1024
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Tap:
    """Passes connections on to the socket that `far` opens, as its fields say."""

    def __init__(self, far: Callable[[], Awaitable[Streams]]) -> None:
        self._far = far
        self.shut = False
        self.seconds = 0.0
        self._talks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Break off every connection."""
        for talk in list(self._talks):
            talk.cancel()

    async def close(self) -> None:
        """Break off every connection, and wait until each has ended."""
        talks = list(self._talks)
        self.cut()
        await asyncio.gather(*talks, return_exceptions=True)

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
        far_reader, far_writer = await self._far()
        copies = [
            asyncio.create_task(self._copy(reader, far_writer)),
            asyncio.create_task(self._copy(far_reader, writer)),
        ]
        try:
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        finally:
            far_writer.transport.abort()
            for copy in copies:
                copy.cancel()
            await asyncio.gather(*copies, return_exceptions=True)

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while block := await source.read(BLOCK):
            if self.seconds:
                await asyncio.sleep(self.seconds)
            target.write(block)
            await target.drain()


@contextlib.asynccontextmanager
async def tapped(source: Path, target: Path) -> AsyncIterator[Tap]:
    """A tap at the path `source`, in front of the unix socket at `target`."""
    source.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    tap = Tap(partial(asyncio.open_unix_connection, str(target)))
    async with _serving(await asyncio.start_unix_server(tap.serve, str(source)), tap):
        yield tap


@contextlib.asynccontextmanager
async def tapped_port(far: Callable[[], Awaitable[Streams]]) -> AsyncIterator[tuple[Tap, int]]:
    """A tap on a loopback port of its own, which each connection passes on to what `far` opens then."""
    tap = Tap(far)
    server = await asyncio.start_server(tap.serve, "127.0.0.1", 0)
    async with _serving(server, tap):
        yield tap, int(server.sockets[0].getsockname()[1])


@contextlib.asynccontextmanager
async def _serving(server: asyncio.Server, tap: Tap) -> AsyncIterator[None]:
    try:
        yield
    finally:
        server.close()
        await tap.close()
