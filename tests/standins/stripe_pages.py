"""Stripe's own pages, as buyers and creators meet them: Checkout and onboarding, which tell us by webhook."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from html import escape

import orjson
from aiohttp import web

from tests.standins.serving import serving
from tests.standins.stripe import FarStripe, sign

HOSTS = ("checkout.stripe.com", "connect.stripe.com")
Tell = Callable[[bytes, dict[str, str]], Awaitable[int]]
PAGE = """<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>
<form method="post"><button>{button}</button></form></html>"""


class Pages:
    """What the buyer and the creator see of Stripe; each event goes out by `tell`, twice, as Stripe's may."""

    def __init__(self, far: FarStripe, tell: Tell) -> None:
        self._far, self._tell = far, tell
        self.answers: list[int] = []

    async def checkout(self, request: web.Request) -> web.Response:
        """The page of a checkout."""
        session = self._far.sessions[request.match_info["session"]]
        price = f"{session['currency'].upper()} {session['amount_total'] / 100:.2f}"
        return _page(f"Pay {price}", "Pay")

    async def pay(self, request: web.Request) -> web.Response:
        """The buyer pays, and goes back."""
        id_ = request.match_info["session"]
        self._far.become(id_, "paid")
        return await self._back(self._far.sessions[id_]["success_url"])

    async def onboarding(self, request: web.Request) -> web.Response:
        """The page that asks the creator what Stripe must know."""
        return _page("Tell Stripe about your school", "Agree and submit")

    async def onboard(self, request: web.Request) -> web.Response:
        """The creator has told all, and goes back."""
        account = request.match_info["account"]
        self._far.make_ready(account)
        return await self._back(self._far.returns[account])

    async def _back(self, url: str) -> web.Response:
        for event in self._far.events[:]:
            raw = orjson.dumps(event)
            self.answers += [await self._tell(raw, sign(raw)) for _ in range(2)]
            self._far.events.remove(event)
        return web.Response(status=303, headers={"Location": url})


def _page(title: str, button: str) -> web.Response:
    return web.Response(text=PAGE.format(title=escape(title), button=button), content_type="text/html")


@asynccontextmanager
async def stripe_pages(far: FarStripe, tell: Tell, tls: ssl.SSLContext) -> AsyncIterator[tuple[Pages, int]]:
    """The pages, and the port at which they answer as all of HOSTS."""
    pages = Pages(far, tell)
    routes = [
        web.get("/c/pay/{session}", pages.checkout),
        web.post("/c/pay/{session}", pages.pay),
        web.get("/setup/{account}", pages.onboarding),
        web.post("/setup/{account}", pages.onboard),
    ]
    async with serving(routes, tls) as url:
        yield pages, int(url.rpartition(":")[2])
