"""Tasks: begun so that they are kept until they end, and ended for certain."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

AGAIN_SECONDS = 0.1
_running: set["asyncio.Task[None]"] = set()


def start(work: Coroutine[Any, Any, None], then: Callable[[], None] = lambda: None) -> None:
    """Do this in a task that is kept until it ends, then that; where Python can (3.12), it begins at once."""

    def end(task: "asyncio.Task[None]") -> None:
        _running.discard(task)
        then()

    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        task = asyncio.Task(work, loop=loop, eager_start=True)
    else:
        task = loop.create_task(work)
    if task.done():
        then()
    else:
        _running.add(task)
        task.add_done_callback(end)


async def stop(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for` of Python 3.11, in libraries too, may swallow one."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=AGAIN_SECONDS)
