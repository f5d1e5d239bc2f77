"""Figures of the jobs: what waits, how long, and what was given up, by queue; read from the rows at each look."""

import structlog
from prometheus_client import Gauge

from server.metrics import Metrics
from tenants import relay
from tenants.errors import Unavailable
from tenants.scope import Tenancy

log = structlog.get_logger("server.job_figures")


class JobFigures:
    """The gauges `jobs_waiting`, `jobs_running`, `jobs_failed` and `jobs_oldest_seconds`, each by `queue`."""

    def __init__(self, metrics: Metrics, tenancy: Tenancy) -> None:
        self._tenancy = tenancy
        self._waiting = Gauge("jobs_waiting", "Jobs not yet done", ("queue",), registry=metrics.registry)
        self._running = Gauge("jobs_running", "Jobs at work", ("queue",), registry=metrics.registry)
        self._failed = Gauge("jobs_failed", "Jobs given up", ("queue",), registry=metrics.registry)
        self._oldest = Gauge(
            "jobs_oldest_seconds", "Age of the oldest job that is due", ("queue",), registry=metrics.registry
        )
        metrics.before_look.append(self.look)

    async def look(self) -> None:
        """Read how the queues stand; while the database is away there are no figures, rather than old ones."""
        for gauge in (self._waiting, self._running, self._failed, self._oldest):
            gauge.clear()
        try:
            standing = await relay.standing(self._tenancy)
        except Unavailable as away:
            log.warning("no figures of the jobs", reason=away.message)
            return
        for each in standing:
            self._waiting.labels(each.queue).set(each.waiting)
            self._running.labels(each.queue).set(each.running)
            self._failed.labels(each.queue).set(each.failed)
            self._oldest.labels(each.queue).set(each.oldest)
