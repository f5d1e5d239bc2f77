"""Figures for Prometheus: requests and their durations by route template, never by what was asked for."""

import hmac
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from server.sender import arrived_by_unix_socket, bearer_of
from tenants.errors import NotFound, SignInNeeded

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class _Answers:
    """Requests answered with one status."""

    count: int = 0
    since: float = field(default_factory=time.time)


@dataclass(slots=True)
class _Times:
    """How long the answers of one route took: how many fell into each bucket, and the sum of seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0
    since: float = field(default_factory=time.time)


class Metrics(Collector):
    """The registry of one process, and the figures every request moves; `before_look` refreshes the others.

    They are counted in plain numbers, without the locks of a library that serves threads: one event loop moves them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(self)
        self.in_progress = 0
        self.before_look: list[Callable[[], Awaitable[None]]] = []
        self._answers: dict[tuple[str, str, int], _Answers] = {}
        self._times: dict[tuple[str, str], _Times] = {}

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the template, such as `/c/{slug}`."""
        method = method if method in METHODS else "other"
        answers = self._answers.get((method, route, status))
        if answers is None:
            answers = self._answers[method, route, status] = _Answers()
            self._times.setdefault((method, route), _Times())
        answers.count += 1
        times = self._times[method, route]
        times.total += seconds
        times.buckets[bisect_left(BUCKETS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """The figures as Prometheus reads them."""
        yield GaugeMetricFamily("http_requests_in_progress", "Requests being handled", self.in_progress)
        requests = CounterMetricFamily("http_requests", "Requests answered", labels=("method", "route", "status"))
        for (method, route, status), answers in self._answers.items():
            requests.add_metric((method, route, str(status)), answers.count, created=answers.since)
        yield requests
        seconds = HistogramMetricFamily("http_request_seconds", "Time to answer", labels=("method", "route"))
        bounds = (*(str(float(bound)) for bound in BUCKETS), "+Inf")
        for (method, route), times in self._times.items():
            so_far = list(zip(bounds, accumulate(times.buckets), strict=True))
            seconds.add_metric((method, route), so_far, times.total)
            seconds.add_sample("http_request_seconds_created", {"method": method, "route": route}, times.since)
        yield seconds


METRICS = web.AppKey("metrics", Metrics)
METRICS_TOKEN: web.AppKey[str | None] = web.AppKey("metrics_token")


def route_of(request: web.Request) -> str:
    """The template of the route that answers, or "none"."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def add_metrics(app: web.Application) -> None:
    """Serve `/metrics` to whoever has the token, and to our own processes by unix socket."""
    app.router.add_get("/metrics", _answer_metrics)


async def figures_of(app: web.Application) -> bytes:
    """The figures of this process, fresh, as Prometheus reads them."""
    for refresh in app[METRICS].before_look:
        await refresh()
    return generate_latest(app[METRICS].registry)


async def _answer_metrics(request: web.Request) -> web.Response:
    if not arrived_by_unix_socket(request):
        _require_token(request)
    body = await figures_of(request.app)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def _require_token(request: web.Request) -> None:
    token = request.app[METRICS_TOKEN]
    if not token:
        raise NotFound("Metrics are off here: set METRICS_TOKEN, or ask by the unix socket.")
    if not hmac.compare_digest((bearer_of(request) or "").encode(), token.encode()):
        raise SignInNeeded("Send METRICS_TOKEN as bearer token.")
