"""The bus: frames from process to process over Redis, in python-socketio's own form.

The library's Redis manager blocks its caller while Redis is away and waits up to a minute to hear again. Here whoever
emits waits for nobody, and a lost connection is found within ten seconds and made anew within one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import RedisError
from socketio.async_pubsub_manager import AsyncPubSubManager

from realtime import rooms
from realtime.order import Order
from realtime.shared import connect
from realtime.wire import Json, frame

log = structlog.get_logger("realtime.bus")

QUIET_SECONDS = 5.0
AGAIN_SECONDS = 0.5
MOST_PASSING = 5000
HouseEvent = Callable[[Mapping[str, Any], str], Awaitable[None]]


class Bus(AsyncPubSubManager):  # type: ignore[misc]
    """The manager of one process: who is in which room here, and the line to the other processes."""

    def __init__(self, redis_url: str | None, deployment: str) -> None:
        super().__init__(channel=rooms.bus(deployment))
        self._url = redis_url
        self._redis = connect(redis_url) if redis_url else None
        self._passing: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_PASSING)
        self._tasks: list[asyncio.Task[None]] = []
        self._late: set[asyncio.Task[None]] = set()
        self.house_events: dict[str, HouseEvent] = {}
        self.order = Order(self._go_on)
        # What is let out and its emission are one step, or a later message could overtake an earlier one between.
        self._speaking = asyncio.Lock()

    def start(self) -> None:
        """Begin to hear the other processes, and to pass on what needs no proof of arrival."""
        self.initialize()
        self._tasks.append(asyncio.get_running_loop().create_task(self._pass_on()))

    async def close(self) -> None:
        """Hear and say no more."""
        for task in (*self._tasks, self.thread, *self._late):
            task.cancel()
        await asyncio.gather(*self._tasks, self.thread, return_exceptions=True)
        if self._redis is not None:
            await self._redis.aclose()

    def enter(self, sid: str, room: str) -> None:
        """Put a socket of this process into a room."""
        self.basic_enter_room(sid, rooms.NAMESPACE, room)

    def depart(self, sid: str, room: str) -> None:
        """Take a socket of this process out of a room."""
        self.basic_leave_room(sid, rooms.NAMESPACE, room)
        self.settle(room)

    def settle(self, room: str) -> None:
        """Stop counting a room that nobody here is in."""
        if not self.is_anyone_in(room):
            self.order.end(room)

    def is_anyone_in(self, room: str) -> bool:
        """Whether a socket of this process is in the room."""
        return room in self.rooms.get(rooms.NAMESPACE, {})

    def frame(self, event: str, payload: Mapping[str, Any], room: str) -> dict[str, Any]:
        """An event for a room, as it travels."""
        return frame(event, payload, room, self.host_id)

    async def tell(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        """Tell everyone in a room what may be lost on the way to other processes: typing, presence, read marks."""
        made = self.frame(event, payload, room)
        await self.deliver(made)
        if self._redis is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._passing.put_nowait(made)

    async def deliver(self, made: dict[str, Any]) -> None:
        """Tell those in this process."""
        await self._handle_emit(made)

    async def publish_all(self, frames: Sequence[dict[str, Any]]) -> None:
        """Tell the other processes, in order; RedisError or OSError when they could not be told."""
        if self._redis is None:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            for made in frames:
                pipe.publish(self.channel, Json.dumps(made))
            await pipe.execute()

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        event, room, payload = message["event"], message["room"], message["data"][0]
        if house := self.house_events.get(event):
            await house(payload, room)
        elif event == "message.posted":
            async with self._speaking:
                await self._emit_all(self.order.offer(room, payload["seq"], message))
        else:
            await super()._handle_emit(message)

    def _go_on(self, room: str) -> None:
        task = asyncio.get_running_loop().create_task(self._emit_late(room))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _emit_late(self, room: str) -> None:
        async with self._speaking:
            await self._emit_all(self.order.give_up(room))

    async def _emit_all(self, frames: Sequence[dict[str, Any]]) -> None:
        for each in frames:
            await super()._handle_emit(each)

    async def _pass_on(self) -> None:
        while True:
            frames = [await self._passing.get()]
            while not self._passing.empty():
                frames.append(self._passing.get_nowait())
            with contextlib.suppress(RedisError, OSError):
                await self.publish_all(frames)

    async def _publish(self, data: dict[str, Any]) -> None:
        await self.publish_all([data])

    async def _listen(self) -> AsyncIterator[bytes]:
        if self._url is None:
            await asyncio.Event().wait()
        while True:
            try:
                async with connect(str(self._url)) as redis, redis.pubsub() as heard:
                    await heard.subscribe(self.channel)
                    async for data in _heard(heard):
                        yield data
            except (RedisError, OSError) as error:
                log.warning("cannot hear the other processes", reason=str(error) or type(error).__name__)
                await asyncio.sleep(AGAIN_SECONDS)


async def _heard(line: PubSub) -> AsyncIterator[bytes]:
    """What is said on the line; a ping goes out when it is quiet, and silence after that is a lost connection."""
    waiting = False
    while True:
        said = await line.get_message(timeout=QUIET_SECONDS)
        if said is None and waiting:
            raise LostConnection("no answer to a ping")
        waiting = said is None
        if said is None:
            await line.ping()
        elif said["type"] == "message":
            yield said["data"]
