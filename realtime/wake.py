"""Waking the steward: one word on Redis after a commit, so that jobs start at once and not at its next look."""

import asyncio

from redis.asyncio import Redis

from realtime import rooms
from realtime.engine.bus.redis import AWAY
from realtime.shared import connect


class Waker:
    """Says the word, merged and never in anybody's way: while Redis is away the steward's own look must do."""

    def __init__(self, redis_url: str | None, prefix: str) -> None:
        self._redis = connect(redis_url) if redis_url else None
        self._channel = rooms.wake(prefix)
        self._saying: asyncio.Task[None] | None = None
        self._again = False

    def wake(self) -> None:
        """Have the steward look now; calls that come while the word is under way make one more."""
        if self._redis is None:
            return
        if self._saying is None or self._saying.done():
            self._saying = asyncio.get_running_loop().create_task(self._say(self._redis))
        else:
            self._again = True

    async def close(self) -> None:
        """Let go of Redis."""
        if self._saying is not None:
            self._saying.cancel()
        if self._redis is not None:
            await self._redis.aclose()

    async def _say(self, redis: "Redis") -> None:
        while True:
            self._again = False
            try:
                await redis.publish(self._channel, b"1")
            except AWAY:
                return
            if not self._again:
                return
