"""The table of faults: what is done, for how long, and to whom; each is undone when its block ends."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from cli.drill.servers import emptied, restarted, slowed, stopped
from cli.drill.taps import Tap
from tests.faults.house import WEBS, House

SLOW_LINK = 0.4
CUTS, BETWEEN_CUTS = 3, 0.7


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name, and the seconds for which its block is held open."""

    name: str
    happens: Callable[[], AbstractAsyncContextManager[None]]
    seconds: float


def plan(house: House, lines: Sequence[Tap], chance: random.Random, rounds: int) -> list[Fault]:
    """What happens in each round: every fault once before any comes again, in the seed's order."""
    planned: list[Fault] = []
    while len(planned) < rounds:
        table = faults(house, lines, chance)
        chance.shuffle(table)
        planned += table
    return planned[:rounds]


def faults(house: House, lines: Sequence[Tap], chance: random.Random) -> list[Fault]:
    """Every fault there is, with its victims drawn."""
    servers, web = house.servers, chance.randrange(WEBS)
    some = chance.sample(list(lines), len(lines) // 2)
    return [
        Fault("nothing at all", contextlib.nullcontext, 2.0),
        Fault("Redis connections killed", lambda: cut([servers.valkey_tap]), 1.0),
        Fault("Redis away", lambda: stopped(servers.valkey_tap), 3.0),
        Fault("Redis restarted", lambda: restarted(servers.valkey), 1.0),
        Fault("Redis restarted and emptied", lambda: emptied(servers), 1.0),
        Fault(f"web {web} killed", lambda: house.killed(web), 2.0),
        Fault(f"web {web} paused", lambda: house.paused(web), 5.0),
        Fault("PostgreSQL restarted", lambda: restarted(servers.postgres), 1.0),
        Fault("links cut", lambda: cut(some), 1.0),
        Fault("links slow", lambda: slow(some), 3.0),
    ]


@contextlib.asynccontextmanager
async def cut(taps: Sequence[Tap]) -> AsyncIterator[None]:
    """Break off all that passes some taps, a few times."""
    for _ in range(CUTS):
        for tap in taps:
            tap.cut()
        await asyncio.sleep(BETWEEN_CUTS)
    yield


@contextlib.asynccontextmanager
async def slow(taps: Sequence[Tap]) -> AsyncIterator[None]:
    """Within the block some links take longer."""
    async with contextlib.AsyncExitStack() as slowness:
        for tap in taps:
            await slowness.enter_async_context(slowed(tap, SLOW_LINK))
        yield
