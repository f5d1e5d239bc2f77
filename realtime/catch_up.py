"""What was missed for good while the other processes could not be heard: read in PostgreSQL, told to those here.

Redis keeps so much of each room, and may lose that: what was told then counts as told. New messages would be found
missing by their `seq`; edits and deletions have none.
"""

import asyncio
import time

import structlog

from realtime import rooms
from realtime.bus import Bus
from realtime.connections import Connections
from tenants import directory
from tenants.community import changes
from tenants.community.changes import SYNC_LIMIT
from tenants.errors import Unavailable
from tenants.ids import ChannelId, RoomId
from tenants.scope import Tenancy

log = structlog.get_logger("realtime.catch_up")

AGAIN_SECONDS = 1.0
# A notice may be told some time after its commit; what is told twice does no harm.
MARGIN_SECONDS = 30.0


class CatchUp:
    """One process's catching up; `miss` is told since when nothing was heard, once the line is there again."""

    def __init__(self, tenancy: Tenancy, bus: Bus, connections: Connections) -> None:
        self._tenancy, self._bus, self._connections = tenancy, bus, connections
        self._since: float | None = None
        self._missed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def miss(self, since: float) -> None:
        """Have everybody told what has happened since a moment of the monotonic clock; never waits."""
        self._since = since if self._since is None else min(self._since, since)
        self._missed.set()

    async def _work(self) -> None:
        while True:
            await self._missed.wait()
            self._missed.clear()
            since, self._since = self._since, None
            if since is None:
                continue
            try:
                await self._tell_all(time.monotonic() - since + MARGIN_SECONDS)
            except (Unavailable, OSError) as error:
                log.warning("will catch up later", reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
                self.miss(since)

    async def _tell_all(self, seconds: float) -> None:
        joined = {(each.channel_id, room) for each in self._connections for room in each.joined}
        heads = await directory.room_heads(self._tenancy, list(joined)) if joined else {}
        for channel_id, room_id in joined:
            if room_id in heads:
                await self._tell(channel_id, room_id, heads[room_id], seconds)

    async def _tell(self, channel_id: ChannelId, room_id: RoomId, head: int, seconds: float) -> None:
        async with self._tenancy.scope(channel_id, readonly=True) as scope:
            missed = await changes.since(scope, room_id, head - SYNC_LIMIT, seconds)
        for notice in missed:
            self._bus.tell_here(notice.event, notice.payload, rooms.of_room(channel_id, room_id))
