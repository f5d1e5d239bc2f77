"""From a committed notice to every socket it is for: the only place that turns a Notice into a frame.

The row of a notice stays in PostgreSQL until the other processes have been told; while Redis is away the sockets of
this process hear at once, the rest from the steward when it is back. So a frame may come twice or late after a
fault, and never not at all.
"""

import asyncio
import contextlib
from typing import TypeVar
from uuid import UUID

import structlog

from realtime import rooms
from realtime.bus import Bus, Line, told
from realtime.merging import MERGED, Merging
from tenants import relay
from tenants.errors import Refusal
from tenants.ids import ChannelId
from tenants.notices import FOR_ALL, Notice
from tenants.scope import Committed, Tenancy

log = structlog.get_logger("realtime.broadcast")

MOST_WAITING = 20_000
BATCH = 200
GATHER_SECONDS = 0.05
HERALD_SECONDS = 1.0
Item = TypeVar("Item")


def room_of(channel_id: ChannelId, notice: Notice) -> str:
    """The socket room that a notice is for."""
    if notice.room_id is not None:
        return rooms.of_room(channel_id, notice.room_id)
    if notice.person_id is not None:
        return rooms.of_person(channel_id, notice.person_id)
    if notice.event in FOR_ALL:
        return rooms.of_channel(channel_id)
    raise ValueError(f"a notice without anybody to tell: {notice.event}")


class Broadcast:
    """One process's teller: in order of commit, off the path of every request."""

    def __init__(self, tenancy: Tenancy, bus: Bus) -> None:
        self._tenancy, self._bus = tenancy, bus
        self._committed: asyncio.Queue[tuple[ChannelId, UUID, Notice]] = asyncio.Queue(MOST_WAITING)
        self._announced: asyncio.Queue[UUID] = asyncio.Queue(MOST_WAITING)
        self._merging = Merging(self._announce)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to tell."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work()) for work in (self._tell, self._forget)]

    async def close(self) -> None:
        """Stop; what was not told is told by the steward."""
        self._merging.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hand(self, committed: Committed) -> None:
        """Take what a transaction announced; never waits. More than can be held is left to the steward."""
        if committed.channel_id is None:
            return
        with contextlib.suppress(asyncio.QueueFull):
            for notice_id, notice in committed.notices:
                self._committed.put_nowait((committed.channel_id, notice_id, notice))

    async def _tell(self) -> None:
        while True:
            channel_id, notice_id, notice = await self._committed.get()
            if notice.event in MERGED:
                self._merging.note(channel_id, notice_id, notice)
            else:
                self._announce(channel_id, notice, [notice_id])

    def _announce(self, channel_id: ChannelId, notice: Notice, rows: list[UUID]) -> None:
        """Tell a notice, which may stand for the rows of several."""
        try:
            self._bus.announce(notice.event, notice.payload, room_of(channel_id, notice))
        except Exception:
            # One frame that cannot be told must not silence all that come after it.
            log.exception("a frame could not be delivered", notice=notice.event)
        with contextlib.suppress(asyncio.QueueFull):
            for row in rows:
                self._announced.put_nowait(row)

    async def _forget(self) -> None:
        """Drop the rows of what all have been told; the steward waits a second before it looks at a row."""
        while True:
            batch = await _some(self._announced)
            if not await self._bus.passed_on():
                log.warning("notices are left to the steward", count=len(batch), reason="Redis has not taken them")
                continue
            with contextlib.suppress(Refusal):
                await relay.forget_notices(self._tenancy, batch)
            await asyncio.sleep(GATHER_SECONDS)


async def _some(queue: "asyncio.Queue[Item]") -> list[Item]:
    """What waits in a queue, at least one and at most a batch."""
    found = [await queue.get()]
    while len(found) < BATCH and not queue.empty():
        found.append(queue.get_nowait())
    return found


class Herald:
    """What the steward tells notices by: to every process that serves sockets, with none of its own."""

    def __init__(self, redis_url: str, deployment: str, key: bytes) -> None:
        self._line = Line(redis_url, deployment, key, write_only=True)

    async def __call__(self, channel_id: ChannelId, notice: Notice) -> None:
        """Tell one notice; OSError when Redis has not taken it in time (it is said again, so it may come twice)."""
        self._line.pass_on(room_of(channel_id, notice), told(notice.event, notice.payload))
        if not await self._line.flush(HERALD_SECONDS):
            raise OSError("Redis has not taken a notice in time")

    async def close(self) -> None:
        """Let go of Redis."""
        await self._line.close()
