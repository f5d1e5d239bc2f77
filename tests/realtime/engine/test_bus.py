"""Several processes over a real Valkey: order, rooms, members elsewhere, and nothing forged."""

import asyncio
from typing import Any

import pytest

from realtime.engine.bus.envelopes import Envelope, Forged, Kind, seal, unseal
from realtime.engine.bus.places import Place
from tests.realtime.engine.deployment import KEY, Deployment, listening, numbers
from tests.realtime.engine.stage import Stage
from tests.waiting import until


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
