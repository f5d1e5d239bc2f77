"""The whole URL map on one page."""

from aiohttp import web

from server.api import auth
from server.context import House
from server.op import Route

API: tuple[Route, ...] = (*auth.ROUTES,)


def add_pages(app: web.Application, house: House) -> None:
    """Serve all that is not the API: pages, webhooks, files."""
