"""The product's own web application on a loopback socket, and a client that speaks to it."""

import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from providers.payments import Payments
from server.__main__ import make_app, make_house
from server.context import HOUSE, House
from server.deadlines import Deadlines
from server.process import drain, start
from settings import Settings
from tests.databases import as_role
from tests.standins.payments import StandIn

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read whole."""

    status: int
    headers: Any
    body: bytes
    json: Any

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass(frozen=True, slots=True)
class Web:
    """A running application: `url` is its origin; `call` speaks JSON to its API, `session` anything."""

    url: str
    app: web.Application
    session: aiohttp.ClientSession

    @property
    def house(self) -> House:
        """The doors of the running application."""
        return self.app[HOUSE]

    @property
    def till(self) -> StandIn:
        """Its payment provider."""
        assert isinstance(self.house.payments, StandIn)
        return self.house.payments

    async def call(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Reply:
        """One API call below /api/v1 (or at an absolute path), as the holder of `token`."""
        url = self.url + (path if path.startswith("/api/") else API + path)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        async with self.session.request(method, url, json=body, headers=sent, allow_redirects=False) as answer:
            raw = await answer.read()
            decoded = await answer.json(content_type=None) if "json" in answer.content_type else None
            return Reply(answer.status, answer.headers, raw, decoded)

    async def get(self, path: str, **options: Any) -> Reply:
        """One page."""
        async with self.session.get(self.url + path, allow_redirects=False, **options) as answer:
            return Reply(answer.status, answer.headers, await answer.read(), None)


def settings_for(database: str, redis_url: str, home: Path, port: int, **given: Any) -> Settings:
    """Settings of a test installation: the demo's relaxed limits, loopback, everything embedded."""
    values: dict[str, Any] = {
        "guildhall_home": home,
        "port": port,
        "guildhall_demo": True,
        "secret_key": "a secret for tests, as long as it has to be",
        "database_url": database,
        "database_url_app": as_role(database, "guildhall_app"),
        "database_url_relay": as_role(database, "guildhall_relay"),
        "redis_url": redis_url,
    }
    return Settings.model_validate(values | given)


@contextlib.asynccontextmanager
async def serving(
    database: str, redis_url: str, home: Path, till: Payments | None = None, **given: Any
) -> AsyncIterator[Web]:
    """The application, served until the block ends; money goes to `till`, a stand-in if none is given.

    That one can be told to misbehave; the contract suite runs the real ones.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = settings_for(database, redis_url, home, listener.getsockname()[1], **given)
        house = replace(make_house(settings), payments=till or StandIn())
        app = make_app(settings, house=house)
        runner = await start(app, [listener], Deadlines())
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            try:
                yield Web(f"http://127.0.0.1:{settings.port}", app, session)
            finally:
                await drain(runner)
