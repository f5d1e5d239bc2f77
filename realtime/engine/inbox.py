"""The inbox: work that a connection asks for is begun in the order it was asked for, and is bounded.

So many pieces run at once (one, for handlers that must not overtake each other); the rest waits here, and a client
that asks for more than can wait is not read until some is done.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from realtime.engine.tasks import start

MOST_WAITING = 64
Work = Callable[..., Coroutine[Any, Any, None]]


class Reading(Protocol):
    """Whoever reads what a connection asks for."""

    def hold(self, on: bool) -> None:
        """Stop reading, or go on."""


class Nothing:
    """What is not read any more."""

    def hold(self, on: bool) -> None:
        """It makes no difference."""


NOTHING = Nothing()


class Inbox:
    """The work of one connection. `alone` work waits for all before it, and all after it waits for it."""

    __slots__ = ("_alone", "_at_once", "_congested", "_count", "_drained", "_going_on", "_reading", "_waiting")

    def __init__(self, at_once: int, reading: Reading) -> None:
        self._at_once = at_once
        self._reading: Reading = reading
        self._count, self._alone, self._congested, self._going_on = 0, False, False, False
        self._waiting: deque[tuple[bool, Work, tuple[Any, ...]]] | None = None
        self._drained: asyncio.Future[None] | None = None

    def add(self, work: Work, *arguments: Any, alone: bool = False) -> None:
        """Do this work when its turn comes; it must not raise."""
        if not self._waiting and self._may_begin(alone):
            self._begin(alone, work, arguments)
            return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append((alone, work, arguments))
        if len(self._waiting) >= MOST_WAITING and not self._congested:
            self._congested = True
            self._reading.hold(True)

    @property
    def congested(self) -> bool:
        """Whether no more should be read."""
        return self._congested

    async def drained(self) -> None:
        """Return when there is room for more work."""
        if self._congested:
            if self._drained is None:
                self._drained = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._drained)

    def clear(self) -> None:
        """Forget what has not begun."""
        self._waiting = None
        self._relieve()

    def leave(self) -> None:
        """Let go of the reading; there is none any more."""
        self._reading = NOTHING

    def _may_begin(self, alone: bool) -> bool:
        return not self._alone and self._count < (1 if alone else self._at_once)

    def _begin(self, alone: bool, work: Work, arguments: tuple[Any, ...]) -> None:
        self._count += 1
        self._alone = alone
        start(work(*arguments), self._end)

    def _end(self) -> None:
        self._count -= 1
        self._alone = False
        if not self._going_on:  # else this work ended at once, and the loop below it takes the next
            self._go_on()

    def _go_on(self) -> None:
        self._going_on = True
        while self._waiting and self._may_begin(self._waiting[0][0]):
            self._begin(*self._waiting.popleft())
        self._going_on = False
        if self._congested and len(self._waiting or ()) <= MOST_WAITING // 2:
            self._relieve()

    def _relieve(self) -> None:
        if self._congested:
            self._congested = False
            if self._drained is not None:
                self._drained.set_result(None)
                self._drained = None
            self._reading.hold(False)
