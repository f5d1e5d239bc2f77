"""How a vendor's webhooks come: as they should, late and shuffled, twice, never, again, or forged among them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from tests.standins.live import astray

GOOD = range(200, 300)
PAUSE = 0.3


@dataclass
class Post:
    """One vendor's webhooks, each sent until it is taken, as vendors do; `knock` sends one, forged or not.

    `manners`: good, late (kept back, then shuffled and some twice), dropped, replayed (with earlier ones again), forged
    (a forged one before each).
    """

    knock: Callable[[Any, bool], Awaitable[int]]
    chance: Random
    manners: str = "good"
    taken: list[Any] = field(default_factory=list)
    kept_back: list[Any] = field(default_factory=list)
    dropped: int = 0
    believed: int = 0
    """Forged ones that were answered as if they were true."""

    async def send(self, event: Any) -> bool:
        """Send one event, in the manner of the hour; False when it is dropped."""
        if self.manners == "dropped":
            self.dropped += 1
            return False
        if self.manners == "late":
            self.kept_back.append(event)
            return True
        if self.manners == "forged":
            self.believed += await self._knock(event, forged=True) in GOOD
        await self._deliver(event)
        if self.manners == "replayed":
            for again in self.chance.choices(self.taken, k=3):
                await self._deliver(again)
        return True

    @asynccontextmanager
    async def behaving(self, manners: str) -> AsyncIterator[None]:
        """For as long as the block."""
        self.manners = manners
        try:
            yield
        finally:
            self.manners = "good"
            for event in astray(self.kept_back, self.chance):
                await self._deliver(event)
            self.kept_back.clear()

    async def _deliver(self, event: Any) -> None:
        while True:
            if await self._knock(event, forged=False) in GOOD:
                break
            await asyncio.sleep(PAUSE)
        self.taken.append(event)

    async def _knock(self, event: Any, *, forged: bool) -> int:
        try:
            return await self.knock(event, forged)
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            return 0
