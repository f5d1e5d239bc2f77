"""Figures of the workers, which serve no HTTP: as they wrote them to Redis, by the kind of work (`worker`)."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.asyncio import Redis

from realtime.engine.bus.redis import AWAY
from realtime.worker_figures import Figures, read
from server.metrics import Metrics

log = structlog.get_logger("server.worker_figures")
PATIENCE_SECONDS = 1.0
POOL_GAUGES = {
    "in_use": ("worker_database_connections_in_use", "Connections lent now"),
    "size": ("worker_database_connections_most", "The most that may be lent"),
    "waiting": ("worker_database_callers_waiting", "Callers that wait for a connection"),
}
POOL_COUNTERS = {
    "waits": ("worker_database_waits", "Times that a connection was waited for"),
    "waited_seconds": ("worker_database_wait_seconds", "Seconds waited for connections"),
}


class WorkerFigures(Collector):
    """`worker_processes`, and what `provider_…` and `database_…` are of a web process, of all workers of a kind."""

    def __init__(self, metrics: Metrics, redis: "Redis", deployment: str) -> None:
        self._redis, self._deployment = redis, deployment
        self._told: list[Figures] = []
        metrics.registry.register(self)
        metrics.before_look.append(self.look)

    async def look(self) -> None:
        """Read what they wrote; while Redis is away there are no figures, rather than old ones."""
        self._told = []
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._told = await read(self._redis, self._deployment)
        except AWAY as away:
            log.warning("no figures of the workers", reason=str(away) or type(away).__name__)

    def collect(self) -> Iterator[Metric]:
        """Those of one kind are added up; one that leaves a provider alone speaks for all."""
        processes = GaugeMetricFamily(
            "worker_processes", "Worker processes that told of themselves", labels=("worker",)
        )
        for worker, count in sorted(Counter(each.worker for each in self._told).items()):
            processes.add_metric((worker,), count)
        yield processes
        yield from self._of_providers()
        yield from self._of_pools()

    def _of_providers(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            "worker_provider_calls", "Calls to providers", labels=("worker", "provider", "outcome")
        )
        opened = GaugeMetricFamily(
            "worker_provider_breaker_open", "Whether it is left alone", labels=("worker", "provider")
        )
        counted: Counter[tuple[str, str, str]] = Counter()
        alone: dict[tuple[str, str], bool] = {}
        for each in self._told:
            for provider, outcomes in each.calls.items():
                counted.update({(each.worker, provider, outcome): count for outcome, count in outcomes.items()})
            for provider, is_open in each.alone.items():
                alone[each.worker, provider] = alone.get((each.worker, provider), False) or is_open
        for labels, count in sorted(counted.items()):
            calls.add_metric(labels, count)
        for place, is_open in sorted(alone.items()):
            opened.add_metric(place, float(is_open))
        yield calls
        yield opened

    def _of_pools(self) -> Iterator[Metric]:
        labels = ("worker", "role")
        sums: Counter[tuple[str, str, str]] = Counter()
        for each in self._told:
            for role, lent in each.pools.items():
                for name, value in lent.items():
                    sums[name, each.worker, role] += value  # type: ignore[assignment]
        for names, family in ((POOL_GAUGES, GaugeMetricFamily), (POOL_COUNTERS, CounterMetricFamily)):
            for name, (title, said) in names.items():
                found = family(title, said, labels=labels)
                for (which, worker, role), value in sorted(sums.items()):
                    if which == name:
                        found.add_metric((worker, role), value)
                yield found
