"""What the stand-ins of live providers share: bad manners on demand, and the ways in which deliveries go astray."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Thing = TypeVar("Thing")
Delivery = tuple[str, Mapping[str, str], bytes]
"""Path and query below the webhook's address, headers, body."""


@dataclass
class Manners:
    """How a provider behaves for its next `times` requests (for ever when None); all off is how a good one does."""

    slow: float = 0.0
    status: int | None = None
    cut: bool = False
    lie: bytes | None = None  # this body in place of the right one, with status 200
    skew: str = ""  # a Date header of another time, with status 401
    times: int | None = None

    def due(self) -> bool:
        """Whether this request is met with them."""
        if self.times == 0:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


@dataclass
class FarServer:
    """Counts what it was asked, and applies `manners`."""

    manners: Manners = field(default_factory=Manners)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def host(self) -> str:
        return self.url.partition("//")[2]

    def mannered(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            self.asked.append(f"{request.method} {request.path}")
            manners = self.manners
            if not manners.due():
                return await handler(request)
            await asyncio.sleep(manners.slow)
            if manners.cut:
                assert request.transport is not None
                request.transport.abort()
            if manners.skew:
                return web.json_response({}, status=401, headers={"Date": manners.skew})
            if manners.status:
                return web.json_response({"msg": "no", "message": "no"}, status=manners.status)
            return web.Response(body=manners.lie) if manners.lie is not None else await handler(request)

        return answer


def astray(things: Sequence[Thing], chance: random.Random, *, drop: Iterable[int] = ()) -> list[Thing]:
    """The things as a bad day delivers them: some twice, all in another order, those at `drop` never."""
    lost = set(drop)
    kept = [thing for place, thing in enumerate(things) if place not in lost]
    twice = [thing for thing in kept for _ in range(chance.choice((1, 1, 2)))]
    chance.shuffle(twice)
    return twice
