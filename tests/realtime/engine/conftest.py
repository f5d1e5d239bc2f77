"""Servers of the engine for its tests: an echo in Engine.IO over both ways of serving, and a deployment."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from redis.asyncio import Redis

from providers.embedded import EmbeddedValkey
from realtime.engine import EngineServer
from tests.realtime.engine.applications import MAKERS, World
from tests.realtime.engine.deployment import Deployment
from tests.realtime.engine.stage import QUICK, WAYS, Stage, serving


@pytest.fixture(params=MAKERS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    sio = MAKERS[request.param](async_mode="aiohttp", cors_allowed_origins=[])
    made = World(sio)
    app = web.Application()
    sio.attach(app, socketio_path="socket.io")
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    for client in made.clients:
        await client.disconnect()
    await sio.shutdown()
    await runner.cleanup()


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
