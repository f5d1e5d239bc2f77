"""Limits of time that are hardly ever reached: all of one length share one timer."""

import asyncio
from types import TracebackType


class Hourglass:
    """`with glass.turned():` is `asyncio.timeout(seconds)` at a fraction of its price, within one event loop."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[_Turned, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def turned(self) -> "_Turned":
        """A limit for the current task that begins when its block is entered; TimeoutError when that lasts longer."""
        return _Turned(self)

    def begin(self, turned: "_Turned", loop: asyncio.AbstractEventLoop) -> None:
        """Watch over a block."""
        self._running[turned] = None
        if self._timer is None:
            self._timer = loop.call_at(turned.ends, self._look, loop)

    def end(self, turned: "_Turned") -> None:
        """Watch no longer over a block."""
        self._running.pop(turned, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up what is over; blocks end in the order in which they began, so the first is the next."""
        self._timer, now = None, loop.time()
        while self._running:
            first = next(iter(self._running))
            if first.ends > now:
                self._timer = loop.call_at(first.ends, self._look, loop)
                break
            del self._running[first]
            first.give_up()


class _Turned:
    """One block."""

    __slots__ = ("_cancelling", "_glass", "_late", "_task", "ends")

    def __init__(self, glass: Hourglass) -> None:
        self._glass = glass
        self._late = False

    def __enter__(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise RuntimeError("only the work of a task can be given up")
        self._task, self._cancelling = task, task.cancelling()
        self.ends = loop.time() + self._glass.seconds
        self._glass.begin(self, loop)

    def give_up(self) -> None:
        """The time is over."""
        self._late = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._glass.end(self)
        if self._late and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
