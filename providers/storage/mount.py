"""The disk store's face on aiohttp: the server mounts `routes(store)` beside its own."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import ClientPayloadError, web

from providers import ProviderDown
from providers.storage import wire
from providers.storage.disk import DiskStore
from providers.storage.face import Answer, Ask, Face

IDLE = 60.0
"""Seconds an upload may send nothing before it is cut; it resumes where it stopped."""


def routes(store: DiskStore, idle: float = IDLE) -> list[web.RouteDef]:
    """Routes under `/storage/`: upload sessions, the API's start of one, and signed reads."""
    face = Face(store)

    async def handle(request: web.Request) -> web.StreamResponse:
        return _response(await face.answer(_ask(request, idle)))

    paths = {
        "/storage/uploads/{name}": ("PUT", "DELETE", "OPTIONS"),
        f"/storage/upload/storage/v1/b/{wire.BUCKET}/o": ("POST",),
        "/storage/o/{name:.+}": ("GET", "OPTIONS"),
    }
    return [web.route(method, path, handle) for path, methods in paths.items() for method in methods]


def _ask(request: web.Request, idle: float) -> Ask:
    headers = {name.lower(): value for name, value in request.headers.items()}
    name = request.match_info.get("name", "")
    return Ask(request.method, name, request.query, headers, request.content_length, _body(request, idle))


async def _body(request: web.Request, idle: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(idle):
                piece = await request.content.readany()
        except TimeoutError:
            raise ProviderDown("The upload stalled. Go on from what is stored.") from None
        except (ConnectionError, ClientPayloadError):
            raise ProviderDown("The upload broke off. Go on from what is stored.") from None
        if not piece:
            return
        yield piece


def _response(answer: Answer) -> web.StreamResponse:
    if answer.file:
        return web.FileResponse(answer.file, chunk_size=256 * 1024, headers=answer.headers)
    response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
    if answer.hang_up:
        response.force_close()
    return response
