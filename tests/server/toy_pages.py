"""Pages of the toy house: forms, uploads, long answers, a socket."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from server.bodies import Given, read_form
from server.cookies import clear_cookie, set_cookie
from server.csrf import require_own_page
from server.sender import address_of, agent_of


async def echo_form(request: web.Request) -> web.Response:
    """A page's form, and what it was sent."""
    return web.json_response({name: str(value) for name, value in (await request.post()).items()})


class SignIn(Given):
    email: Annotated[str, Field(max_length=100)]
    password: str
    next: str = "/"


async def sign_in(request: web.Request) -> web.Response:
    """A form that gives a cookie to whoever comes from our own page."""
    require_own_page(request)
    form = await read_form(request, SignIn)
    response = web.json_response({"email": form.email, "next": form.next})
    set_cookie(request, response, "token-of-ana-1234", 3600)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """A page that takes the cookie back."""
    response = web.Response()
    clear_cookie(request, response)
    return response


async def show_sender(request: web.Request) -> web.Response:
    """What is known of the sender."""
    return web.json_response({"address": address_of(request), "agent": agent_of(request)})


async def chat(request: web.Request) -> web.WebSocketResponse:
    """A socket that echoes."""
    response = web.WebSocketResponse()
    await response.prepare(request)
    async for message in response:
        await response.send_str(message.data)
    return response


async def swallow(request: web.Request) -> web.Response:
    """An upload without limit."""
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
    return web.json_response({"size": size})


async def pour(request: web.Request) -> web.StreamResponse:
    """A long answer, as fast as it is taken."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(2000):
        await response.write(b"x" * 65536)
    return response


async def redirect(_: web.Request) -> web.Response:
    """A page that sends its visitor elsewhere, with a cookie."""
    leaving = web.HTTPFound("/sign-in")
    leaving.set_cookie("seen", "1")
    raise leaving


def add_pages(app: web.Application) -> None:
    """Serve them all."""
    app.router.add_post("/form", echo_form)
    app.router.add_get("/chat", chat)
    app.router.add_post("/sign-in", sign_in)
    app.router.add_post("/sign-out", sign_out)
    app.router.add_get("/sender", show_sender)
    app.router.add_post("/upload", swallow)
    app.router.add_get("/pour", pour)
    app.router.add_get("/pages/{name}", redirect)
