"""A worker's figures: its breakers and its connections to the database, written down while it lives."""

import os
import socket
import threading
from collections import Counter
from dataclasses import asdict
from types import TracebackType
from typing import Self

import structlog
from redis import Redis
from redis.exceptions import RedisError

from providers import breaker
from realtime.worker_figures import EVERY_SECONDS, Figures, forget, write
from tenants.scope import Tenancy

log = structlog.get_logger("workers.figures")
PATIENCE_SECONDS = 2


class Telling:
    """Writes the figures of this process every few seconds within the block, from a thread of its own.

    A worker that is busy, or hangs, is told of all the same; while Redis is away nothing is.
    """

    def __init__(self, redis_url: str, deployment: str, worker: str, tenancy: Tenancy) -> None:
        self._redis = Redis.from_url(
            redis_url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        )
        self._deployment, self._worker = deployment, worker
        self._place = f"{socket.gethostname()} {os.getpid()}"
        self._pools = {"app": tenancy.app, "relay": tenancy.relay}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell_on, name="figures", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Be counted no more."""
        self._over.set()
        self._thread.join(PATIENCE_SECONDS)
        try:
            forget(self._redis, self._deployment, self._worker, self._place)
        except (RedisError, OSError) as away:
            log.warning("figures stay behind until they are old", reason=str(away))
        self._redis.close()

    def tell(self) -> None:
        """Write them once."""
        write(self._redis, self._deployment, self._place, self._figures())

    def _tell_on(self) -> None:
        while True:
            try:
                self.tell()
            except (RedisError, OSError) as away:
                log.warning("no figures told", reason=str(away) or type(away).__name__)
            if self._over.wait(EVERY_SECONDS):
                return

    def _figures(self) -> Figures:
        calls: dict[str, Counter[str]] = {}
        alone: dict[str, bool] = {}
        for each in breaker.known():
            calls[each.provider] = calls.get(each.provider, Counter()) + each.calls
            alone[each.provider] = alone.get(each.provider, False) or each.state != "closed"
        pools = {role: asdict(pool.lent) for role, pool in self._pools.items()}
        told = {provider: dict(counted) for provider, counted in calls.items()}
        return Figures(self._worker, told, alone, pools)
