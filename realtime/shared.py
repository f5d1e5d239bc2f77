"""What processes share in Redis, asked in a way that never holds anybody up: when it is away, it is away at once."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from realtime.engine.bus.redis import AWAY

log = structlog.get_logger("realtime.shared")

PATIENCE_SECONDS = 1.0
AWAY_SECONDS = 2.0
Found = TypeVar("Found")


def connect(url: str) -> "Redis":
    """A client that gives up within a second and tries nothing twice."""
    return Redis.from_url(
        url,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=15,
    )


class Shared:
    """Redis or nothing: after a failure it counts as away for two seconds."""

    def __init__(self, url: str | None) -> None:
        self._redis = connect(url) if url else None
        self._away_until = 0.0

    async def ask(self, work: Callable[[Redis], Awaitable[Found]]) -> Found | None:
        """What `work` finds, or None while Redis is away."""
        if self._redis is None or time.monotonic() < self._away_until:
            return None
        try:
            return await work(self._redis)
        except AWAY as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            log.warning("Redis is away", reason=str(error) or type(error).__name__)
            return None

    async def close(self) -> None:
        """Let go."""
        if self._redis is not None:
            await self._redis.aclose()
