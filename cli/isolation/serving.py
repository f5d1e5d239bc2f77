"""The real web application over a scratch database, on a socket of this machine."""

import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from server.__main__ import make_app
from server.deadlines import Deadlines
from server.process import drain, start
from settings import Settings


@dataclass(frozen=True, slots=True)
class Served:
    """A running application and its origin."""

    app: web.Application
    url: str


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Served]:
    """Serve until the block ends, with the demo's wide limits, for one machine asks for all."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    wide = {"guildhall_demo": True, "limits": "relaxed", "trusted_proxies": 1, "base_url": url, "port": port}
    app = make_app(settings.model_copy(update=wide))
    runner = await start(app, [listener], Deadlines())
    try:
        yield Served(app, url)
    finally:
        await drain(runner)
