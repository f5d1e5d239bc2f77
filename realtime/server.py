"""The wire of one process: the Socket.IO server with all that stands behind it, put together and taken down."""

import math
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from realtime import rooms
from realtime.broadcast import Broadcast
from realtime.bus import Bus
from realtime.catch_up import CatchUp
from realtime.community import AdmitPost, Community
from realtime.composing import Composing
from realtime.connections import Connections
from realtime.figures import Figures
from realtime.lease import Lease
from realtime.namespace import CommunityDoor, Cookie, Origins, Say
from realtime.parting import Parting
from realtime.presence import Presence
from realtime.protocol import StrictServer
from realtime.reading import Reading
from realtime.roll import Change, Roll
from realtime.seats import Seats
from realtime.shared import Shared
from realtime.wake import Waker
from realtime.watch import Watch
from realtime.watchers import Watchers
from tenants.ids import ChannelId, MemberId, PersonId, RoomId
from tenants.scope import Committed, Tenancy

PATH = "socket.io"
DRAIN_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True)
class WireParts:
    """What the wire is given: the doors of the process, and HTTP's own rules for origins, cookies, words and limits.

    `key` proves to the processes of this deployment that a frame is theirs, `widened` multiplies the limits of events,
    `admit_post` raises TooFast above the posting limit.
    """

    tenancy: Tenancy
    redis_url: str | None
    deployment: str
    key: bytes
    origins: Origins
    cookie: Cookie
    say: Say
    admit_post: AdmitPost
    widened: int = 1
    connect_seconds: float = 10.0


class Wire:
    """The live wire: `attach` serves it, `hand` is the after-commit hook, `drain` ends it before its process."""

    def __init__(self, parts: WireParts) -> None:
        self.bus = Bus(parts.redis_url, parts.deployment, parts.key)
        self.shared = Shared(parts.redis_url)
        self.figures = Figures()
        self.connections = Connections(parts.widened)
        self.lease = Lease(self.shared, parts.deployment)
        self.seats = Seats(self.shared, self.lease, parts.deployment)
        self.presence = Presence(
            self.bus, Roll(self.shared, self.lease, parts.deployment), self.lease, Watchers()
        )  # fmt: skip
        self.composing = Composing(self.bus, self.shared, parts.deployment)
        self.bus.spoke = self.composing.spoke
        self.reading = Reading(parts.tenancy, self.bus)
        self.broadcast = Broadcast(parts.tenancy, self.bus)
        self.waker = Waker(parts.redis_url, parts.deployment)
        community = Community(
            parts.tenancy, self.bus, self.presence, self.composing, self.reading, parts.admit_post, parts.deployment
        )
        self.door = CommunityDoor(
            parts.tenancy,
            community,
            self.connections,
            self.seats,
            parts.origins,
            parts.cookie,
            parts.say,
            self.figures,
        )
        self.sio = StrictServer(self.door, self.bus.manager, self.figures, connect_seconds=parts.connect_seconds)
        self.door.cut = self.sio.send_away
        self.parting = Parting(parts.tenancy)
        self.door.parted = self.parting.note
        self.watch = Watch(
            parts.tenancy, community, self.connections, self.sio.dismiss, self.sio.send_away, self.figures
        )  # fmt: skip
        self.catch_up = CatchUp(parts.tenancy, self.bus, self.connections)
        self.bus.missed = self._catch_up
        self.bus.house_events |= {"member.banned": self.watch.look, "room.left": self.watch.look}

    def attach(self, app: web.Application) -> None:
        """Serve the wire of an application, from its start to its end."""
        self.sio.attach(app, PATH)
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._close)

    def hand(self, committed: Committed) -> None:
        """Tell what a transaction announced, and wake the steward for what it asked to have done; never waits."""
        self.broadcast.hand(committed)
        if committed.jobs or committed.changes:
            self.waker.wake()

    async def who_is_here(self, channel_id: ChannelId, room_id: RoomId, members: Collection[MemberId]) -> Change:
        """Who is in a room now, as if they all had just come; in a large one only those of `members`."""
        return await self.presence.look(rooms.of_room(channel_id, room_id), [str(member) for member in members])

    async def who_is_connected(self, channel_id: ChannelId, people: Collection[PersonId]) -> set[PersonId]:
        """Which of some people have a connection to a channel now, in whatever process."""
        own_rooms = {person: rooms.of_person(channel_id, person) for person in people}
        taken = await self.seats.taken(list(own_rooms.values()))
        return {person for person, own_room in own_rooms.items() if own_room in taken}

    async def lag(self) -> float:
        """How many seconds what is said now waits until Redis has it and has answered; infinite while it is away."""
        begun = time.monotonic()
        there = await self.bus.passed_on() and await self.shared.ask(lambda redis: redis.ping())
        return time.monotonic() - begun if there else math.inf

    async def drain(self) -> None:
        """Send all sockets away with 1001, over a moment: their clients come back by themselves."""
        await self.sio.shutdown(within=DRAIN_SECONDS)

    async def _start(self, _app: web.Application) -> None:
        for part in self._working():
            part.start()

    async def _close(self, _app: web.Application) -> None:
        for part in (
            *self._working(),
            self.reading,
            self.parting,
            self.presence,
            self.seats,
            self.bus,
            self.composing,
            self.waker,
            self.shared,
        ):
            await part.close()

    def _catch_up(self, since: float) -> None:
        self.catch_up.miss(since)
        self.watch.hurry()

    def _working(self) -> tuple[Any, ...]:
        return self.lease, self.watch, self.catch_up, self.broadcast
