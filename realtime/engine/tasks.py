"""Tasks: begun so that they are kept until they end, and ended for certain."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

AGAIN_SECONDS = 0.1
_running: set["asyncio.Task[None]"] = set()


def start(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    """A task that is kept until it ends; where Python can (3.12), its first step is taken at once."""
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        task = asyncio.Task(work, loop=loop, eager_start=True)
    else:
        task = loop.create_task(work)
    if not task.done():
        _running.add(task)
        task.add_done_callback(_running.discard)
    return task


async def stop(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for` of Python 3.11, in libraries too, may swallow one."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=AGAIN_SECONDS)
