"""The built front end, good for ever: each name carries the hash of its content."""

from aiohttp import hdrs, web

from server.web.assets import BASE, DIST

FOR_EVER = "public, max-age=31536000, immutable"


def add_static(app: web.Application) -> None:
    """Serve what was built below `/static/dist/`, compressed copies to those who take them."""
    app.router.add_static(BASE, DIST)
    app.on_response_prepare.append(keep_for_ever)


async def keep_for_ever(request: web.Request, response: web.StreamResponse) -> None:
    """Mark what is served from there as never changing."""
    if request.path.startswith(BASE) and response.status in {200, 206, 304}:
        response.headers[hdrs.CACHE_CONTROL] = FOR_EVER
        response.headers[hdrs.VARY] = "Accept-Encoding"
