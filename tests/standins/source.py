"""The far side of a recording's URL: a plain HTTP server that can drip, lie, stop, or point elsewhere."""

import asyncio
from contextlib import suppress

from aiohttp import web


class Source:
    """What was asked of it, and the routes by which it misbehaves."""

    def __init__(self, content: bytes = b"0123456789") -> None:
        self.content = content
        self.elsewhere = ""
        self.asked: list[web.BaseRequest] = []

    def routes(self) -> list[web.RouteDef]:
        """Paths: whole, drip, stop, short, huge, away, loop, gzip."""
        handlers = (self.whole, self.drip, self.stop, self.short, self.huge, self.away, self.loop, self.gzip)
        return [web.get(f"/{handler.__name__}", handler) for handler in handlers]

    async def whole(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        span = request.http_range
        return web.Response(status=206 if "Range" in request.headers else 200, body=self.content[span])

    async def drip(self, request: web.Request) -> web.StreamResponse:
        response = await self._begin(request, 9_000)
        with suppress(ConnectionError):
            while True:
                await response.write(b"x")
                await asyncio.sleep(0.02)
        return response

    async def stop(self, request: web.Request) -> web.StreamResponse:
        response = await self._begin(request, 100)
        await response.write(b"x" * 10)
        await asyncio.sleep(30)
        return response

    async def short(self, request: web.Request) -> web.StreamResponse:
        response = await self._begin(request, 100)
        await response.write(b"x" * 10)
        assert request.transport
        request.transport.close()
        return response

    async def huge(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x" * 1000)
        return response

    async def away(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return web.Response(status=302, headers={"Location": self.elsewhere})

    async def loop(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return web.Response(status=307, headers={"Location": "/loop"})

    async def gzip(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\x1f\x8b not really", headers={"Content-Encoding": "gzip"})

    async def _begin(self, request: web.Request, length: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(length)})
        await response.prepare(request)
        return response
