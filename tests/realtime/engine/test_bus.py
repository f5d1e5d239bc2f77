"""Several processes over a real Valkey: order, nothing lost, nothing twice, nothing forged, nobody delayed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from providers.embedded import EmbeddedValkey
from realtime.engine import RedisManager
from realtime.engine.bus.envelopes import Envelope, Forged, Kind, seal, unseal
from realtime.engine.bus.places import Place
from tests.realtime.engine.stage import Raw, Stage, serving
from tests.waiting import until

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


@pytest.fixture
async def deployment(valkey: EmbeddedValkey) -> AsyncIterator[Deployment]:
    async with Redis.from_url(valkey.redis_url) as redis:
        yield Deployment(valkey.redis_url, redis)


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


async def test_a_room_hears_each_process_in_its_order(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(a) as here, listening(b) as there:

        async def talk(stage: Stage, start: int) -> None:
            for n in range(start, start + 500):
                await stage.sio.emit("n", n, room="room")
                if n % 50 == 0:
                    await asyncio.sleep(0.001)

        await asyncio.gather(talk(a, 0), talk(b, 1000))
        for raw in (here, there):
            heard = await numbers(raw, 1000)
            assert [n for n in heard if n < 1000] == list(range(500))
            assert [n for n in heard if n >= 1000] == list(range(1000, 1500))


async def test_rooms_lists_everyone_one_member_and_skipped_ones(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(a) as here, listening(b) as there:
        await b.sio.enter_room(there.sid, "second")
        await a.sio.emit("to room", b"\x01", room="room")
        await a.sio.emit("to both", room=["room", "second"])
        await a.sio.emit("to all")
        await a.sio.emit("to one", to=there.sid)
        await a.sio.emit("not to", to="room", skip_sid=there.sid)
        await a.sio.emit("volatile", to="room", volatile=True)
        await a.sio.emit("local", ignore_queue=True)
        await a.sio.emit("end", to="room")
        heard = [await there.hear() for _ in range(7)]
        assert heard == [
            '451-["to room",{"_placeholder":true,"num":0}]', b"\x01", '42["to both"]', '42["to all"]', '42["to one"]',
            '42["volatile"]', '42["end"]',
        ]  # fmt: skip
        assert [await here.hear() for _ in range(8)][2:] == [
            '42["to both"]', '42["to all"]', '42["not to"]', '42["volatile"]', '42["local"]', '42["end"]',
        ]  # fmt: skip


async def test_members_of_other_processes_are_moved_asked_and_sent_away(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b, None) as there:
        await a.sio.enter_room(there.sid, "far")

        async def entered() -> bool:
            return "far" in b.sio.rooms(there.sid)

        await until(entered)
        asking = asyncio.ensure_future(a.sio.call("question", ({"x": 1}, b"y"), to=there.sid, timeout=5))
        assert await there.hear() == '451-1["question",{"x":1},{"_placeholder":true,"num":0}]'
        assert await there.hear() == b"y"
        await there.say('431["answer",{"_placeholder":false}]')
        assert await asking == ("answer", {"_placeholder": False})
        await a.sio.leave_room(there.sid, "far")

        async def left() -> bool:
            return bool(b.sio.rooms(there.sid) == [there.sid])

        await until(left)
        await b.sio.enter_room(there.sid, "near")
        await a.sio.close_room("near")
        await until(left)
        await a.sio.disconnect(there.sid)
        assert await there.hear() == "41"
        assert b.heard[-1] == ("disconnect", "/", "server disconnect")


async def test_a_process_hears_only_the_rooms_that_somebody_there_is_in(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(a) as here:
        async with listening(b, "other"):
            names = {str(name) for name in await deployment.redis.pubsub_channels(f"*{deployment.channel}*")}
            heard = {name.split("|")[1].rstrip("}'") for name in names if "{/|" in name}
            assert heard == {'"room"', '"other"', "null"}
            await b.sio.emit("n", 1, room="room")
            assert await here.hear() == '42["n",1]'
            assert b.sio.manager.figures.heard == 0

        async def quiet() -> bool:
            return len(await deployment.redis.pubsub_channels(f"*{deployment.channel}*other*")) == 0

        await until(quiet)


async def test_nothing_is_lost_or_doubled_when_every_connection_is_killed(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b) as there, listening(a) as here:

        async def talk() -> None:
            for n in range(600):
                await a.sio.emit("n", n, room="room")
                await asyncio.sleep(0.002)

        talking = asyncio.ensure_future(talk())
        for _ in range(3):
            await asyncio.sleep(0.3)
            await deployment.cut_everybody()
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


async def test_a_process_of_its_own_may_only_say(deployment: Deployment) -> None:
    async with deployment.process() as a, listening(a) as here:
        herald = deployment.manager(write_only=True)
        await herald.emit("news", {"from": "outside"}, room="room")
        assert await here.hear() == '42["news",{"from":"outside"}]'
        await herald.emit("to one", to=here.sid)
        assert await here.hear() == '42["to one"]'
        await herald.close_room("room")
        await herald.disconnect(here.sid, "/")
        assert await here.hear() == "41"
        await herald.close()


async def test_forged_and_foreign_envelopes_are_refused(deployment: Deployment) -> None:
    def tag(namespace: str, room: Any) -> str:
        return str(room)[:1]

    async with deployment.process(tag=tag) as a, listening(a) as here:
        others = [
            deployment.manager(write_only=True, key=b"another key", tag=tag),
            deployment.manager(write_only=True, tag=lambda _namespace, _room: "other"),
        ]
        for each in others:
            await each.emit("forged", room="room")
            await each.close()
        place = Place(deployment.channel, "/", "room")
        elsewhere = Place(deployment.channel, "/", "other room")
        stolen = seal(Envelope(Kind.CLOSE, b"somebody", 1, "r", {}, b""), elsewhere.name, KEY)
        await deployment.redis.publish(place.channel, b"epoch 1 " + stolen)
        for nonsense in (b"", b"x", b"x y z", b"a 1", b"\xff 2 \xff"):
            await deployment.redis.publish(place.channel, nonsense)
        honest = deployment.manager(write_only=True, tag=tag)
        await honest.emit("honest", room="room")
        await honest.close()
        assert await here.hear() == '42["honest"]'
        assert a.sio.manager.figures.refused >= 2


def test_an_envelope_is_bound_to_its_key_its_place_and_every_byte() -> None:
    envelope = Envelope(Kind.FRAMES, b"somebody", 7, "channel", {"skip": ["a"]}, b"frames")
    data = seal(envelope, "place", KEY)
    assert unseal(data, "place", KEY) == envelope
    for changed, place, key in [
        (data, "other", KEY), (data, "place", b"other"), (data[:-1], "place", KEY), (b"", "place", KEY),
        *((data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :], "place", KEY) for n in range(len(data))),
    ]:  # fmt: skip
        with pytest.raises(Forged):
            unseal(changed, place, key)


async def test_a_repeated_envelope_is_heard_once(deployment: Deployment) -> None:
    async with deployment.process() as a, deployment.process() as b, listening(b) as there:
        publisher = a.sio.manager._publisher
        say_all, repeat = publisher._say_all, [True]

        async def lose_the_answer(batch: Any) -> Any:
            failed = await say_all(batch)
            if repeat and batch:
                repeat.clear()
                raise ConnectionError("the answer was lost")
            return failed

        publisher._say_all = lose_the_answer
        for n in range(5):
            await a.sio.emit("n", n, room="room")
        assert await numbers(there, 5) == [0, 1, 2, 3, 4]
        assert await there.is_quiet()
        assert not repeat
