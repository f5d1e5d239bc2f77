"""The bus: who of this process is in which room, and what rooms are told, here and in the other processes.

A frame is made once; members here and processes elsewhere get the same bytes. Messages keep the order of their `seq`,
whichever process they came from. Some notices are for processes and not for their clients: those that end rights, and
those of who came and went.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from realtime import rooms
from realtime.engine import Manager, RedisManager
from realtime.engine.bus.envelopes import Envelope, Kind
from realtime.engine.bus.places import Place
from realtime.engine.codec import EVENT, Codec
from realtime.engine.redis_manager import Figures
from realtime.order import Order
from realtime.wire import Json

FLUSH_SECONDS = 5.0
JOIN_SECONDS = 0.5
FOR_PROCESSES = frozenset({"member.banned", "room.left", "presence.moved"})
HouseEvent = Callable[[Mapping[str, Any], str], Awaitable[None]]
_CODEC = Codec(Json)


class Told(NamedTuple):
    """A frame for the members of a room, and what processes have to know: its `seq`, author, or that it is theirs."""

    about: dict[str, Any]
    frame: bytes


def told(event: str, payload: Mapping[str, Any]) -> Told:
    """A notice as it travels."""
    if event in FOR_PROCESSES:
        return Told({"house": event, "payload": dict(payload)}, b"")
    about = {"seq": payload["seq"], "by": payload["author"]["id"]} if event == "message.posted" else {}
    return Told(about, _CODEC.encode(EVENT, rooms.NAMESPACE, [event, payload]))


class Line(RedisManager):
    """The line to the other processes: what comes over it, and is not simply for members, goes to `arrive`."""

    def __init__(self, redis_url: str, deployment: str, key: bytes, **options: Any) -> None:
        super().__init__(
            redis_url, rooms.bus(deployment), json=Json, key=key, tag=rooms.owner_of, join_timeout=JOIN_SECONDS,
            **options,
        )  # fmt: skip
        self.arrive: Callable[[str, Told], None] = lambda _room, _told: None

    def obey(self, place: Place, envelope: Envelope) -> None:
        """Do what another process asks of this one."""
        if envelope.kind is Kind.FRAMES and envelope.about.keys() & {"seq", "house"}:
            self.arrive(place.room, Told(envelope.about, envelope.frames))
        else:
            super().obey(place, envelope)

    def pass_on(self, room: str, what: Told) -> None:
        """Tell the processes that have members in a room; kept and said again until Redis has taken it."""
        self.say(rooms.NAMESPACE, room, what.about, what.frame)


class Bus:
    """The members of one process, and its line to the others where there is a Redis."""

    def __init__(self, redis_url: str | None, deployment: str, key: bytes) -> None:
        self._line = Line(redis_url, deployment, key, on_reset=self._reset) if redis_url else None
        if self._line is not None:
            self._line.arrive = self._arrive
        self.manager: Manager = self._line or Manager()
        self.house_events: dict[str, HouseEvent] = {}
        # Told whose message has come, and in which room.
        self.spoke: Callable[[str, str], None] = lambda _room, _member: None
        # Told since when (monotonic seconds) something may have been missed that the line cannot say again.
        self.missed: Callable[[float], None] = lambda _since: None
        self.order: Order[bytes] = Order(self._go_on)
        self._obeying: set[asyncio.Task[None]] = set()

    @property
    def figures(self) -> Figures | None:
        """What the line to the other processes has done; None without one."""
        return None if self._line is None else self._line.figures

    async def close(self) -> None:
        """Hear and say no more."""
        for task in self._obeying:
            task.cancel()
        if self._line is not None:
            await self._line.close()

    async def enter(self, sid: str, room: str) -> None:
        """Put a socket of this process into a room; what it misses because Redis is away or slow, it is told later."""
        await self.manager.enter_room(sid, rooms.NAMESPACE, room)

    def is_here(self, sid: str) -> bool:
        """Whether a socket of this process is connected."""
        return self.manager.is_connected(sid, rooms.NAMESPACE)

    def depart(self, sid: str, room: str) -> None:
        """Take a socket of this process out of a room."""
        self.manager.basic_leave_room(sid, rooms.NAMESPACE, room)
        self.settle(room)

    def settle(self, room: str) -> None:
        """Stop counting a room that nobody here is in."""
        if not self.is_anyone_in(room):
            self.order.end(room)

    def is_anyone_in(self, room: str) -> bool:
        """Whether a socket of this process is in the room."""
        return room in self.manager.members.rooms.get(rooms.NAMESPACE, {})

    async def tell(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        """Tell everyone in a room what may be lost: typing, presence, read marks. Who is behind is spared it."""
        await self.manager.emit(event, payload, rooms.NAMESPACE, room, volatile=True)

    async def tell_one(self, sid: str, event: str, payload: Any) -> None:
        """Tell one socket of this process."""
        await self.manager.emit(event, payload, rooms.NAMESPACE, sid, ignore_queue=True)

    def announce(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        """Tell everyone in a room what was committed; never waits."""
        what = told(event, payload)
        self._arrive(room, what)
        if self._line is not None:
            self._line.pass_on(room, what)

    def tell_here(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        """Tell those in a room who are connected to this process what was committed; never waits."""
        self._arrive(room, told(event, payload))

    def hint(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        """Tell those in a room who are connected to this process, or one socket, what may be lost; never waits."""
        self.manager.deliver(rooms.NAMESPACE, room, told(event, payload).frame, volatile=True)

    async def passed_on(self) -> bool:
        """Whether the other processes have been told all that was announced; waits for it some seconds."""
        return self._line is None or await self._line.flush(FLUSH_SECONDS)

    def _arrive(self, room: str, what: Told) -> None:
        if house := what.about.get("house"):
            task = asyncio.get_running_loop().create_task(self._obey(house, what.about["payload"], room))
            self._obeying.add(task)
            task.add_done_callback(self._obeying.discard)
        elif seq := what.about.get("seq"):
            self.spoke(room, what.about.get("by") or "")
            self._send(room, self.order.offer(room, seq, what.frame))
        else:
            self.manager.deliver(rooms.NAMESPACE, room, what.frame)

    async def _obey(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        if handler := self.house_events.get(event):
            await handler(payload, room)

    def _go_on(self, room: str) -> None:
        self._send(room, self.order.give_up(room))

    def _send(self, room: str, frames: list[bytes]) -> None:
        for frame in frames:
            self.manager.deliver(rooms.NAMESPACE, room, frame)

    def _reset(self, namespace: str, room: Any) -> None:
        if self._line is not None:
            self.missed(self._line.missed_since(namespace, room))
