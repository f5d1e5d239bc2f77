"""A wire between two programs that breaks where a test says, as a train does in a tunnel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Wire:
    """Where it is to be reached; each number of `cuts` ends one connection after so many bytes were sent up."""

    url: str = ""
    cuts: list[int] = field(default_factory=list)
    made: int = 0


@asynccontextmanager
async def cutting(to: str) -> AsyncIterator[Wire]:
    """A wire to the server at the URL `to`."""
    far, wire = urlsplit(to), Wire()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.made += 1
        there = await asyncio.open_connection(far.hostname, far.port)
        down = asyncio.create_task(_pump(there[0], writer))
        await _pump(reader, there[1], wire.cuts)
        for end in (writer, there[1]):
            end.close()
        await down

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cuts: list[int] | None = None) -> None:
    """Carry bytes until either side ends, or as many are carried as the next of `cuts` allows."""
    carried = 0
    with suppress(ConnectionError):
        while block := await reader.read(16 * 1024):
            carried += len(block)
            if cuts and carried >= cuts[0]:
                cuts.pop(0)
                return
            writer.write(block)
            await writer.drain()
