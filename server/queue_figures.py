"""Figures of RQ, as Redis keeps it: tickets on each queue, and the workers that take them."""

import asyncio

import structlog
from prometheus_client import Gauge
from redis.asyncio import Redis

from realtime.engine.bus.redis import AWAY
from server.metrics import Metrics
from tenants.jobs import QUEUES

log = structlog.get_logger("server.queue_figures")
PATIENCE_SECONDS = 1.0


class QueueFigures:
    """The gauges `queue_tickets` and `queue_workers`, each by `queue`, of the queues named after `deployment`."""

    def __init__(self, metrics: Metrics, redis: "Redis", deployment: str) -> None:
        self._redis, self._deployment = redis, deployment
        self._tickets = Gauge("queue_tickets", "Tickets in Redis", ("queue",), registry=metrics.registry)
        self._workers = Gauge("queue_workers", "Worker processes", ("queue",), registry=metrics.registry)
        metrics.before_look.append(self.look)

    async def look(self) -> None:
        """Read how they stand; while Redis is away there are no figures, rather than old ones."""
        self._tickets.clear()
        self._workers.clear()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                for queue in QUEUES:
                    name = f"{self._deployment}-{queue}"
                    self._tickets.labels(queue).set(await self._redis.llen(f"rq:queue:{name}"))
                    self._workers.labels(queue).set(await self._redis.scard(f"rq:workers:{name}"))
        except AWAY as away:
            log.warning("no figures of the queues", reason=str(away) or type(away).__name__)
