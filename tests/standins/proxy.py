"""A proxy as offices have: plain requests pass through it, tunnels do not, and so no WebSocket either."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

_OF_EACH_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "proxy-connection"}


@asynccontextmanager
async def without_tunnels() -> AsyncIterator[tuple[str, list[str]]]:
    """The proxy's URL, and the methods with their URLs as they come to it."""
    seen: list[str] = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False) as onward:

        async def passed_on(request: web.BaseRequest) -> web.StreamResponse:
            seen.append(f"{request.method} {request.raw_path}")
            if request.method == "CONNECT":
                return web.Response(status=403)
            sent = {name: value for name, value in request.headers.items() if name.lower() not in _OF_EACH_HOP}
            body = await request.read()
            async with onward.request(
                request.method, request.raw_path, headers=sent, data=body or None, allow_redirects=False
            ) as answer:
                response = web.Response(status=answer.status, body=await answer.read())
                for name, value in answer.headers.items():
                    if name.lower() not in _OF_EACH_HOP - {"content-encoding"}:
                        response.headers.add(name, value)
                return response

        runner = web.ServerRunner(web.Server(passed_on))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
        finally:
            await runner.cleanup()
