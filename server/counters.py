"""Counting what is limited: in Redis for all processes, in this process while Redis is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar, cast

import structlog
from limits import RateLimitItem, WindowStats
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

log = structlog.get_logger("server.counters")
Result = TypeVar("Result")

# The library would ask three times for what a limit needs to know: to count, for the count, and for the time left.
TAKE = """
local spent = redis.call("INCRBY", KEYS[1], ARGV[1])
local left = redis.call("PTTL", KEYS[1])
if left < 0 then
  left = tonumber(ARGV[2])
  redis.call("PEXPIRE", KEYS[1], left)
end
return {spent, left}
"""


class Count(NamedTuple):
    """What was spent in a window, refused or not, and the seconds until it ends."""

    spent: int
    left: float


class Counters:
    """Fixed-window counters that never hold a request up: Redis gets 0.2 s, and after a miss 5 s of peace."""

    def __init__(self, redis_url: str | None = None, patience: float = 0.2, peace: float = 5.0) -> None:
        self._patience = patience
        self._peace = peace
        self._here = FixedWindowRateLimiter(MemoryStorage())
        self._storage = _redis_storage(redis_url, patience) if redis_url else None
        self._shared = FixedWindowRateLimiter(self._storage) if self._storage else None
        self._away_until = 0.0

    async def take(self, item: RateLimitItem, subject: str, cost: int) -> Count:
        """Add `cost` to the window of `subject`, whether it fits or not, in one round trip; what then is in it."""
        return await self._ask(lambda limiter: _take(limiter.storage, item, subject, cost))

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


async def _take(storage: object, item: RateLimitItem, subject: str, cost: int) -> Count:
    key, seconds = item.key_for(subject), item.get_expiry()
    if isinstance(storage, MemoryStorage):
        spent = await storage.incr(key, seconds, amount=cost)
        return Count(spent, max(0.0, await storage.get_expiry(key) - time.time()))
    bridge = cast("RedispyBridge", cast("RedisStorage", storage).bridge)
    spent, left = await bridge.storage.eval(TAKE, 1, bridge.prefixed_key(key), cost, seconds * 1000)
    return Count(spent, left / 1000)


def _redis_storage(url: str, patience: float) -> RedisStorage:
    return RedisStorage(
        "async+" + url.replace("unix://", "redis+unix://", 1),
        implementation="redispy",
        key_prefix="guildhall:limits",
        socket_timeout=patience,
        socket_connect_timeout=patience,
    )
