"""Counting what is limited: in Redis for all processes, in this process while Redis is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar, cast

import structlog
from limits import RateLimitItem, WindowStats
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter

from realtime.engine.bus.redis import AWAY

log = structlog.get_logger("server.counters")
Result = TypeVar("Result")
MOST_WINDOWS = 100_000

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


class _Here:
    """The windows of this process, at most `MOST_WINDOWS`: then the oldest go."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, float]] = {}

    async def take(self, item: RateLimitItem, subject: str, cost: int) -> Count:
        """Add `cost` to the window; what then is in it."""
        return self.take_now(item, subject, cost)

    def take_now(self, item: RateLimitItem, subject: str, cost: int) -> Count:
        """The same, for who need not wait."""
        key, now = item.key_for(subject), time.time()
        spent, ends = self._windows.pop(key, (0, 0.0))
        if ends <= now:
            spent, ends = 0, now + item.get_expiry()
        if len(self._windows) >= MOST_WINDOWS:
            del self._windows[next(iter(self._windows))]
        self._windows[key] = (spent + cost, ends)
        return Count(spent + cost, ends - now)

    async def stats(self, item: RateLimitItem, subject: str) -> WindowStats:
        """When the window ends, and what is left in it."""
        now = time.time()
        spent, ends = self._windows.get(item.key_for(subject), (0, now))
        return WindowStats(max(ends, now), max(0, item.amount - (spent if ends > now else 0)))

    async def clear(self, item: RateLimitItem, subject: str) -> None:
        """Forget the window."""
        self._windows.pop(item.key_for(subject), None)


class _Shared:
    """The windows of all processes, in Redis."""

    def __init__(self, storage: RedisStorage) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._bridge = cast("RedispyBridge", storage.bridge)

    async def take(self, item: RateLimitItem, subject: str, cost: int) -> Count:
        """Add `cost` to the window, in one round trip; what then is in it."""
        key, seconds = self._bridge.prefixed_key(item.key_for(subject)), item.get_expiry()
        spent, left = await self._bridge.storage.eval(TAKE, 1, key, cost, seconds * 1000)
        return Count(spent, left / 1000)

    async def stats(self, item: RateLimitItem, subject: str) -> WindowStats:
        """When the window ends, and what is left in it."""
        return await self._limiter.get_window_stats(item, subject)

    async def clear(self, item: RateLimitItem, subject: str) -> None:
        """Forget the window."""
        await self._limiter.clear(item, subject)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._bridge.storage.aclose()


class Counters:
    """Fixed-window counters that never hold a request up: Redis gets 0.2 s, and after a miss 5 s of peace."""

    def __init__(self, redis_url: str | None = None, patience: float = 0.2, peace: float = 5.0) -> None:
        self._patience = patience
        self._peace = peace
        self._here = _Here()
        self._shared = _Shared(_redis_storage(redis_url, patience)) if redis_url else None
        self._away_until = 0.0

    async def take(self, item: RateLimitItem, subject: str, cost: int) -> Count:
        """Add `cost` to the window of `subject`, whether it fits or not; what then is in it."""
        if not self.shared:
            return self._here.take_now(item, subject, cost)
        return await self._ask(lambda windows: windows.take(item, subject, cost))

    async def stats(self, item: RateLimitItem, subject: str) -> WindowStats:
        """`(reset_time in epoch seconds, remaining)` of the window of `subject`."""
        return await self._ask(lambda windows: windows.stats(item, subject))

    async def clear(self, item: RateLimitItem, subject: str) -> None:
        """Forget what `subject` has spent."""
        await self._ask(lambda windows: windows.clear(item, subject))

    @property
    def shared(self) -> bool:
        """Whether all processes count together at the moment."""
        return self._shared is not None and time.monotonic() >= self._away_until

    async def close(self) -> None:
        """Let go of the connections to Redis."""
        if self._shared is not None:
            await self._shared.close()

    async def _ask(self, question: "Callable[[_Here | _Shared], Awaitable[Result]]") -> Result:
        if self._shared is not None and self.shared:
            try:
                async with asyncio.timeout(self._patience):
                    return await question(self._shared)
            except AWAY as error:
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
