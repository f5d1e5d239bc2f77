"""The far side of outgoing webhooks: a real HTTP server that answers as it is told, and remembers what it was sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web


@dataclass
class Receiver:
    """What came: headers and body of each request; `answers` are given one after the other, then 200."""

    url: str = ""
    host: str = ""
    answers: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.Response:
        """Take one request."""
        self.heard.append((dict(request.headers), await request.read()))
        status = self.answers.pop(0) if self.answers else 200
        headers = {"Location": "https://example.org/"} if 300 <= status < 400 else {}
        return web.Response(status=status, text="thanks", headers=headers)


Kind = TypeVar("Kind", bound=Receiver)


@asynccontextmanager
async def speaking(*answers: bytes) -> AsyncIterator[str]:
    """A server that gives these answers letter by letter, one to each connection, and after them none at all.

    What comes is its `host:port`.
    """
    left, held = list(answers), []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if left:
            writer.write(left.pop(0))
            await writer.drain()
            writer.close()
        else:
            held.append(writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in held:
            writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on this machine."""
    async with receiving(Receiver()) as running:
        yield running


@asynccontextmanager
async def receiving(made: Kind) -> AsyncIterator[Kind]:
    """The same, of another kind."""
    app = web.Application()
    app.router.add_post("/hook", made.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.host = f"127.0.0.1:{runner.addresses[0][1]}"
    made.url = f"http://{made.host}/hook"
    try:
        yield made
    finally:
        await runner.cleanup()
