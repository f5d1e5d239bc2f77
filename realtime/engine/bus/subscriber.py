"""The subscriber: hears the places that somebody here is in, each in its order and without a gap.

A sequence that jumps, or a connection made anew, means that something was missed: it is read from the place's stream
before anything later is handed on. What cannot be read any more is reported as a reset, and so is a place where
somebody is who would not wait until it was heard.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as LostConnection

from realtime.engine.bus.line import Line, open_line, pack
from realtime.engine.bus.places import Heard, Place
from realtime.engine.bus.redis import AWAY
from realtime.engine.bus.scripts import SINCE
from realtime.engine.tasks import stop

QUIET_SECONDS = 5.0
AGAIN_SECONDS = 0.2
BATCH = 1000
log = logging.getLogger("realtime.engine.bus")


class Subscriber:
    """One process's ear. `hear` is told each thing once and in order, `reset` a place where some were missed.

    `deaf_since` is when Redis last answered before the latest break of the connection (monotonic seconds).
    """

    def __init__(self, redis: "Redis", hear: Callable[[Place, bytes], None], reset: Callable[[Place], None]) -> None:
        self._redis, self._hear, self._reset = redis, hear, reset
        self._places: dict[bytes, Place] = {}
        self._line: Line | None = None
        self._asked: asyncio.Queue[tuple[bool, Place]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self.caught_up = self.resets = self.breaks = 0
        self.deaf_since = time.monotonic()

    def start(self, first: Place) -> None:
        """Begin to hear; `first` is heard always."""
        self._places[first.channel] = first
        self._do(self._run())

    async def close(self) -> None:
        """Hear no more."""
        await stop(*self._tasks)

    def add(self, place: Place) -> None:
        """Hear this place too; its `ready` is set when nothing can be missed any more."""
        self._places[place.channel] = place
        self._asked.put_nowait((True, place))

    def remove(self, place: Place) -> None:
        """Hear this place no more."""
        if self._places.get(place.channel) is place:
            del self._places[place.channel]
            self._asked.put_nowait((False, place))

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                # Whatever it is: a process that hears no more would not know.
                self.breaks += 1
                told = None if isinstance(error, AWAY) else error
                log.warning("the bus is not heard: %s", error or type(error).__name__, exc_info=told)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        places = list(self._places.values())
        self._asked = asyncio.Queue()
        await self._begin_at([place for place in places if not place.ready.is_set()])
        line = self._line = await open_line(self._redis, self._hear_line)
        asking = asyncio.get_running_loop().create_task(self._ask(line))
        try:
            for start in range(0, len(places), BATCH):
                line.send(pack(b"SUBSCRIBE", *(place.channel for place in places[start : start + BATCH])))
            while not asking.done() and not line.ended.done():
                await asyncio.wait({asking, line.ended}, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._ask_whether_it_lives(line)
            await (line.ended if line.ended.done() else asking)
        finally:
            self.deaf_since = line.heard
            line.close()
            await stop(asking)
            await line.gone()

    def _ask_whether_it_lives(self, line: Line) -> None:
        quiet = time.monotonic() - line.heard
        if quiet > 2 * QUIET_SECONDS:
            raise LostConnection("no answer to a ping")
        if quiet > QUIET_SECONDS / 2:
            line.send(pack(b"PING"))

    async def _ask(self, line: Line) -> None:
        """Subscribe and unsubscribe, in the order in which places came and went."""
        while True:
            wanted, place = await self._asked.get()
            batch = [place]
            while not self._asked.empty() and len(batch) < BATCH:
                next_wanted, next_place = self._asked.get_nowait()
                if next_wanted != wanted:
                    await self._ask_for(line, wanted, batch)
                    wanted, batch = next_wanted, []
                batch.append(next_place)
            await self._ask_for(line, wanted, batch)

    async def _ask_for(self, line: Line, wanted: bool, places: list[Place]) -> None:
        if wanted:
            await self._begin_at(places)
            line.send(pack(b"SUBSCRIBE", *(place.channel for place in places)))
        elif gone := [place.channel for place in places if place.channel not in self._places]:
            line.send(pack(b"UNSUBSCRIBE", *gone))

    async def _begin_at(self, places: list[Place]) -> None:
        """What has been said so far need not be heard."""
        if not places:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            for place in places:
                pipe.hmget(place.keys[0], "epoch", "seq")
            for place, (epoch, seq) in zip(places, await pipe.execute(), strict=True):
                place.epoch, place.last = (epoch or b"").decode(), int(seq or 0)

    def _hear_line(self, answer: Any) -> None:
        if isinstance(answer, Exception) and self._line is not None:
            self._line.close(answer)
        elif isinstance(answer, list) and len(answer) == 3 and (place := self._places.get(answer[1])) is not None:
            self._take(place, answer[0], answer[2])

    def _take(self, place: Place, kind: bytes, data: bytes) -> None:
        if kind == b"subscribe":
            if place.ready.is_set():
                place.held = place.held or []
                self._do(self._catch_up(place))
            place.ready.set()
            if place.unheard_since is not None:
                self._lose(place)
                place.unheard_since = None
        elif kind == b"message" and place.ready.is_set():
            try:
                epoch, seq, envelope = data.split(b" ", 2)
                heard = (epoch.decode(), int(seq), envelope)
            except ValueError:
                return  # nobody of ours has said this
            self._order(place, heard)

    def _order(self, place: Place, heard: Heard) -> None:
        """Hand on what is next; keep what is not, and fetch what is between."""
        epoch, seq, envelope = heard
        if place.held is not None:
            place.held.append(heard)
        elif epoch == place.epoch and seq <= place.last:
            return
        elif (epoch == place.epoch or not place.epoch) and seq == place.last + 1:
            place.epoch, place.last = epoch, seq
            self._hear(place, envelope)
        else:
            place.held = [heard]
            self._do(self._catch_up(place))

    async def _catch_up(self, place: Place) -> None:
        """Read what was missed, hand it on, then what has come meanwhile."""
        after = place.last
        try:
            epoch, seq, entries = await self._redis.eval(SINCE, 2, *place.keys, str(after))
        except AWAY:
            await asyncio.sleep(AGAIN_SECONDS)
            if self._places.get(place.channel) is place and place.held is not None:
                self._do(self._catch_up(place))
            return
        if place.epoch not in {"", epoch.decode()}:
            # Redis was emptied: what was said before is gone, what has been said since is read from its beginning.
            place.epoch, place.last = epoch.decode(), 0
            self._lose(place)
            self._do(self._catch_up(place))
            return
        held, place.held = place.held or [], None
        place.epoch = epoch.decode()
        missed = [(int(number.partition(b"-")[0]), fields[1]) for number, fields in entries]
        first = missed[0][0] if missed else seq + 1
        if first != after + 1:
            place.last = first - 1
            self._lose(place)
        for number, envelope in missed:
            if number == place.last + 1:
                place.last = number
                self.caught_up += 1
                self._hear(place, envelope)
        for heard in held:
            self._order(place, heard)

    def _lose(self, place: Place) -> None:
        self.resets += 1
        self._reset(place)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
