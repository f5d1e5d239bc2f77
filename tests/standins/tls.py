"""PostgreSQL and Redis as others run them: by TCP and TLS, in front of real servers that speak on unix sockets."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def tls_postgres(socket: Path, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The port of a PostgreSQL that insists on TLS, begun as its protocol has it (SSLRequest, then S)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(8) != SSL_REQUEST:
            writer.close()
            return
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(context)
        await _pipe(reader, writer, socket)

    async with _serving(talk, None) as port:
        yield port


@contextlib.asynccontextmanager
async def tls_redis(socket: Path, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The port of a Redis that speaks TLS from the start."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _pipe(reader, writer, socket)

    async with _serving(talk, context) as port:
        yield port


@contextlib.asynccontextmanager
async def _serving(talk: Talk, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    talks: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()
        talks.discard(task)

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, socket: Path) -> None:
    far_reader, far_writer = await asyncio.open_unix_connection(str(socket))
    copies = [asyncio.ensure_future(_copy(reader, far_writer)), asyncio.ensure_future(_copy(far_reader, writer))]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # First of all, for we may be cancelled while we wait for the copies.
        far_writer.close()
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await source.read(65536):
            target.write(block)
            await target.drain()
