"""Waiting for something to become true, without guessing how long it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from cli.stop import Stop


async def until(ask: Callable[[], Awaitable[bool]], within: float, every: float) -> float:
    """Wait until `ask` says yes; the seconds it took. Stop when it does not within so many."""
    began = time.monotonic()
    while not await ask():
        if time.monotonic() - began > within:
            raise Stop(f"The scratch installation did not recover within {within:g} s.")
        await asyncio.sleep(every)
    return time.monotonic() - began
