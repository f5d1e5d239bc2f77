"""The publisher: says things on the bus in the order they were given, and never keeps anybody waiting.

What Redis did not take is tried again until it does. Where its answer was lost, the same number is said again, so
that nobody hears it twice. More than 64 MiB that cannot be said is dropped, and the places are told to start afresh.
"""

import asyncio
import logging
import math
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as LostConnection

from realtime.engine.bus.envelopes import Envelope, Kind, seal
from realtime.engine.bus.line import Line, open_line, pack
from realtime.engine.bus.places import Place
from realtime.engine.bus.redis import AWAY
from realtime.engine.bus.scripts import KEEP_SECONDS, SAY
from realtime.engine.tasks import start, stop

MOST_BYTES = 64 * 1024 * 1024
MOST_UNDER_WAY = 500
PATIENCE_SECONDS = 2.0
AGAIN_SECONDS = (0.02, 1.0)
log = logging.getLogger("realtime.engine.bus")


@dataclass(slots=True, eq=False)
class _Saying:
    order: int
    place: Place
    kind: Kind
    tag: str
    about: dict[str, Any]
    frames: bytes
    sealed: bytes = b""


class Publisher:
    """One process's voice; `keep` is how much of each place can be read again."""

    def __init__(self, redis: "Redis", host: bytes, key: bytes, keep: int) -> None:
        self._redis, self._host, self._key, self._keep = redis, host, key, b"%d" % keep
        self._given = self._number = self._bytes = self._epochs = 0
        self._waiting: deque[_Saying] = deque()
        self._under_way: deque[_Saying] = deque()
        self._refused: list[_Saying] = []
        self._lost: dict[str, Place] = {}
        self._flushing: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._line: Line | None = None
        self._sha, self._pause = b"", AGAIN_SECONDS[0]
        self._opening: asyncio.Task[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.said = self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._under_way) + len(self._refused)

    def say(self, place: Place, kind: Kind, tag: str, about: dict[str, Any], frames: bytes = b"") -> None:
        """Say something in a place, after all that was said before; returns at once."""
        self._given += 1
        self._waiting.append(_Saying(self._given, place, kind, tag, about, frames))
        self._bytes += len(frames)
        while self._bytes > MOST_BYTES and self._waiting:
            self._drop(self._waiting.popleft())
        self._go_on()

    async def flush(self, seconds: float) -> bool:
        """Wait until Redis has taken all that was said so far; whether it did in time."""
        if self._oldest() > self._given:
            return True
        taken = asyncio.get_running_loop().create_future()
        self._flushing.append((self._given, taken))
        try:
            async with asyncio.timeout(seconds):
                await taken
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Say no more."""
        if self._opening is not None:
            await stop(self._opening)
        if self._watch is not None:
            self._watch.cancel()
        if self._line is not None:
            self._line.ended.remove_done_callback(self._end)
            self._line.close()
            await self._line.gone()

    def _go_on(self) -> None:
        """Say what waits, as far as Redis keeps up."""
        if self._line is None:
            if self._opening is None:
                self._opening = asyncio.get_running_loop().create_task(self._open())
        elif not self._refused:
            while self._waiting and len(self._under_way) < MOST_UNDER_WAY:
                self._send(self._line, self._waiting.popleft())

    async def _open(self) -> None:
        while self._line is None:
            await asyncio.sleep(self._pause if self._pause > AGAIN_SECONDS[0] else 0)
            self._pause = min(2 * self._pause, AGAIN_SECONDS[1])
            try:
                sha = await self._redis.script_load(SAY)
                self._line = await open_line(self._redis, self._hear)
            except Exception as error:
                # Whatever it is: a process that says no more would not know.
                told = None if isinstance(error, AWAY) else error
                waiting, fault = len(self), error or type(error).__name__
                log.warning("the bus is silent, %d wait: %s", waiting, fault, exc_info=told)
            else:
                self._sha = sha.encode() if isinstance(sha, str) else sha
                self._line.ended.add_done_callback(self._end)
        self._opening = None
        for place in self._lost.values():
            self._send(self._line, _Saying(0, place, Kind.RESET, "", {}, b""))
        self._go_on()

    def _send(self, line: Line, saying: _Saying) -> None:
        self._under_way.append(saying)
        if not saying.sealed:
            self._number += 1
            envelope = Envelope(saying.kind, self._host, self._number, saying.tag, saying.about, saying.frames)
            saying.sealed = seal(envelope, saying.place.name, self._key)
        self._epochs += 1
        fresh_epoch = b"%b-%d" % (self._host, self._epochs)
        about = (*saying.place.keys, saying.place.channel, fresh_epoch, saying.sealed, self._keep, KEEP_SECONDS)
        line.send(pack(b"EVALSHA", self._sha, b"2", *about))
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._look)

    def _hear(self, answer: Any) -> None:
        """Redis has taken what was said first, or refused it."""
        saying = self._under_way.popleft()
        if isinstance(answer, Exception):
            self._refuse(saying, answer)
            return
        self.said += 1
        self._bytes -= len(saying.frames)
        self._pause = AGAIN_SECONDS[0]
        if saying.kind is Kind.RESET:
            self._lost.pop(saying.place.name, None)
        if self._flushing:
            self._tell_flushing()
        self._go_on()

    def _refuse(self, saying: _Saying, fault: Exception) -> None:
        """What was refused is said again under a new number, by a new connection: the script may be gone, or a role."""
        if not self._refused:
            log.warning("Redis refuses: %s", fault)
        saying.sealed = b""
        self._refused.append(saying)
        if not self._under_way and self._line is not None:
            self._line.close()

    def _end(self, ended: "asyncio.Future[None]") -> None:
        """The connection is gone; what has no answer is said again."""
        line, self._line = self._line, None
        if line is not None:
            line.close()
            start(line.gone())
        again = sorted((*self._refused, *self._under_way), key=lambda saying: saying.order)
        self._refused.clear()
        self._under_way.clear()
        self._waiting.extendleft(reversed([saying for saying in again if saying.kind is not Kind.RESET]))
        if (fault := ended.exception()) is not None:
            log.warning("the bus is silent, %d wait: %s", len(self), fault)
        if (self._waiting or self._lost) and self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())

    def _look(self) -> None:
        """Whether Redis answers."""
        self._watch = None
        if self._line is None or not self._under_way:
            return
        if (left := self._line.heard + PATIENCE_SECONDS - time.monotonic()) <= 0:
            self._line.close(LostConnection("Redis does not answer"))
        else:
            self._watch = asyncio.get_running_loop().call_later(max(left, 0.1), self._look)

    def _oldest(self) -> float:
        """The order of the first thing that is not said yet."""
        firsts = [each[0].order for each in (self._refused, self._under_way, self._waiting) if each]
        return min(firsts, default=math.inf)

    def _tell_flushing(self) -> None:
        oldest = self._oldest()
        while self._flushing and self._flushing[0][0] < oldest:
            if not (taken := self._flushing.popleft()[1]).done():
                taken.set_result(None)

    def _drop(self, saying: _Saying) -> None:
        self._bytes -= len(saying.frames)
        self._lost[saying.place.name] = saying.place
        self.dropped += 1
