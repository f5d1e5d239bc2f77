"""The steward: sends due jobs to their queues, sends again what was lost, tells notices left behind, keeps the clock.

PostgreSQL holds all that is to be done; Redis only carries it. The steward is woken after a commit, and looks by
itself every second; whatever is away meanwhile, it tries again.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from tenants import relay
from tenants.errors import Unavailable
from tenants.ids import ChannelId
from tenants.notices import Notice
from tenants.relay import Waiting
from tenants.scope import Tenancy
from workers.queues import Queues

log = structlog.get_logger("workers.steward")
Publish = Callable[[ChannelId, Notice], Awaitable[None]]

POLL_SECONDS = 1.0
RECONCILE_SECONDS = 5.0
LOST_SECONDS = 30.0
RETURN_SECONDS = 2.0
INDEX_LOST_SECONDS = 5.0
NOTICE_SECONDS = 1.0
BATCH = 200
PATIENCE_SECONDS = 10.0
CHORE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Chore:
    """What repeats every `seconds`; each run is idempotent, and one steward at a time does it."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]


class Steward:
    """One of these runs per deployment; two do no harm. What repeats has a task of its own."""

    def __init__(
        self, tenancy: Tenancy, queues: Queues, publish: Publish | None = None, chores: Sequence[Chore] = ()
    ) -> None:
        self._tenancy, self._queues, self._publish, self._chores = tenancy, queues, publish, chores
        self._woken = asyncio.Event()
        self._reconciled_at = float("-inf")
        self._index_sent_at: dict[ChannelId, float] = {}
        self._interrupted = False

    async def run(self, wake_url: str, wake_channel: str) -> None:
        """Work until cancelled."""
        beside = [asyncio.create_task(self._listen(wake_url, wake_channel)), asyncio.create_task(self._keep_time())]
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)
                self._woken.clear()
                await self.round()
        finally:
            for each in beside:
                each.cancel()

    async def round(self) -> None:
        """Everything but the chores once; what is away is said in the log and tried in the next round."""
        for step in (self.send_due, self._reconcile, self.tell_left, self.send_changes):
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await step()
            except (Unavailable, RedisError, OSError, TimeoutError) as error:
                self._interrupted = True
                log.warning("will try again", step=step.__name__, reason=str(error) or type(error).__name__)

    async def send_due(self) -> int:
        """Send every job that is due; how many."""
        sent = 0
        while batch := await relay.claim(self._tenancy, BATCH):
            await asyncio.to_thread(self._send, batch)
            sent += len(batch)
        return sent

    async def send_lost(self, seconds: float = LOST_SECONDS) -> int:
        """Send again what Redis forgot or what a dead worker had begun; how many were looked at."""
        lost = await relay.stale(self._tenancy, seconds, BATCH)
        await asyncio.to_thread(self._send, lost)
        return len(lost)

    async def catch_up(self) -> None:
        """After Redis or the database was away: send again what may be lost; a ticket too many does no harm."""
        while lost := await relay.stale(self._tenancy, RETURN_SECONDS, BATCH):
            await asyncio.to_thread(self._send, lost, again=True)
        self._index_sent_at = dict.fromkeys(await relay.channels_to_index(self._tenancy), float("-inf"))

    async def tell_left(self) -> int:
        """Tell notices that the process which made them could not; how many."""
        if self._publish is None:
            return 0
        told: list[UUID] = []
        try:
            for channel_id, notice_id, notice in await relay.notices_left(self._tenancy, NOTICE_SECONDS, BATCH):
                await self._publish(channel_id, notice)
                told.append(notice_id)
        finally:
            if told:
                await relay.forget_notices(self._tenancy, told)
        return len(told)

    async def send_changes(self) -> int:
        """Have each channel with changes indexed; how many channels."""
        channels = await relay.channels_to_index(self._tenancy)
        await asyncio.to_thread(self._send_index, channels)
        return len(channels)

    def _send(self, batch: Sequence[Waiting], again: bool = False) -> None:
        for waiting in batch:
            send = self._queues.send_again if again or waiting.begun else self._queues.send
            send(waiting.queue, str(waiting.ticket.job_id), waiting.ticket.words())

    def _send_index(self, channels: Sequence[ChannelId]) -> None:
        """Send a ticket per channel; where changes still wait after one was sent, its worker may have died.

        Two workers at one channel do no harm: the second finds it taken, and leaves.
        """
        now = time.monotonic()
        self._index_sent_at = {each: self._index_sent_at.get(each, now) for each in channels}
        for channel_id, sent_at in self._index_sent_at.items():
            lost = now - sent_at >= INDEX_LOST_SECONDS
            send = self._queues.send_again if lost else self._queues.send
            send("index", f"index-{channel_id}", ["index", str(channel_id), ""])
            self._index_sent_at[channel_id] = now if lost else sent_at

    async def _reconcile(self) -> None:
        if self._interrupted:
            await self.catch_up()
            self._interrupted = False
        now = asyncio.get_running_loop().time()
        if now - self._reconciled_at >= RECONCILE_SECONDS:
            self._reconciled_at = now
            await self.send_lost()

    async def _keep_time(self) -> None:
        """See to the chores, one after the other, beside the sending of jobs, which none of them holds up or ends."""
        while True:
            for chore in self._chores:
                try:
                    async with asyncio.timeout(CHORE_SECONDS):
                        await self._do_if_due(chore)
                except (Unavailable, RedisError, OSError, TimeoutError) as error:
                    log.warning("will try again", step=chore.name, reason=str(error) or type(error).__name__)
                except Exception:
                    log.exception("a chore failed", name=chore.name)
            await asyncio.sleep(POLL_SECONDS)

    async def _do_if_due(self, chore: Chore) -> None:
        if await relay.ticks(self._tenancy, chore.name, chore.seconds):
            log.info("chore", name=chore.name)
            await chore.work()

    async def _listen(self, url: str, channel: str) -> None:
        """Wake at each word on the wake channel; while Redis is away the poll alone must do."""
        while True:
            try:
                async with AsyncRedis.from_url(url, socket_connect_timeout=2) as redis, redis.pubsub() as heard:
                    await heard.subscribe(channel)
                    self._interrupted = True
                    self._woken.set()
                    async for _ in heard.listen():
                        self._woken.set()
            except (RedisError, OSError) as error:
                log.warning("cannot hear the wake-up call", reason=str(error))
                await asyncio.sleep(POLL_SECONDS)
