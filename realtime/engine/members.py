"""Members: the sessions that have joined a namespace, and the rooms they are in, indexed both ways."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Protocol

from realtime.engine.connection import Connection
from realtime.engine.tick import Outlet

Callback = Callable[..., Any]


class Sink(Outlet, Protocol):
    """Where the frames of a member go."""

    def send(self, frame: bytes) -> None:
        """Send a frame."""

    def send_volatile(self, frame: bytes) -> None:
        """Send a frame that may be lost."""


class Held:
    """Keeps what is sent to a member that has not been told that it is in."""

    fd = -1

    def __init__(self) -> None:
        self.out: bytes | list[bytes] | None = []

    def add(self, frame: bytes) -> None:
        """Keep it."""
        self.out.append(frame)  # type: ignore[union-attr]

    send = push = add

    def send_volatile(self, frame: bytes) -> None:
        """It may be lost."""


class Nowhere:
    """Takes what is sent to a member that has left."""

    fd = -1
    out: bytes | list[bytes] | None = b""

    def add(self, frame: bytes) -> None:
        """It is too late."""

    send = push = send_volatile = add


NOWHERE = Nowhere()


class Member:
    """One session in one namespace; it is `connected` from the acceptance to the end."""

    __slots__ = ("_callbacks", "_calls", "connected", "connection", "namespace", "outlet", "rooms", "sid")

    def __init__(self, connection: Connection, namespace: str, sid: str) -> None:
        self.connection, self.namespace, self.sid = connection, namespace, sid
        self.outlet: Sink = Held()
        self.connected = False
        self.rooms: list[Any] | None = None
        self._callbacks: dict[int, Callback] | None = None
        self._calls = 0

    def accept(self) -> None:
        """It has been told that it is in: send what was held, and all that comes."""
        held, self.outlet = self.outlet, self.connection
        self.connected = True
        for frame in held.out or ():
            self.connection.send(frame)  # type: ignore[arg-type]

    def leave(self) -> None:
        """It is sent nothing more."""
        self.outlet, self.connected = NOWHERE, False

    def expect(self, callback: Callback) -> int:
        """The id of an event whose acknowledgement `callback` is for."""
        if self._callbacks is None:
            self._callbacks = {}
        self._calls += 1
        self._callbacks[self._calls] = callback
        return self._calls

    def expected(self, number: int) -> Callback | None:
        """What was waiting for an acknowledgement; it waits no more."""
        return self._callbacks.pop(number, None) if self._callbacks else None


class Members:
    """All members of this process, by namespace and id, and by room; leaving costs as much as one's own rooms."""

    def __init__(self) -> None:
        self.by_sid: dict[str, dict[str, Member]] = {}
        self.rooms: dict[str, dict[Any, set[Member]]] = {}

    def add(self, member: Member) -> bool:
        """Count a member; whether it is the first one in its namespace."""
        everyone = self.by_sid.setdefault(member.namespace, {})
        everyone[member.sid] = member
        return len(everyone) == 1

    def get(self, sid: Any, namespace: str) -> Member | None:
        """The member with an id."""
        return self.by_sid.get(namespace, {}).get(sid)

    def enter(self, member: Member, room: Any) -> bool:
        """Put it into a room; whether it is the first one there."""
        if member.rooms is None:
            member.rooms = []
        if room not in member.rooms:
            member.rooms.append(room)
        there = self.rooms.setdefault(member.namespace, {}).setdefault(room, set())
        there.add(member)
        return len(there) == 1

    def leave(self, member: Member, room: Any) -> bool:
        """Take it out of a room; whether nobody is left there."""
        if member.rooms is None or room not in member.rooms:
            return False
        member.rooms.remove(room)
        here = self.rooms[member.namespace]
        here[room].discard(member)
        if here[room]:
            return False
        del here[room]
        if not here:
            del self.rooms[member.namespace]
        return True

    def remove(self, member: Member) -> list[Any]:
        """Forget a member; the rooms that nobody is left in."""
        empty = [room for room in list(member.rooms or ()) if self.leave(member, room)]
        everyone = self.by_sid.get(member.namespace, {})
        everyone.pop(member.sid, None)
        if not everyone:
            self.by_sid.pop(member.namespace, None)
            empty.append(None)
        return empty

    def among(self, namespace: str, room: Any) -> Collection[Member]:
        """Who is in a room: everyone for None, one for a member's id, each once for a list of rooms."""
        if room is None:
            return self.by_sid.get(namespace, {}).values()
        if isinstance(room, list | tuple):
            return {member for each in room for member in self.among(namespace, each)}
        if (there := self.rooms.get(namespace, {}).get(room)) is not None:
            return there
        member = self.get(room, namespace)
        return () if member is None else (member,)

    def in_any(self, namespace: str, rooms: Collection[Any]) -> Iterator[str]:
        """The ids of those who are in any of the rooms."""
        return (member.sid for room in rooms for member in self.among(namespace, room))
