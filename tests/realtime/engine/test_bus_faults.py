"""Faults between the processes: nothing is lost, nothing is heard twice, nobody is kept waiting."""

import asyncio
import os
import signal
from typing import Any

import pytest
from redis.asyncio import Redis

from providers.embedded import EmbeddedValkey
from tests.realtime.engine.deployment import Deployment, listening, numbers
from tests.waiting import until


async def test_nothing_is_lost_or_doubled_when_every_connection_is_killed(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b) as there, listening(a) as here:

        async def talk() -> None:
            for n in range(600):
                await a.sio.emit("n", n, room="room")
                await asyncio.sleep(0.002)

        talking = asyncio.ensure_future(talk())
        for count in range(1, 4):
            await asyncio.sleep(0.3)
            await deployment.cut_everybody()

            async def noticed(count: int = count) -> bool:
                return bool(b.sio.manager.figures.breaks >= count)

            await until(noticed)
        await talking
        assert await numbers(here, 600) == list(range(600))
        assert await numbers(there, 600) == list(range(600))
        assert await there.is_quiet()
        assert deployment.resets == []
        assert b.sio.manager.figures.breaks >= 3


async def test_what_was_said_while_nobody_could_hear_is_read_from_the_stream(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b) as there:
        await a.sio.emit("n", 0, room="room")
        assert await numbers(there, 1) == [0]
        await deployment.redis.client_kill_filter(_type="pubsub")
        for n in range(1, 200):
            await a.sio.emit("n", n, room="room")
        assert await numbers(there, 199) == list(range(1, 200))
        assert b.sio.manager.figures.caught_up > 0


async def test_nobody_hears_what_was_said_before_they_came(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b, None) as there:
        for n in range(300):
            await a.sio.emit("n", n, room="room")
            if n % 3 == 0:
                await asyncio.sleep(0)
                await (b.sio.leave_room(there.sid, "room") if n % 2 else b.sio.enter_room(there.sid, "room"))
        await a.sio.manager.flush()
        await b.sio.enter_room(there.sid, "room")
        await a.sio.emit("n", 300, room="room")
        heard: list[int] = []
        while not heard or heard[-1] != 300:
            heard += await numbers(there, 1)
        assert heard == sorted(set(heard))
        async with listening(b) as newcomer:
            await a.sio.emit("n", 301, room="room")
            assert await numbers(newcomer, 1) == [301]


async def test_a_room_whose_past_is_trimmed_is_reset_and_goes_on(deployment: Deployment) -> None:
    async with deployment.process(keep=10) as a, deployment.process(keep=10) as b, listening(b) as there:
        await a.sio.emit("n", 0, room="room")
        assert await numbers(there, 1) == [0]
        await deployment.redis.client_kill_filter(_type="pubsub")
        for n in range(1, 1001):
            await a.sio.emit("n", n, room="room")
        await a.sio.manager.flush()
        heard = [0]
        while heard[-1] != 1000:
            heard += await numbers(there, 1)
        assert deployment.resets == [("/", "room")]
        assert len(heard) < 1000
        assert heard == sorted(set(heard))
        await a.sio.emit("n", 1001, room="room")
        assert await numbers(there, 1) == [1001]


async def test_a_flushed_redis_resets_and_goes_on(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b) as there:
        for n in range(3):
            await a.sio.emit("n", n, room="room")
        assert await numbers(there, 3) == [0, 1, 2]
        keys = [key async for key in deployment.redis.scan_iter(f"*{deployment.channel}*")]
        await deployment.redis.delete(*keys)
        for n in range(3, 6):
            await a.sio.emit("n", n, room="room")
        assert await numbers(there, 3) == [3, 4, 5]
        assert ("/", "room") in deployment.resets


async def test_whoever_emits_is_not_kept_waiting_while_redis_is_away(tmp_path: Any, deployment: Deployment) -> None:
    own = EmbeddedValkey(tmp_path / "kv")
    own.start()
    away = Deployment(own.redis_url, deployment.redis)
    async with away.process() as a, away.process() as b, listening(a) as here, listening(b) as there:
        own.stop()
        await asyncio.sleep(0.05)
        async with asyncio.timeout(1):
            for n in range(1000):
                await a.sio.emit("n", n, room="room")
        assert await numbers(here, 1000) == list(range(1000))
        assert a.sio.manager.figures.waiting > 0
        own.start()
        assert await numbers(there, 1000) == list(range(1000))
        assert await a.sio.manager.flush(5)
    own.stop()


async def test_what_cannot_be_kept_is_dropped_and_the_room_told(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.engine.bus.publisher.MOST_BYTES", 20_000)
    async with deployment.process() as a, deployment.process() as b, listening(b) as there:
        for n in range(100):
            await a.sio.emit("n", [n, "x" * 1000], room="room")
        assert a.sio.manager.figures.dropped > 0

        async def told() -> bool:
            return deployment.resets == [("/", "room")]

        await until(told)
        heard = [await there.hear() for _ in range(100 - a.sio.manager.figures.dropped)]
        assert heard[-1].startswith('42["n",[99,')


async def test_a_repeated_envelope_is_heard_once(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b) as there:
        publisher = a.sio.manager._publisher
        hear, repeat = publisher._hear, [True]

        def lose_the_answer(answer: Any) -> None:
            if repeat:
                repeat.clear()
                publisher._line.close(ConnectionError("the answer was lost"))
            else:
                hear(answer)

        publisher._hear = lose_the_answer
        for n in range(5):
            await a.sio.emit("n", n, room="room")
        assert await numbers(there, 5) == [0, 1, 2, 3, 4]
        assert await there.is_quiet()
        assert not repeat


async def test_what_is_no_envelope_is_not_heard_and_breaks_nothing(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b) as there:
        await a.sio.emit("n", 0, room="room")
        assert await numbers(there, 1) == [0]
        for rubbish in (b"", b"x", b"a b c", b"\xff 1 x", b"epoch 99999999999999999999999999 x", b"e 2 " + b"y" * 100):
            await deployment.redis.publish(f'{deployment.channel}:{{/|"room"}}', rubbish)
        await a.sio.emit("n", 1, room="room")
        assert await numbers(there, 1) == [1]
        assert b.sio.manager.figures.breaks == 0


async def test_a_flush_ends_while_more_is_being_said(deployment: Deployment) -> None:
    async with deployment.process() as a:

        async def talk() -> None:
            for n in range(100_000):
                await a.sio.emit("n", n, room="room")
                await asyncio.sleep(0)

        talking = asyncio.ensure_future(talk())
        await asyncio.sleep(0.05)
        assert await a.sio.manager.flush(5)
        assert not talking.done()
        talking.cancel()


async def test_a_redis_that_stops_answering_is_left_and_told_again(tmp_path: Any, deployment: Deployment) -> None:
    own = EmbeddedValkey(tmp_path / "kv")
    own.start()
    away = Deployment(own.redis_url, deployment.redis)
    async with away.process() as a, away.process() as b, listening(b) as there:
        await a.sio.emit("n", 0, room="room")
        assert await numbers(there, 1) == [0]
        pid = int((await redis_info(own.redis_url))["process_id"])
        os.kill(pid, signal.SIGSTOP)
        try:
            for n in range(1, 50):
                await a.sio.emit("n", n, room="room")
            assert not await a.sio.manager.flush(3)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert await numbers(there, 49) == list(range(1, 50))
        assert await there.is_quiet()
    own.stop()


async def test_the_bus_goes_on_with_a_redis_client_that_keeps_its_connections(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: Any) -> None:
        raise AttributeError("_writer")

    monkeypatch.setattr("realtime.engine.bus.line.Taken.__init__", refuse)
    async with deployment.process() as a, deployment.process() as b, listening(b) as there:
        for n in range(100):
            await a.sio.emit("n", n, room="room")
            if n == 50:
                await deployment.cut_everybody()
        assert await numbers(there, 100) == list(range(100))


async def redis_info(url: str) -> dict[str, Any]:
    """What a Redis says of itself."""
    async with Redis.from_url(url) as redis:
        info: dict[str, Any] = await redis.info()
        return info
