"""A connection to Redis that is gone before whoever uses it knows: uvloop refuses each write by a RuntimeError then."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from redis.asyncio import Redis

from providers.embedded import EmbeddedValkey
from realtime.engine.bus.line import Line
from realtime.engine.redis_manager import RedisManager
from tests.realtime.engine.deployment import Deployment, listening, numbers
from tests.waiting import until

Scene = Callable[[Any, RedisManager, "Redis"], Awaitable[None]]


def goes_on(valkey: EmbeddedValkey, between: Scene, first: int = 1) -> None:
    """Hear a number, let something happen to the process that says or hears, and hear the next numbers."""

    async def play() -> None:
        async with Redis.from_url(valkey.redis_url) as redis:
            deployment = Deployment(valkey.redis_url, redis)
            async with deployment.process() as a, deployment.process() as b, listening(b) as there:
                await a.sio.emit("n", 0, room="room")
                assert await numbers(there, 1) == [0]
                await between(a.sio, b.sio.manager, redis)
                for n in range(first, 100):
                    await a.sio.emit("n", n, room="room")
                assert await numbers(there, 99) == list(range(1, 100))
                assert await there.is_quiet()

    uvloop.run(play())


def broken(manager: RedisManager) -> Callable[[], Awaitable[bool]]:
    """Whether a manager has noticed that its ear was cut off."""

    async def noticed() -> bool:
        return manager.figures.breaks > 0

    return noticed


def test_who_is_hung_up_on_in_a_quiet_hour_hears_again(valkey: EmbeddedValkey) -> None:
    async def between(_saying: Any, hearing: RedisManager, redis: "Redis") -> None:
        line = hearing._subscriber._line
        assert line is not None
        line.heard -= 3
        await redis.client_kill_filter(_type="pubsub")
        await until(broken(hearing))

    goes_on(valkey, between)


def test_what_is_said_before_the_loss_is_known_is_said_again(valkey: EmbeddedValkey) -> None:
    async def between(saying: Any, hearing: RedisManager, redis: "Redis") -> None:
        line = saying.manager._publisher._line
        told, loop = line.connection_lost, asyncio.get_running_loop()
        said: list[asyncio.Task[None]] = []

        def lost(fault: Exception | None) -> None:
            said.append(loop.create_task(saying.emit("n", 1, room="room")))
            told(fault)

        line.connection_lost = lost
        for kind in ("normal", "pubsub"):
            await redis.client_kill_filter(_type=kind, skipme=True)
        await until(broken(hearing))
        await said[0]

    goes_on(valkey, between, first=2)


def test_an_ear_hears_again_whatever_went_wrong(valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.engine.bus.subscriber.QUIET_SECONDS", 0.05)

    async def between(_saying: Any, hearing: RedisManager, _redis: "Redis") -> None:
        def fail(_line: Line) -> None:
            monkeypatch.undo()
            raise LookupError("a fault of ours")

        monkeypatch.setattr(hearing._subscriber, "_ask_whether_it_lives", fail)
        await until(broken(hearing))

    goes_on(valkey, between)


def test_a_voice_speaks_again_whatever_went_wrong(valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [ValueError("nobody thought of this")]
    load = Redis.script_load

    async def stumbles(redis: "Redis", script: str) -> Any:
        if faults:
            raise faults.pop()
        return await load(redis, script)

    async def between(_saying: Any, _hearing: RedisManager, redis: "Redis") -> None:
        monkeypatch.setattr(Redis, "script_load", stumbles)
        await redis.client_kill_filter(_type="normal", skipme=True)
        await asyncio.sleep(0.1)

    goes_on(valkey, between)
    assert not faults


async def test_who_has_left_before_they_were_let_in_is_forgotten(tmp_path: Path, deployment: Deployment) -> None:
    own = EmbeddedValkey(tmp_path / "kv")
    own.start()
    async with Deployment(own.redis_url, deployment.redis).process() as stage:
        own.stop()
        members = stage.sio.manager.members
        async with stage.socket() as raw:
            await raw.say("40")

            async def waits() -> bool:
                return bool(members.by_sid.get("/"))

            await until(waits)

        async def forgotten() -> bool:
            return not members.by_sid.get("/")

        await until(forgotten)
        assert stage.heard == []
