"""The manager of one process, a drop-in for `socketio.AsyncManager`: a frame is made once and sent to each member."""

import inspect
from collections.abc import Collection, Iterator
from typing import Any, cast

from socketio import AsyncManager

from realtime.engine.codec import EVENT, Codec
from realtime.engine.connection import Connection
from realtime.engine.members import Callback, Member, Members


class Manager(AsyncManager):  # type: ignore[misc]
    """Who is connected to which namespace and in which rooms, and what they are sent."""

    def __init__(self) -> None:
        super().__init__()
        self.members = Members()
        self.codec: Any = Codec()

    def set_server(self, server: Any) -> None:
        """Serve the clients of a server."""
        self.server = server

    async def emit(
        self, event: str, data: Any = None, namespace: str | None = None, room: Any = None, skip_sid: Any = None,
        callback: Callback | None = None, to: Any = None, volatile: bool = False, **_options: Any,
    ) -> None:  # fmt: skip
        """Send an event to a member, a room, several rooms, or everyone."""
        namespace, room, skip = namespace or "/", to or room, skipped(skip_sid)
        if callback is None:
            frame = self.codec.encode(EVENT, namespace, arguments(event, data))
            self.deliver(namespace, room, frame, skip, volatile=volatile)
        else:
            self.ask(namespace, room, arguments(event, data), skip, callback)

    def deliver(
        self, namespace: str, room: Any, frame: bytes, skip: Collection[str] = (), volatile: bool = False
    ) -> None:
        """Send frames to those members who are here."""
        members = self.members.among(namespace, room)
        if skip:
            members = [member for member in members if member.sid not in skip]
        if volatile:
            for member in members:
                member.outlet.send_volatile(frame)
        elif members:
            self.server.eio.tick.send_all(members, frame)

    def ask(self, namespace: str, room: Any, data: list[Any], skip: Collection[str], callback: Callback) -> None:
        """Send an event to those members who are here, each with a number of its own for the acknowledgement."""
        for member in self.members.among(namespace, room):
            if member.sid not in skip:
                member.outlet.send(self.codec.encode(EVENT, namespace, data, member.expect(callback)))

    def admit(self, connection: Connection, namespace: str) -> Member:
        """A new member, not yet told that it is in."""
        member = Member(connection, namespace, self.new_sid())
        if self.members.add(member):
            self.filled(namespace, None)
        return member

    def remove(self, member: Member) -> None:
        """Forget a member."""
        member.leave()
        for room in self.members.remove(member):
            self.emptied(member.namespace, room)

    def filled(self, namespace: str, room: Any) -> None:
        """Somebody here is the first in a room (None: in the namespace)."""

    def emptied(self, namespace: str, room: Any) -> None:
        """Nobody is left in a room here (None: in the namespace)."""

    async def heard(self, namespace: str, room: Any) -> None:
        """Wait until nothing said in a room (None: in the namespace) is missed."""

    def new_sid(self) -> str:
        """An id for a member."""
        return cast(str, self.server.eio.generate_id())

    async def enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        """Put a member into a room; ValueError when there is no such member, or the room is a member's own."""
        self.basic_enter_room(sid, namespace, room, eio_sid)

    async def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Take a member out of a room."""
        self.basic_leave_room(sid, namespace, room)

    async def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Take everyone out of a room; ValueError when it is a member's own."""
        self.basic_close_room(room, namespace or "/")

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:  # noqa: ARG002
        """Put a member of this process into a room."""
        if (member := self.members.get(sid, namespace)) is None:
            raise ValueError("sid is not connected to requested namespace")
        if room != sid and self.is_sid_room(namespace, room):
            raise ValueError("cannot enter a sid room")
        if room not in {None, sid} and self.members.enter(member, room):
            self.filled(namespace, room)

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Take a member of this process out of a room."""
        member = self.members.get(sid, namespace)
        if member is not None and self.members.leave(member, room):
            self.emptied(namespace, room)

    def basic_close_room(self, room: Any, namespace: str) -> None:
        """Take all members of this process out of a room."""
        if self.is_sid_room(namespace, room):
            raise ValueError("cannot close a sid room")
        for member in list(self.members.among(namespace, room)):
            self.basic_leave_room(member.sid, namespace, room)

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget a member of this process."""
        if member := self.members.get(sid, namespace):
            self.remove(member)

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Whether a member is here to be disconnected."""
        return self.is_connected(sid, namespace)

    async def trigger_callback(self, sid: str, id: int, data: list[Any]) -> None:  # noqa: A002
        """Call what waits for an acknowledgement of a member."""
        member = self.members.get(sid, "/") or next(
            (every[sid] for every in self.members.by_sid.values() if sid in every), None
        )
        if member is not None and (callback := member.expected(id)) is not None:
            await called(callback, data)

    def get_namespaces(self) -> Collection[str]:
        """The namespaces that somebody here has joined."""
        return self.members.by_sid.keys()

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """The members here that are in a room, as (sid, id of the session)."""
        return ((member.sid, member.connection.sid) for member in list(self.members.among(namespace, room)))

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        """The rooms a member is in, its own first."""
        member = self.members.get(sid, namespace)
        return [] if member is None else [sid, *(member.rooms or ())]

    def is_connected(self, sid: str, namespace: str) -> bool:
        """Whether a member is here, accepted, and not on its way out."""
        member = self.members.get(sid, namespace)
        return member is not None and member.connected

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        """Whether a member is here and has not been accepted yet."""
        member = self.members.get(sid, namespace)
        return member is not None and not member.connected

    def is_sid_room(self, namespace: str, room: Any) -> bool:
        """Whether the name is that of a member here."""
        return isinstance(room, str) and self.members.get(room, namespace) is not None

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """The id that a session has in a namespace."""
        connection = self.server.eio.sockets.get(eio_sid)
        member = connection and connection.context.members.get(namespace)
        return member.sid if member else None

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """The id of a member's session."""
        member = self.members.get(sid, namespace)
        return member.connection.sid if member else None


def arguments(event: str, data: Any) -> list[Any]:
    """An event and its data as they are sent: a tuple is several, None is none."""
    return [event, *(data if isinstance(data, tuple) else () if data is None else (data,))]


def skipped(skip_sid: Any) -> Collection[str]:
    """The ids in `skip_sid`: one, several or none."""
    return () if skip_sid is None else skip_sid if isinstance(skip_sid, list | tuple | set) else (skip_sid,)


async def called(callback: Callback, data: list[Any]) -> None:
    """Call back, and wait where that is asynchronous."""
    result = callback(*data)
    if inspect.isawaitable(result):
        await result
