"""The publisher: says things on the bus in the order they were given, and never keeps anybody waiting.

What Redis did not take is tried again until it does. Where its answer was lost, the same number is said again, so
that nobody hears it twice. More than 64 MiB that cannot be said is dropped, and the places are told to start afresh.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from realtime.engine.bus.envelopes import Envelope, Kind, seal
from realtime.engine.bus.places import Place
from realtime.engine.bus.scripts import KEEP_SECONDS, SAY
from realtime.engine.tasks import stop

MOST_BYTES = 64 * 1024 * 1024
BATCH = 500
AGAIN_SECONDS = (0.02, 1.0)
log = logging.getLogger("realtime.engine.bus")


@dataclass(slots=True, eq=False)
class _Saying:
    place: Place
    kind: Kind
    tag: str
    about: dict[str, Any]
    frames: bytes
    sealed: bytes = b""


class Publisher:
    """One process's voice; `keep` is how much of each place can be read again."""

    def __init__(self, redis: "Redis", host: bytes, key: bytes, keep: int) -> None:
        self._redis, self._host, self._key, self._keep = redis, host, key, keep
        self._number, self._bytes, self._epochs = 0, 0, 0
        self._waiting: deque[_Saying] = deque()
        self._lost: dict[str, Place] = {}
        self._sha = ""
        self._wake, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._task: asyncio.Task[None] | None = None
        self.said = self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def say(self, place: Place, kind: Kind, tag: str, about: dict[str, Any], frames: bytes = b"") -> None:
        """Say something in a place, after all that was said before; returns at once."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        self._waiting.append(_Saying(place, kind, tag, about, frames))
        self._bytes += len(frames)
        self._empty.clear()
        self._wake.set()
        while self._bytes > MOST_BYTES:
            self._drop(self._waiting.popleft())

    async def flush(self, seconds: float) -> bool:
        """Wait until Redis has taken all that was said; whether it did in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Say no more."""
        if self._task is not None:
            await stop(self._task)

    def _drop(self, saying: _Saying) -> None:
        self._bytes -= len(saying.frames)
        self._lost[saying.place.name] = saying.place
        self.dropped += 1

    async def _run(self) -> None:
        pause = AGAIN_SECONDS[0]
        while True:
            await self._wake.wait()
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                failed = await self._say_all([*self._resets(), *batch])
            except (RedisError, OSError) as error:
                log.warning("the bus is silent, %d wait: %s", len(self._waiting) + len(batch), error)
                failed = batch
            self._waiting.extendleft(reversed(failed))
            self._bytes -= sum(len(each.frames) for each in batch) - sum(len(each.frames) for each in failed)
            pause = min(2 * pause, AGAIN_SECONDS[1]) if failed else AGAIN_SECONDS[0]
            if failed:
                await asyncio.sleep(pause)
            elif not self._waiting:
                self._wake.clear()
                self._empty.set()

    async def _say_all(self, batch: list[_Saying]) -> list[_Saying]:
        """Say a batch in one round trip; what Redis refused, to be said again under new numbers."""
        if not self._sha:
            self._sha = await self._redis.script_load(SAY)
        async with self._redis.pipeline(transaction=False) as pipe:
            for each in batch:
                pipe.evalsha(
                    self._sha, 2, *each.place.keys, each.place.channel, self._fresh_epoch(), self._sealed(each),
                    self._keep, KEEP_SECONDS,
                )  # fmt: skip
            results = await pipe.execute(raise_on_error=False)
        failed = [each for each, result in zip(batch, results, strict=True) if isinstance(result, Exception)]
        if failed:
            log.warning("Redis refused %d: %s", len(failed), _first_fault(results))
            self._sha = ""
        for each in failed:
            each.sealed = b""
        self.said += len(batch) - len(failed)
        for each in batch:
            if each.kind is Kind.RESET and each not in failed:
                self._lost.pop(each.place.name, None)
        return [each for each in failed if each.kind is not Kind.RESET]

    def _fresh_epoch(self) -> str:
        """A name that no epoch has had."""
        self._epochs += 1
        return f"{self._host.decode()}-{self._epochs}"

    def _sealed(self, saying: _Saying) -> bytes:
        if not saying.sealed:
            self._number += 1
            envelope = Envelope(saying.kind, self._host, self._number, saying.tag, saying.about, saying.frames)
            saying.sealed = seal(envelope, saying.place.name, self._key)
        return saying.sealed

    def _resets(self) -> list[_Saying]:
        return [_Saying(place, Kind.RESET, "", {}, b"") for place in self._lost.values()]


def _first_fault(results: list[Any]) -> Exception | None:
    return next((each for each in results if isinstance(each, Exception)), None)
