"""Tasks: begun so that they are kept until they end, and ended for certain."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

AGAIN_SECONDS = 0.1
_running: set["asyncio.Task[None]"] = set()


def start(work: Coroutine[Any, Any, None], then: Callable[[], None] | None = None) -> None:
    """Do this, beginning at once, in a task that is kept until it ends, then that."""
    try:
        task = _begun(work)
    except Exception as fault:  # noqa: BLE001
        task, about = None, {"message": "Work failed in its first step", "exception": fault}
        asyncio.get_running_loop().call_exception_handler(about)
    if task is not None:
        _running.add(task)
        task.add_done_callback(_running.discard)
        if then is not None:
            task.add_done_callback(lambda _task: then())
    elif then is not None:
        then()


if sys.version_info >= (3, 12):

    def _begun(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None] | None":
        task = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
        if not task.done():
            return task
        task.result()
        return None

else:
    from realtime.engine import eager

    def _begun(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None] | None":
        return eager.begin(work, asyncio.get_running_loop())


async def stop(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for` of Python 3.11, in libraries too, may swallow one."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=AGAIN_SECONDS)
