"""Connections: who is connected to this process, to which channel, in which rooms, and how fast they may be."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from realtime import rooms
from tenants.directory import ChannelAt
from tenants.errors import Forbidden, Refusal, TooFast
from tenants.ids import ChannelId, MemberId, PersonId, RoomId
from tenants.permissions import Actor

MOST_PER_PERSON = 10
MOST_ROOMS = 50
BURST, PER_SECOND = 60, 20.0
PATIENCE = 200


@dataclass(slots=True)
class Bucket:
    """A token bucket of one socket; `overdrawn` counts what was refused in a row."""

    burst: float = BURST
    rate: float = PER_SECOND
    left: float = BURST
    at: float = field(default_factory=time.monotonic)
    overdrawn: int = 0

    def spend(self) -> None:
        """Pay for one event; TooFast when there is nothing left."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            self.overdrawn += 1
            raise TooFast(round((1 - self.left) / self.rate, 2) or 0.05)
        self.left -= 1
        self.overdrawn = 0


@dataclass(slots=True, eq=False)
class Connection:
    """One socket of one member; `token` is looked up afresh for each event, the rest is for addressing."""

    sid: str
    channel: ChannelAt
    token: str
    person_id: PersonId
    member_id: MemberId
    name: str
    bucket: Bucket
    joined: set[RoomId] = field(default_factory=set)

    @property
    def channel_id(self) -> ChannelId:
        """The channel it was opened for."""
        return self.channel.id

    def room(self, room_id: RoomId) -> str:
        """The socket room of a room of its channel."""
        return rooms.of_room(self.channel_id, room_id)

    def own_room(self) -> str:
        """The socket room of the person's own devices."""
        return rooms.of_person(self.channel_id, self.person_id)


def opened(sid: str, channel: ChannelAt, token: str, actor: Actor, bucket: Bucket) -> Connection:
    """The connection of an admitted member; Forbidden for anybody else."""
    if actor.person_id is None or actor.member_id is None:
        raise Forbidden("Join this channel first.", "not_a_member")
    return Connection(sid, channel, token, actor.person_id, actor.member_id, actor.name, bucket)


def too_many() -> Refusal:
    """What the eleventh connection of one person to a channel is told."""
    words = f"You have {MOST_PER_PERSON} connections to this channel open already. Close one of them."
    return Refusal(429, "too_many_sockets", words, retry_after=5)


class Connections:
    """All connections of this process, by socket."""

    def __init__(self) -> None:
        self._all: dict[str, Connection] = {}
        self._devices: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all.values()))

    def add(self, connection: Connection) -> None:
        """Count a connection; Refusal 429 `too_many_sockets` above ten of one person in a channel here."""
        own = connection.own_room()
        if self._devices.get(own, 0) >= MOST_PER_PERSON:
            raise too_many()
        self._devices[own] = self._devices.get(own, 0) + 1
        self._all[connection.sid] = connection

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
