"""Read marks on their way to the database: gathered for a moment, written many at once, then told to own devices.

Rights to a joined room are the watch's matter, so a mark waits for no look-up. An orderly end writes what is left; of a
killed process the marks of the last moment are lost, and their messages count as unread again.
"""

import asyncio
from collections import defaultdict

import structlog

from realtime.bus import Bus
from realtime.connections import Connection
from tenants.community import reads
from tenants.errors import Unavailable
from tenants.ids import ChannelId, MemberId, RoomId
from tenants.permissions import acting_system
from tenants.scope import Tenancy

log = structlog.get_logger("realtime.reading")

GATHER_SECONDS = 0.25
AGAIN_SECONDS = 2.0
BATCH = 500
Marks = dict[tuple[RoomId, MemberId], tuple[int, str]]


class Reading:
    """The marks that this process has not written yet: per room and member the highest, and where it is told."""

    def __init__(self, tenancy: Tenancy, bus: Bus) -> None:
        self._tenancy, self._bus = tenancy, bus
        self._marks: dict[ChannelId, Marks] = defaultdict(dict)
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self.written = self.statements = 0

    async def close(self) -> None:
        """Write what is left."""
        await self.flush()
        if self._timer is not None:
            self._timer.cancel()
        if self._marks:
            log.warning("read marks are lost", count=sum(map(len, self._marks.values())))

    def note(self, by: Connection, room_id: RoomId, seq: int) -> None:
        """A member has read a joined room up to `seq`; never waits."""
        self._keep(by.channel_id, {(room_id, by.member_id): (seq, by.own_room())})
        self._write_in(GATHER_SECONDS)

    async def settle(self, by: Connection) -> None:
        """Have the marks of a channel written, if any of a member's wait."""
        if any(member == by.member_id for _, member in self._marks.get(by.channel_id, ())):
            await self.flush()

    async def flush(self) -> None:
        """Write what waits, after what is being written; what PostgreSQL does not take now is tried again later."""
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.shield(self._begin())

    def _write_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> "asyncio.Task[None]":
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self._write(self._writing))
        return self._writing

    async def _write(self, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await before
        waiting, self._marks = self._marks, defaultdict(dict)
        for channel_id, marks in waiting.items():
            items = list(marks.items())
            for start in range(0, len(items), BATCH):
                await self._write_some(channel_id, dict(items[start : start + BATCH]))

    async def _write_some(self, channel_id: ChannelId, marks: Marks) -> None:
        try:
            async with self._tenancy.scope(channel_id, acting_system("reading")) as scope:
                written = await reads.mark_all_read(scope, [(*key, seq) for key, (seq, _) in marks.items()])
        except (Unavailable, OSError) as error:
            log.warning("read marks are written later", reason=str(error), count=len(marks))
            self._keep(channel_id, marks)
            self._write_in(AGAIN_SECONDS)
            return
        except Exception:
            log.exception("read marks could not be written", count=len(marks))
            return
        self.statements += 1
        self.written += len(written)
        for room_id, member_id, seq in written:
            await self._bus.tell("read", {"room": str(room_id), "seq": seq}, marks[room_id, member_id][1])

    def _keep(self, channel_id: ChannelId, marks: Marks) -> None:
        waiting = self._marks[channel_id]
        for key, mark in marks.items():
            waiting[key] = max(waiting.get(key, mark), mark)
