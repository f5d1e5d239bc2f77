"""Serving an aiohttp application on a loopback port of its own, for as long as a test needs it."""

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def serving(
    routes: Iterable[web.AbstractRouteDef], tls: ssl.SSLContext | None = None, *, body_limit: int = 1024**2
) -> AsyncIterator[str]:
    """The base URL under which the routes answer; `body_limit` is in bytes."""
    app = web.Application(client_max_size=body_limit)
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
