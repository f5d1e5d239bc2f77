"""Figures for Prometheus: requests and their durations by route template, never by what was asked for."""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from server.sender import arrived_by_unix_socket, bearer_of
from tenants.errors import NotFound, SignInNeeded

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The registry of one process, and the figures every request moves; `before_look` refreshes the others."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.in_progress = Gauge("http_requests_in_progress", "Requests being handled", registry=self.registry)
        self._requests = Counter(
            "http_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_seconds", "Time to answer", ("method", "route"), buckets=BUCKETS, registry=self.registry
        )
        self.before_look: list[Callable[[], Awaitable[None]]] = []
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the template, such as `/c/{slug}`."""
        key = (method if method in METHODS else "other", route, status)
        if (children := self._children.get(key)) is None:
            children = self._requests.labels(key[0], route, status), self._seconds.labels(key[0], route)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)


METRICS = web.AppKey("metrics", Metrics)
METRICS_TOKEN: web.AppKey[str | None] = web.AppKey("metrics_token")


def route_of(request: web.Request) -> str:
    """The template of the route that answers, or "none"."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def add_metrics(app: web.Application) -> None:
    """Serve `/metrics` to whoever has the token, and to our own processes by unix socket."""
    app.router.add_get("/metrics", _answer_metrics)


async def _answer_metrics(request: web.Request) -> web.Response:
    if not arrived_by_unix_socket(request):
        _require_token(request)
    for refresh in request.app[METRICS].before_look:
        await refresh()
    body = generate_latest(request.app[METRICS].registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def _require_token(request: web.Request) -> None:
    token = request.app[METRICS_TOKEN]
    if not token:
        raise NotFound("Metrics are off here: set METRICS_TOKEN, or ask by the unix socket.")
    if not hmac.compare_digest((bearer_of(request) or "").encode(), token.encode()):
        raise SignInNeeded("Send METRICS_TOKEN as bearer token.")
