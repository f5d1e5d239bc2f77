"""The far side of recordings: one film behind one address, which can be told to break off, to stall and to lie."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from aiohttp import web

PIECE = 16 * 1024


class FilmHouse:
    """Serves a film by Range; `manners` is `good`, `cut` (in the middle), `slow`, `lies` (no video) or `down`."""

    def __init__(self, film: bytes, port: int) -> None:
        self.film, self.port = film, port
        self.manners = "good"
        self.served = 0

    @property
    def host(self) -> str:
        """What RECORDING_HOSTS has to name."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where the film is."""
        return f"http://{self.host}/film.mp4"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The film, or the part of it that is asked for."""
        self.served += 1
        if self.manners == "down":
            return web.Response(status=503)
        content = b"<html>Sign in first.</html>" * 1000 if self.manners == "lies" else self.film
        try:
            part = request.http_range
        except ValueError:
            return web.Response(status=416)
        start, end = part.start or 0, min(part.stop or len(content), len(content))
        if start >= len(content):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
        headers = {"Content-Type": "video/mp4", "ETag": f'"{self.manners == "lies"}"', "Accept-Ranges": "bytes"}
        headers["Content-Length"] = str(end - start)
        if request.headers.get("Range"):
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        response = web.StreamResponse(status=206 if "Content-Range" in headers else 200, headers=headers)
        await response.prepare(request)
        # Whoever asked may be gone: a worker that was killed, or one that has seen what it was sent.
        with contextlib.suppress(ConnectionError):
            await self._send(request, response, content[start:end])
        return response

    async def _send(self, request: web.Request, response: web.StreamResponse, content: bytes) -> None:
        for place in range(0, len(content), PIECE):
            if self.manners == "cut" and place >= len(content) // 2 and request.transport is not None:
                request.transport.abort()
                return
            if self.manners == "slow":
                await asyncio.sleep(0.3)
            await response.write(content[place : place + PIECE])


@contextlib.asynccontextmanager
async def film_house(film: bytes) -> AsyncIterator[FilmHouse]:
    """The film on a loopback port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    house = FilmHouse(film, listener.getsockname()[1])
    app = web.Application()
    app.router.add_get("/film.mp4", house.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield house
    finally:
        await runner.cleanup()
