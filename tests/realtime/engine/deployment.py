"""Several processes of one deployment over a Valkey, and members who count what they hear."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from realtime.engine import RedisManager
from tests.realtime.engine.stage import Raw, Stage, serving

KEY = b"the key of the deployment"


@dataclass
class Deployment:
    """Servers over one Valkey, and what their hosts were told to resync."""

    url: str
    redis: "Redis"
    channel: str = field(default_factory=lambda: f"test-{uuid4()}")
    resets: list[tuple[str, Any]] = field(default_factory=list)

    def manager(self, **options: Any) -> RedisManager:
        """One more process's manager."""

        def reset(namespace: str, room: Any) -> None:
            self.resets.append((namespace, room))

        given: dict[str, Any] = {"key": KEY, "on_reset": reset} | options
        return RedisManager(self.url, self.channel, **given)

    @contextlib.asynccontextmanager
    async def process(self, **options: Any) -> AsyncIterator[Stage]:
        """One more process, with somebody in it, so that it hears the bus."""
        manager = self.manager(**options)
        async with serving(client_manager=manager) as stage:
            try:
                yield stage
            finally:
                await manager.close()

    async def cut_everybody(self) -> None:
        """Kill every connection to Redis but our own."""
        await self.redis.client_kill_filter(_type="pubsub", skipme=True)
        await self.redis.client_kill_filter(_type="normal", skipme=True)


@contextlib.asynccontextmanager
async def listening(stage: Stage, room: str | None = "room") -> AsyncIterator[Raw]:
    """A member in a room."""
    async with stage.member() as raw:
        assert await raw.hear() == '42["auth",{}]'
        if room:
            await stage.sio.enter_room(raw.sid, room)
        yield raw


async def numbers(raw: Raw, count: int) -> list[int]:
    """The numbers of the next events."""
    return [int((await raw.hear()).split(",")[1].rstrip("]")) for _ in range(count)]
