"""The composition of one web process: what it is built from, and the order in which it is put together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakSet

from aiohttp import web

from server.bodies import JSON_LIMIT
from server.cookies import SECURE_COOKIES
from server.csrf import OWN_ORIGIN
from server.headers import set_headers
from server.health import READINESS, Readiness, add_health
from server.idempotency import Ledger
from server.limits import LIMITER, Limiter
from server.metrics import METRICS, METRICS_TOKEN, Metrics, add_metrics
from server.middleware import frame
from server.op import ACCESS, LEDGER, Access, Route, mount
from server.openapi import add_description
from server.problems import ERROR_PAGE, ErrorPage, render_plain_page
from server.process import DRAIN, SOCKETS
from server.sender import TRUSTED_PROXIES

API_PREFIX = "/api/v1"
API_VERSION = "1.0.0"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a web process is given: the API's routes, the doors to the domain, and what the settings say.

    `base_url` is the installation's own, without a path; `trusted_proxies` how many hops may name an address.
    """

    routes: Sequence[Route]
    access: Access
    ledger: Ledger
    limiter: Limiter
    base_url: str
    trusted_proxies: int = 0
    metrics_token: str | None = None
    version: str = API_VERSION
    readiness: Readiness = field(default_factory=Readiness)
    metrics: Metrics = field(default_factory=Metrics)
    error_page: ErrorPage = render_plain_page


def create_app(parts: Parts) -> web.Application:
    """The application: API, its description, health and metrics; pages, sockets and webhooks are added to it."""
    app = web.Application(middlewares=[frame], client_max_size=JSON_LIMIT)
    app[ACCESS], app[LEDGER], app[LIMITER] = parts.access, parts.ledger, parts.limiter
    app[READINESS], app[METRICS], app[METRICS_TOKEN] = parts.readiness, parts.metrics, parts.metrics_token
    app[OWN_ORIGIN] = parts.base_url.rstrip("/")
    app[SECURE_COOKIES] = parts.base_url.startswith("https:")
    app[TRUSTED_PROXIES] = parts.trusted_proxies
    app[ERROR_PAGE] = parts.error_page
    app[DRAIN], app[SOCKETS] = [], WeakSet()
    mount(app, API_PREFIX, parts.routes)
    add_description(app, parts.routes, API_PREFIX, parts.version)
    add_health(app)
    add_metrics(app)
    app.on_cleanup.append(close_limiter)
    app.on_response_prepare.append(set_headers)
    app.on_response_prepare.append(remember_socket)
    return app


async def remember_socket(request: web.Request, response: web.StreamResponse) -> None:
    """Keep every open WebSocket in sight, so that it can be told to go."""
    if isinstance(response, web.WebSocketResponse):
        request.app[SOCKETS].add(response)


async def close_limiter(app: web.Application) -> None:
    """Let go of the limiter's connections."""
    await app[LIMITER].counters.close()
