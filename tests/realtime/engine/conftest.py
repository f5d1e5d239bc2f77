"""Servers of the engine for its tests: an echo in Engine.IO over both ways of serving, and a deployment."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from providers.embedded import EmbeddedValkey
from realtime.engine import EngineServer
from tests.realtime.engine.deployment import Deployment
from tests.realtime.engine.stage import QUICK, WAYS, Stage, serving


@pytest.fixture
async def deployment(valkey: EmbeddedValkey) -> AsyncIterator[Deployment]:
    async with Redis.from_url(valkey.redis_url) as redis:
        yield Deployment(valkey.redis_url, redis)


@pytest.fixture(params=WAYS)
async def eio(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with _echo(request.param) as stage:
        yield stage


@pytest.fixture(params=WAYS)
async def quick(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with _echo(request.param, **QUICK) as stage:
        yield stage


def _echo(way: str, **options: Any) -> Any:
    def make(**given: Any) -> EngineServer:
        engine = EngineServer(**given)

        async def message(sid: str, data: Any) -> None:
            await engine.send(sid, data)

        engine.on("message", message)
        return engine

    return serving(make, way, "engine.io", **options)
