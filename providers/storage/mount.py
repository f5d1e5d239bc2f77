"""The disk store's faces on aiohttp: the server mounts `routes(store)` beside its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import ClientPayloadError, web

from providers import ProviderDown
from providers.storage import wire
from providers.storage.ask import Answer, Ask
from providers.storage.disk import DiskStore
from providers.storage.face import Face
from providers.storage.json_api import JsonApi

IDLE = 60.0
"""Seconds an upload may send nothing before it is cut; it resumes where it stopped."""


Handler = Callable[[Ask], Awaitable[Answer]]


def routes(store: DiskStore, idle: float = IDLE) -> list[web.RouteDef]:
    """Routes under `/storage/`: upload sessions and signed reads, and the API of which `/storage` is the endpoint."""
    face, api = Face(store).answer, JsonApi(store).answer
    bucket = f"storage/v1/b/{wire.BUCKET}/o"
    paths: dict[str, tuple[Handler, tuple[str, ...]]] = {
        "/storage/uploads/{name}": (face, ("PUT", "DELETE", "OPTIONS")),
        "/storage/o/{name:.+}": (face, ("GET", "OPTIONS")),
        f"/storage/upload/{bucket}": (api, ("POST",)),
        f"/storage/download/{bucket}/{{name:.+}}": (api, ("GET",)),
        f"/storage/{bucket}/{{name:.+}}": (api, ("GET",)),
    }

    def served(answer: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return _response(await answer(_ask(request, idle)))

        return handle

    return [web.route(method, path, served(answer)) for path, (answer, methods) in paths.items() for method in methods]


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
