"""Counting what is limited: in Redis for all processes, in this process while Redis is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from limits import RateLimitItem, WindowStats
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

log = structlog.get_logger("server.counters")
Result = TypeVar("Result")


class Counters:
    """Fixed-window counters that never hold a request up: Redis gets 0.2 s, and after a miss 5 s of peace."""

    def __init__(self, redis_url: str | None = None, patience: float = 0.2, peace: float = 5.0) -> None:
        self._patience = patience
        self._peace = peace
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._storage = _redis_storage(redis_url, patience) if redis_url else None
        self._shared = FixedWindowRateLimiter(self._storage) if self._storage else None
        self._away_until = 0.0

    async def spend(self, item: RateLimitItem, subject: str, cost: int) -> bool:
        """Add `cost` to the window of `subject`; False when that is more than the limit."""
        return await self._ask(lambda limiter: limiter.hit(item, subject, cost=cost))

    async def stats(self, item: RateLimitItem, subject: str) -> WindowStats:
        """`(reset_time in epoch seconds, remaining)` of the window of `subject`."""
        return await self._ask(lambda limiter: limiter.get_window_stats(item, subject))

    async def clear(self, item: RateLimitItem, subject: str) -> None:
        """Forget what `subject` has spent."""
        await self._ask(lambda limiter: limiter.clear(item, subject))

    @property
    def shared(self) -> bool:
        """Whether all processes count together at the moment."""
        return self._shared is not None and time.monotonic() >= self._away_until

    async def close(self) -> None:
        """Let go of the connections to Redis."""
        if self._storage is not None and isinstance(self._storage.bridge, RedispyBridge):
            await self._storage.bridge.storage.aclose()

    async def _ask(self, question: Callable[[FixedWindowRateLimiter], Awaitable[Result]]) -> Result:
        if self._shared is not None and self.shared:
            try:
                async with asyncio.timeout(self._patience):
                    return await question(self._shared)
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + self._peace
                log.warning("limits are counted per process while Redis is away", error=repr(error))
        return await question(self._here)


def _redis_storage(url: str, patience: float) -> RedisStorage:
    return RedisStorage(
        "async+" + url.replace("unix://", "redis+unix://", 1),
        implementation="redispy",
        key_prefix="guildhall:limits",
        socket_timeout=patience,
        socket_connect_timeout=patience,
    )
