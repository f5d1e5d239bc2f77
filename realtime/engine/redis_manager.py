"""The manager of one of several processes, a drop-in for `socketio.AsyncRedisManager`.

Whoever emits is delayed by nothing: members here are sent the frames at once, other processes hear them over the bus.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from realtime.engine import frames as framing
from realtime.engine.bus.envelopes import Envelope, Forged, Kind, unseal
from realtime.engine.bus.places import Place
from realtime.engine.bus.publisher import Publisher
from realtime.engine.bus.redis import connect
from realtime.engine.bus.subscriber import Subscriber
from realtime.engine.codec import ACK, EVENT, Packet
from realtime.engine.local import Manager, arguments, called, skipped
from realtime.engine.members import Callback

HOST_BYTES, SID_LENGTH = 8, 29
ANSWER_SECONDS = 300.0
WRITE_SECONDS = 10.0
Reset = Callable[[str, Any], None]
Tag = Callable[[str, Any], str]


@dataclass(slots=True)
class Figures:
    """What the bus has done: envelopes said, waiting to be said and dropped; heard, refused, read again; resets and
    broken connections.
    """

    said: int
    waiting: int
    dropped: int
    heard: int
    refused: int
    caught_up: int
    resets: int
    breaks: int


class RedisManager(Manager):
    """Members of this process, and a line to the others through Redis.

    `channel` names the deployment. `key` authenticates what is said on the bus. `tag(namespace, room)` goes with each
    envelope, and one whose tag is another's is refused. `on_reset(namespace, room)` is told where something may have
    been missed for good. `keep` is how much of each room can be read again after a fault.
    """

    name = "redis"

    def __init__(
        self, url: str = "redis://localhost:6379/0", channel: str = "socketio", write_only: bool = False,
        logger: Any = None, json: Any = None, redis_options: dict[str, Any] | None = None, *, key: bytes = b"",
        tag: Tag = lambda _namespace, _room: "", on_reset: Reset = lambda _namespace, _room: None, keep: int = 1000,
        join_timeout: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if json is not None:
            self.codec = type(self.codec)(json)
        self.logger, self.channel, self.write_only = logger, channel, write_only
        self.host_id = secrets.token_hex(HOST_BYTES // 2)
        self.on_reset, self._tag, self._key, self._join_timeout = on_reset, tag, key, join_timeout
        self._redis = connect(url, redis_options or {})
        self._publisher = Publisher(self._redis, self.host_id.encode(), key, keep)
        self._subscriber = Subscriber(self._redis, self._hear, self._reset)
        self._places: dict[tuple[str, Any], Place] = {}
        self._asked: dict[int, tuple[float, Callback]] = {}
        self._heard = self._refused = self._last_ask = 0

    @property
    def figures(self) -> Figures:
        """What the bus has done so far."""
        ear, voice = self._subscriber, self._publisher
        return Figures(
            voice.said, len(voice), voice.dropped, self._heard, self._refused, ear.caught_up, ear.resets, ear.breaks
        )

    def missed_since(self, namespace: str, room: Any) -> float:
        """From when on something said in a room that is reset may have been missed (monotonic seconds)."""
        place = self._places.get((namespace, room))
        late = None if place is None else place.unheard_since
        return self._subscriber.deaf_since if late is None else late

    def initialize(self) -> None:
        """Begin to hear the other processes."""
        if not self.write_only:
            self._subscriber.start(self._place("", self.host_id))

    async def flush(self, seconds: float = WRITE_SECONDS) -> bool:
        """Wait until Redis has taken all that was emitted; whether it did in time."""
        return await self._publisher.flush(seconds)

    async def close(self) -> None:
        """Hear and say no more."""
        await self._subscriber.close()
        await self._publisher.close()
        await self._redis.aclose()

    async def emit(
        self, event: str, data: Any = None, namespace: str | None = None, room: Any = None, skip_sid: Any = None,
        callback: Callback | None = None, to: Any = None, volatile: bool = False, **options: Any,
    ) -> None:  # fmt: skip
        """Send an event to a member, a room, several rooms or everyone, in whichever process they are."""
        namespace, room, skip = namespace or "/", to or room, skipped(skip_sid)
        if options.get("ignore_queue"):
            await super().emit(event, data, namespace, room, skip_sid, callback, volatile=volatile)
            return
        given = arguments(event, data)
        about: dict[str, Any] = {"skip": list(skip)} if skip else {}
        frame = self.codec.encode(EVENT, namespace, given)
        if callback is None:
            self.deliver(namespace, room, frame, skip, volatile)
            self._say_to(namespace, room, Kind.FRAMES, about, frame, volatile)
        else:
            self.ask(namespace, room, given, skip, callback)
            if not self.is_sid_room(namespace, room):
                about["ask"] = self._expect(callback, room)
                self._say_to(namespace, room, Kind.ASK, about, frame, volatile)
        if self.write_only and not await self.flush():
            self._get_logger().error("Redis has not taken an event in time; it is tried again.")

    def say(self, namespace: str, room: Any, about: dict[str, Any], frame: bytes) -> None:
        """Tell the other processes with members in a room a frame, and in `about` what a manager of theirs knows of."""
        self._say(self._place(namespace, room), Kind.FRAMES, about, frame)

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Whether a member is here to be disconnected; else its process is asked to."""
        if self.members.get(sid, namespace) is None:
            self._say_to_host(sid, Kind.DISCONNECT, {"sid": sid, "in": namespace})
        return self.is_connected(sid, namespace)

    async def disconnect(self, sid: str, namespace: str, **options: Any) -> None:
        """Forget a member, or have its process disconnect it."""
        if self.members.get(sid, namespace) is not None:
            await super().disconnect(sid, namespace, **options)
        elif not options.get("ignore_queue"):
            self._say_to_host(sid, Kind.DISCONNECT, {"sid": sid, "in": namespace})

    async def enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        """Put a member into a room; from when this returns nothing said there is missed, or the room is reset."""
        if self._is_elsewhere(sid):
            self._say_to_host(sid, Kind.ENTER, {"sid": sid, "in": namespace, "room": room})
            return
        await super().enter_room(sid, namespace, room, eio_sid)
        await self.heard(namespace, room)

    async def heard(self, namespace: str, room: Any) -> None:
        """Wait until nothing said in a room is missed; where that takes long, the room is reset when it is heard."""
        place = self._places.get((namespace, room))
        if place is not None and not place.ready.is_set():
            try:
                async with asyncio.timeout(self._join_timeout):
                    await place.ready.wait()
            except TimeoutError:
                if not place.ready.is_set():
                    place.unheard_since = place.entered
                    self._get_logger().warning("A room was entered while the bus is not heard.")

    async def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Take a member out of a room."""
        if self._is_elsewhere(sid):
            self._say_to_host(sid, Kind.LEAVE, {"sid": sid, "in": namespace, "room": room})
        else:
            await super().leave_room(sid, namespace, room)

    async def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Take everyone out of a room, in every process."""
        self._say(self._place(namespace or "/", room), Kind.CLOSE, {})
        await super().close_room(room, namespace)

    def new_sid(self) -> str:
        """An id for a member, which says whose it is."""
        return f"~{self.host_id}{super().new_sid()}"

    def filled(self, namespace: str, room: Any) -> None:
        """Somebody here is the first in a room: hear it."""
        if not self.write_only:
            place = self._places[namespace, room] = Place(self.channel, namespace, room)
            self._subscriber.add(place)

    def emptied(self, namespace: str, room: Any) -> None:
        """Nobody is left in a room here: hear it no more."""
        if place := self._places.pop((namespace, room), None):
            self._subscriber.remove(place)

    def _place(self, namespace: str, room: Any) -> Place:
        return self._places.get((namespace, room)) or Place(self.channel, namespace, room)

    def _host_of(self, room: Any) -> str | None:
        named = isinstance(room, str) and len(room) == SID_LENGTH and room[0] == "~"
        return room[1 : 1 + HOST_BYTES] if named else None

    def _is_elsewhere(self, sid: str) -> bool:
        return self._host_of(sid) not in {None, self.host_id}

    def _say(self, place: Place, kind: Kind, about: dict[str, Any], frame: bytes = b"") -> None:
        self._publisher.say(place, kind, self._tag(place.namespace, place.room), about, frame)

    def _say_to_host(self, sid: str, kind: Kind, about: dict[str, Any], frame: bytes = b"") -> None:
        if self._is_elsewhere(sid):
            self._say(Place(self.channel, "", self._host_of(sid)), kind, about, frame)

    def _say_to(
        self, namespace: str, room: Any, kind: Kind, about: dict[str, Any], frame: bytes, volatile: bool
    ) -> None:
        """Say a frame where its members may be; whoever is in several of the rooms hears it in the first one."""
        if volatile:
            about = about | {"volatile": True}
        rooms = list(room) if isinstance(room, list | tuple) else [room]
        for number, each in enumerate(rooms):
            besides = about | ({"but": rooms[:number]} if number else {})
            if self._host_of(each) is not None:
                self._say_to_host(each, kind, besides | {"to": each, "in": namespace}, frame)
            else:
                self._say(self._place(namespace, each), kind, besides, frame)

    def _expect(self, callback: Callback, room: Any) -> int:
        if room is None or self.server is None:
            raise ValueError("An acknowledgement can be asked of a member or a room, by a server.")
        now = time.monotonic()
        while self._asked and (oldest := next(iter(self._asked))) and self._asked[oldest][0] < now:
            del self._asked[oldest]
        self._last_ask += 1
        self._asked[self._last_ask] = (now + ANSWER_SECONDS, callback)
        return self._last_ask

    def _reset(self, place: Place) -> None:
        if place.namespace:
            self.on_reset(place.namespace, place.room)

    def _hear(self, place: Place, data: bytes) -> None:
        """Do what an envelope asks, unless it is our own, was heard before, or is forged."""
        try:
            envelope = unseal(data, place.name, self._key)
            if envelope.tag != self._tag(place.namespace, place.room):
                raise Forged("Its tag is another's.")
        except (Forged, ValueError):
            self._refused += 1
            return
        if envelope.host == self.host_id.encode() or not place.is_new(envelope.host, envelope.number):
            return
        self._heard += 1
        try:
            self.obey(place, envelope)
        except Exception:  # noqa: BLE001
            self._get_logger().exception("What came over the bus could not be done")

    def obey(self, place: Place, envelope: Envelope) -> None:
        """Do what another process asks of this one."""
        about = envelope.about
        namespace, room = about.get("in", place.namespace), about.get("to", place.room)
        if envelope.kind is Kind.FRAMES:
            self.deliver(namespace, room, envelope.frames, self._spared(namespace, about), "volatile" in about)
        elif envelope.kind is Kind.ASK:
            answer = partial(self._answer, envelope.host.decode(), about["ask"], namespace)
            self.ask(namespace, room, self._decode(envelope.frames).data, self._spared(namespace, about), answer)
        elif envelope.kind is Kind.ANSWER:
            self._answered(about["ask"], self._decode(envelope.frames).data)
        elif envelope.kind is Kind.ENTER:
            self.basic_enter_room(about["sid"], namespace, about["room"])
        elif envelope.kind is Kind.LEAVE:
            self.basic_leave_room(about["sid"], namespace, about["room"])
        elif envelope.kind is Kind.CLOSE:
            self.basic_close_room(room, namespace)
        elif envelope.kind is Kind.DISCONNECT:
            self.server.start_background_task(self.server.disconnect, about["sid"], namespace, ignore_queue=True)
        else:
            self._reset(place)

    def _spared(self, namespace: str, about: dict[str, Any]) -> Collection[str]:
        if "skip" not in about and "but" not in about:
            return ()
        return {*about.get("skip", ()), *self.members.in_any(namespace, about.get("but", ()))}

    def _answer(self, host: str, number: int, namespace: str, *data: Any) -> None:
        place = Place(self.channel, "", host)
        self._say(place, Kind.ANSWER, {"ask": number}, self.codec.encode(ACK, namespace, list(data), 0))

    def _answered(self, number: int, data: list[Any]) -> None:
        if number in self._asked:
            self.server.start_background_task(called, self._asked[number][1], data)

    def _decode(self, run: bytes) -> Packet:
        (_, head), *rest = framing.split(run)
        packet: Packet = self.codec.decode(head[1:].decode())
        return self.codec.complete(packet, [part for _, part in rest]) if rest else packet
