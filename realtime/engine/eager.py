"""A coroutine's first step at once, on Python 3.11: most handlers end in it, and then need no task at all.

Python 3.12 has this itself (`eager_start` of asyncio.Task); from there on this file is not used.
"""

import asyncio
import types
from asyncio.tasks import _current_tasks, _enter_task, _leave_task  # type: ignore[attr-defined]
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import Any

Work = Coroutine[Any, Any, None]


class Stand:
    """What `asyncio.current_task` says during the first step; later it speaks for the task that goes on.

    `asyncio.timeout` and `TaskGroup` keep it and call it when they must end the work.
    """

    __slots__ = ("_asked", "_task", "_work")

    def __init__(self, work: Work) -> None:
        self._work, self._asked = work, 0
        self._task: asyncio.Task[None] | None = None

    def become(self, task: "asyncio.Task[None]") -> None:
        """Speak for a task that waits by now; it is asked what was asked of this before."""
        self._task = task
        for _ in range(self._asked):
            asyncio.get_running_loop().call_soon(task.cancel)

    def cancel(self, msg: Any = None) -> bool:
        """Ask the work to end; where it waits, it is told."""
        if self._task is not None:
            return self._task.cancel(msg)
        self._asked += 1
        return True

    def uncancel(self) -> int:
        """Take one asking back; how many are left."""
        if self._task is not None:
            return self._task.uncancel()
        self._asked = max(0, self._asked - 1)
        return self._asked

    def cancelling(self) -> int:
        """How often it was asked to end."""
        return self._asked if self._task is None else self._task.cancelling()

    def done(self) -> bool:
        """Whether the work has ended."""
        return self._task is not None and self._task.done()

    def get_coro(self) -> Work:
        """The work."""
        return self._work

    def get_name(self) -> str:
        """A name for it."""
        return f"{type(self).__name__}-{id(self)}" if self._task is None else self._task.get_name()


def begin(work: Work, loop: asyncio.AbstractEventLoop) -> "asyncio.Task[None] | None":
    """Take the first step now, raising what it raises; the task that takes the others, None where there are none."""
    stand, context = Stand(work), copy_context()
    outer = _current_tasks.get(loop)
    if outer is not None:
        _leave_task(loop, outer)
    _enter_task(loop, stand)  # type: ignore[arg-type]
    try:
        waited_for = context.run(work.send, None)
    except StopIteration:
        return None
    finally:
        _leave_task(loop, stand)  # type: ignore[arg-type]
        if outer is not None:
            _enter_task(loop, outer)
    return loop.create_task(_go_on(work, waited_for, stand), context=context)


@types.coroutine
def _go_on(work: Work, waited_for: Any, stand: Stand) -> Generator[Any, Any, None]:
    """The rest of the work, from what it waits for."""
    stand.become(asyncio.current_task())  # type: ignore[arg-type]
    while True:
        try:
            yield waited_for
        except BaseException as fault:  # noqa: BLE001
            try:
                waited_for = work.throw(fault)
            except StopIteration:
                return
        else:
            break
    yield from work
