"""Python's garbage collector in a process of many sockets: what stands for long is left out of it, so pauses are short.

A full collection looks at every object that it is not to leave out, eighteen for each socket. A socket leaves no cycle
behind when it ends, so what is left out goes all the same.
"""

import asyncio
import gc
from collections.abc import Callable

GARBAGE_OBJECTS = 20_000
STEP = 1000
LOOK_SECONDS = 0.25


def calm() -> None:
    """Collect less often from now on, for requests leave few cycles; what stands now is left out."""
    gc.set_threshold(GARBAGE_OBJECTS, 20, 50)
    settle()


def settle() -> None:
    """Leave out what stands now, but for the garbage in it."""
    gc.collect()
    gc.freeze()


class Calm:
    """Settles whenever a thousand sockets more are open, and looks at everything again when half of them have gone."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count, self._settled = count, 0

    async def watch(self) -> None:
        """Look again and again, until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Settle, or take back what was left out, if that is due."""
        count = self._count()
        if count >= self._settled + STEP:
            settle()
            self._settled = count
        elif count < self._settled // 2:
            gc.unfreeze()
            settle()
            self._settled = count
