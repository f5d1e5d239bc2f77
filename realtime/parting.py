"""When members were last here: written some seconds after their sockets have gone, many at once.

Only of those who let it be seen; what a killed process had not written is lost, and an earlier time stands.
"""

import asyncio
from collections import defaultdict

import structlog

from realtime.connections import Connection
from tenants.errors import Unavailable
from tenants.ids import ChannelId, MemberId
from tenants.members import profiles
from tenants.permissions import acting_system
from tenants.scope import Tenancy

log = structlog.get_logger("realtime.parting")

GATHER_SECONDS = 2.0
BATCH = 500


class Parting:
    """Those who have gone from this process and are not noted yet."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy
        self._gone: dict[ChannelId, set[MemberId]] = defaultdict(set)
        self._writing: asyncio.Task[None] | None = None

    def note(self, by: Connection) -> None:
        """A socket of a member is gone; never waits."""
        self._gone[by.channel_id].add(by.member_id)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_soon())

    async def close(self) -> None:
        """Write what is left."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self.flush()

    async def flush(self) -> None:
        """Write what waits; what PostgreSQL does not take now is given up, for it is no more than a courtesy."""
        gone, self._gone = self._gone, defaultdict(set)
        for channel_id, members in gone.items():
            waiting = list(members)
            try:
                for start in range(0, len(waiting), BATCH):
                    async with self._tenancy.scope(channel_id, acting_system("parting")) as scope:
                        await profiles.note_seen(scope, waiting[start : start + BATCH])
            except (Unavailable, OSError) as error:
                log.warning("when members were last here is not noted", reason=str(error), count=len(waiting))

    async def _write_soon(self) -> None:
        while self._gone:
            await asyncio.sleep(GATHER_SECONDS)
            await self.flush()
