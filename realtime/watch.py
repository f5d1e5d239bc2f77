"""The watch over open sockets: those whose rights have ended go within two seconds; heads tell of lost messages."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import structlog

from realtime.community import Community
from realtime.connections import Connection, Connections
from realtime.figures import Figures
from tenants import directory
from tenants.errors import Unavailable
from tenants.ids import ChannelId, RoomId
from tenants.scope import Tenancy

log = structlog.get_logger("realtime.watch")

SWEEP_SECONDS = 1.0
HEADS_SECONDS = 25.0
MOST_AT_ONCE = 2000
Dismiss = Callable[[str], Awaitable[None]]


class Watch:
    """One process's watch; `dismiss` disconnects the namespace of a socket, `cut` its transport."""

    def __init__(
        self, tenancy: Tenancy, community: Community, connections: Connections,
        dismiss: Dismiss, cut: Callable[[str], None], figures: Figures,
    ) -> None:  # fmt: skip
        self._tenancy, self._community, self._connections = tenancy, community, connections
        self._dismiss, self._cut, self._figures = dismiss, cut, figures
        self._tasks: list[asyncio.Task[None]] = []
        self._hurried = asyncio.Event()

    def start(self) -> None:
        """Begin."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep(self.sweep, partial(asyncio.sleep, SWEEP_SECONDS))),
                       loop.create_task(self._keep(self.tell_heads, self._heads_due))]  # fmt: skip

    async def close(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hurry(self) -> None:
        """Tell the heads now: something may have been missed."""
        self._hurried.set()

    async def _heads_due(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEADS_SECONDS):
                await self._hurried.wait()
        self._hurried.clear()

    async def look(self, _payload: Mapping[str, Any], own_room: str) -> None:
        """Look at one person's sockets now, because their rights have changed."""
        await self._check(self._connections.of(own_room))

    async def sweep(self) -> None:
        """Look at every socket of this process."""
        everyone = list(self._connections)
        for start in range(0, len(everyone), MOST_AT_ONCE):
            await self._check(everyone[start : start + MOST_AT_ONCE])

    async def tell_heads(self) -> None:
        """Tell each socket the heads of the rooms it has joined, so that a lost last message is noticed."""
        joined: set[tuple[ChannelId, RoomId]] = {
            (each.channel_id, room) for each in self._connections for room in each.joined
        }
        heads = await directory.room_heads(self._tenancy, list(joined)) if joined else {}
        for each in self._connections:
            if own := {str(room): heads[room] for room in each.joined if room in heads}:
                await self._community.bus.tell_one(each.sid, "heads", own)

    async def _check(self, connections: list[Connection]) -> None:
        if not connections:
            return
        sockets = [(each.channel_id, each.token) for each in connections]
        ended = await directory.sockets_ended(self._tenancy, sockets)
        for place, reason in ended.items():
            self._figures.sent_away[reason] += 1
            if reason == "token_expired":
                self._cut(connections[place].sid)
            else:
                await self._dismiss(connections[place].sid)
        places = [(each, room) for each in connections for room in each.joined]
        asked = [(each.channel_id, each.member_id, room) for each, room in places]
        bereft = set()
        for lost in await directory.rooms_lost(self._tenancy, asked) if asked else ():
            connection, room = places[lost]
            self._community.depart(connection, room, at_once=True)
            bereft.add(connection.sid)
        for sid in bereft:
            await self._community.bus.tell_one(sid, "rooms.changed", {})

    async def _keep(self, work: Callable[[], Awaitable[None]], due: Callable[[], Awaitable[None]]) -> None:
        while True:
            await due()
            try:
                await work()
            except (Unavailable, OSError) as error:
                log.warning("the watch will look again", reason=str(error))
