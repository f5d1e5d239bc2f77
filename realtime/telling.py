"""What a process without sockets does after each commit: tells its notices to those that have some, wakes the steward.

It tells at once and forgets the row; what cannot be told now stays in its row, and the steward tells it later.
"""

import asyncio

import structlog

from realtime.broadcast import Herald
from realtime.engine.bus.redis import AWAY
from realtime.wake import Waker
from tenants import relay
from tenants.errors import Refusal
from tenants.scope import Committed, Tenancy

log = structlog.get_logger("realtime.telling")
MOST_UNDER_WAY = 100


class Teller:
    """The after-commit hook of a worker process; `hand` is called on its event loop and never waits."""

    def __init__(self, tenancy: Tenancy, herald: Herald, waker: Waker) -> None:
        self._tenancy, self._herald, self._waker = tenancy, herald, waker
        self._under_way: set[asyncio.Task[None]] = set()

    def hand(self, committed: Committed) -> None:
        """Take what a transaction left in the outbox; more than can be held is left to the steward."""
        if committed.jobs or committed.changes:
            self._waker.wake()
        if committed.notices and len(self._under_way) < MOST_UNDER_WAY:
            task = asyncio.get_running_loop().create_task(self._tell(committed))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Finish what is being told, then let go of Redis."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._herald.close()
        await self._waker.close()

    async def _tell(self, committed: Committed) -> None:
        if committed.channel_id is None:
            return
        told = []
        try:
            for notice_id, notice in committed.notices:
                await self._herald(committed.channel_id, notice)
                told.append(notice_id)
        except AWAY as error:
            log.warning("notices are left to the steward", reason=str(error) or type(error).__name__)
        try:
            await relay.forget_notices(self._tenancy, told)
        except Refusal as refusal:
            log.warning("notices may be told twice", reason=str(refusal))
