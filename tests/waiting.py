"""Waiting for something to become true, without guessing how long it takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")


async def until(ask: Callable[[], Awaitable[Result]], within: float = 10.0, every: float = 0.02) -> Result:
    """The first truthy answer of `ask`; AssertionError when there is none within `within` seconds."""
    deadline = time.monotonic() + within
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"did not become true within {within} s: {ask}"
        await asyncio.sleep(every)
    return answer
