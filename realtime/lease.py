"""The lease of a process: while it is renewed, what the process holds in Redis counts; a killed one is missed after it.

All that hangs on leases lies under one name, in one slot of a cluster, so that a script sees a thing and its lease at
once. Redis's own clock is the only one that is asked.
"""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from realtime import rooms
from realtime.shared import Shared

LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
# What is kept under a lease is forgotten when nothing has touched it for a week.
KEEP_SECONDS = 604_800
NOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""
# KEYS processes; ARGV this one, for how long (ms) → whether it was not there: never, or taken for dead
_RENEW = f"""{NOW}
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], {KEEP_SECONDS})
return known and 0 or 1
"""


class Lease:
    """The lease of one process; `renewed` are called after each renewal, with whether all must be said again."""

    def __init__(self, shared: Shared, deployment: str) -> None:
        self.process = uuid4().hex[:12]
        self.renewed: list[Callable[[bool], None]] = []
        self._shared, self._key = shared, rooms.processes(deployment)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to renew."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def close(self) -> None:
        """Renew no more; it runs on, so that those who come back to another process were never away."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def renew(self) -> None:
        """Renew now; nothing happens while Redis is away."""
        span = int(LEASE_SECONDS * 1000)
        lost = await self._shared.ask(lambda redis: redis.eval(_RENEW, 1, self._key, self.process, span))
        if lost is not None:
            for tell in self.renewed:
                tell(bool(lost))

    async def _keep(self) -> None:
        while True:
            await self.renew()
            await asyncio.sleep(RENEW_SECONDS)
