"""Connections: who is connected to this process, to which channel, in which rooms, and how fast they may be."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from realtime import rooms
from tenants.directory import ChannelAt
from tenants.errors import Forbidden, Refusal, Said, TooFast
from tenants.ids import ChannelId, MemberId, PersonId, RoomId
from tenants.permissions import Actor

MOST_PER_PERSON = 10
MOST_ROOMS = 50
BURST, PER_SECOND = 60, 20.0
PERSON_BURST, PERSON_PER_SECOND = 120, 40.0
PATIENCE = 200


class Bucket:
    """A token bucket: so many events at once, and so many a second."""

    __slots__ = ("__weakref__", "_at", "_burst", "_left", "_rate")

    def __init__(self, burst: float, rate: float) -> None:
        self._burst, self._rate, self._left, self._at = burst, rate, burst, time.monotonic()

    def spend(self) -> None:
        """Pay for one event; TooFast when there is nothing left."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            raise TooFast(round((1 - self._left) / self._rate, 2) or 0.05)
        self._left -= 1


@dataclass(slots=True, eq=False)
class Connection:
    """One socket of one member; `token` is looked up afresh for each event, the rest is for addressing.

    `bucket` is its own, `shared` that of all sockets of the person in this process; `overdrawn` counts what was refused
    in a row, `quiet` are joined rooms in which the person is not shown.
    """

    sid: str
    channel: ChannelAt
    token: str
    person_id: PersonId
    member_id: MemberId
    name: str
    bucket: Bucket
    shared: Bucket
    joined: set[RoomId] = field(default_factory=set)
    quiet: set[RoomId] = field(default_factory=set)
    overdrawn: int = 0

    @property
    def channel_id(self) -> ChannelId:
        """The channel it was opened for."""
        return self.channel.id

    def spend(self) -> None:
        """Pay for one event, as a socket and as a person; TooFast when there is nothing left."""
        try:
            self.bucket.spend()
            self.shared.spend()
        except TooFast:
            self.overdrawn += 1
            raise
        self.overdrawn = 0

    def room(self, room_id: RoomId) -> str:
        """The socket room of a room of its channel."""
        return rooms.of_room(self.channel_id, room_id)

    def own_room(self) -> str:
        """The socket room of the person's own devices."""
        return rooms.of_person(self.channel_id, self.person_id)


def too_many() -> Refusal:
    """What the eleventh connection of one person to a channel is told."""
    words = Said("You have %(most)s connections to this channel open already. Close one of them.", most=MOST_PER_PERSON)
    return Refusal(429, "too_many_sockets", words, retry_after=5)


class Connections:
    """All connections of this process, by socket."""

    def __init__(self, widened: int = 1) -> None:
        """`widened` multiplies the limits of events."""
        self._widened = widened
        self._all: dict[str, Connection] = {}
        self._devices: dict[str, int] = {}
        # A person's bucket is there for as long as one of their sockets.
        self._buckets: WeakValueDictionary[PersonId, Bucket] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all.values()))

    def open(self, sid: str, channel: ChannelAt, token: str, actor: Actor) -> Connection:
        """The connection of an admitted member, counted from now on.

        Forbidden for anybody else; Refusal 429 `too_many_sockets` above ten of one person in a channel here.
        """
        if actor.person_id is None or actor.member_id is None:
            raise Forbidden("Join this channel first.", "not_a_member")
        own = rooms.of_person(channel.id, actor.person_id)
        if self._devices.get(own, 0) >= MOST_PER_PERSON:
            raise too_many()
        shared = self._buckets.get(actor.person_id) or self._bucket(PERSON_BURST, PERSON_PER_SECOND)
        self._buckets[actor.person_id] = shared
        connection = self._all[sid] = Connection(
            sid, channel, token, actor.person_id, actor.member_id, actor.name, self._bucket(BURST, PER_SECOND), shared
        )
        self._devices[own] = self._devices.get(own, 0) + 1
        return connection

    def get(self, sid: str) -> Connection | None:
        """The connection of a socket, if it is still there."""
        return self._all.get(sid)

    def remove(self, sid: str) -> Connection | None:
        """Forget a socket; what it was."""
        connection = self._all.pop(sid, None)
        if connection:
            own = connection.own_room()
            self._devices[own] -= 1
            if not self._devices[own]:
                del self._devices[own]
        return connection

    def of(self, own_room: str) -> list[Connection]:
        """The connections of one person in one channel."""
        return [each for each in self._all.values() if each.own_room() == own_room]

    def _bucket(self, burst: float, rate: float) -> Bucket:
        return Bucket(burst * self._widened, rate * self._widened)
