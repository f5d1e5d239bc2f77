"""What no honest client sends: it is refused or ends the connection, and nobody else notices."""

import asyncio
import contextlib
from uuid import uuid4

import aiohttp
import orjson
import pytest

from realtime.server import Wire
from server.sockets import WIRE
from tests.realtime.clients import NAMESPACE, Client, connected, raw, raw_member, refusal
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Web
from tests.world import World

AT = NAMESPACE + ","


def connections(wire: Wire, sam: object) -> list[object]:
    return [each for each in wire.connections if each.person_id == sam]


@pytest.mark.parametrize("name", ["connect", "disconnect", "*", "message", "connect_error", "__class__", ""])
async def test_reserved_and_unknown_names_reach_no_handler(web: Web, world: World, name: str) -> None:
    sam = world.pottery.sam
    async with raw_member(web, world.pottery, sam) as client:
        forged = orjson.dumps([name, {"REMOTE_USER": "admin"}, {"token": "forged"}]).decode()
        await client.say(f"2{AT}7{forged}")
        answer = orjson.loads((await client.hear()).removeprefix(f"3{AT}7"))
        assert answer[0]["error"]["code"] == "unknown_event"
        assert len(connections(web.app[WIRE], sam.person_id)) == 1


@pytest.mark.parametrize(
    "payload",
    [
        "",
        ",null",
        ",7",
        ",[]",
        ",{}",
        ',{"room":"no"}',
        ',{"room":{"$ne":1}}',
        ',{"room":"../../etc","client_id":"' + "0" * 5000 + '"}',
        ',{"room":"' + str(uuid4()) + '","client_id":"' + str(uuid4()) + '","body":7}',
        ',{"room":"' + str(uuid4()) + '","client_id":"' + str(uuid4()) + '","body":"\\ud800"}',
        ',{"room":"' + str(uuid4()) + '","client_id":"' + str(uuid4()) + '","body":"x","html":"<script>"}',
        "," + "[" * 20_000 + "]" * 20_000,
        ',{"room":"a"},{"room":"b"}',
    ],
)
async def test_a_wrong_payload_is_refused_and_the_connection_goes_on(web: Web, world: World, payload: str) -> None:
    async with raw_member(web, world.pottery, world.pottery.sam) as client:
        for n in (1, 2):
            await client.say(f'2{AT}{n}["message.post"{payload}]')
            answer = orjson.loads((await client.hear()).removeprefix(f"3{AT}{n}"))
            assert answer[0]["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    "packet",
    [
        "9", "abc", "", f"2{AT}", f'2{AT}{{}}', f'2{AT}["x"', f"2{AT}[7]", f"2{AT}1abc[]", "0/community,[]",
        f'51-{AT}["x",{{"_placeholder":true,"num":0}}]', f'5999999999-{AT}["x"]', f'450-{AT}["x"]', f"4{AT}{{}}",
        '2["message.post",{}]', f"0{AT}",
    ],
)  # fmt: skip
async def test_what_is_no_packet_ends_the_connection(web: Web, world: World, packet: str) -> None:
    async with raw_member(web, world.pottery, world.pottery.sam) as client:
        await client.say(packet)
        assert await client.hear() == ""


async def test_a_binary_frame_ends_the_connection(web: Web, world: World) -> None:
    async with raw_member(web, world.pottery, world.pottery.sam) as client:
        await client.socket.send_bytes(b"4" * 100)
        assert await client.hear() == ""


async def test_frames_are_64_kilobytes_at_most(web: Web, world: World) -> None:
    async with raw_member(web, world.pottery, world.pottery.sam) as client:
        await client.say(f'2{AT}1["typing","' + "x" * 60_000 + '"]')
        assert '"invalid"' in await client.hear()
        await client.say("x" * (64 * 1024))
        assert await client.closes() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_nothing_is_taken_before_connect_nor_twice(web: Web, world: World) -> None:
    for packet in (f'2{AT}1["room.join",{{}}]', f"1{AT}"):
        async with raw(web) as client:
            await client.say(packet)
            assert await client.hear() == ""
    async with raw(web) as client:
        await client.say("0/elsewhere,")
        assert await client.hear() == '4/elsewhere,{"message":"Invalid namespace"}'


async def test_who_does_not_connect_in_time_is_let_go(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.app[WIRE].sio, "connect_timeout", 0.2)
    async with raw(web) as client:
        assert await client.hear() == ""


async def test_an_event_storm_is_slowed_then_cut(web: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.app[WIRE].connections, "_widened", 1)
    async with raw_member(web, world.pottery, world.pottery.sam) as client:
        answers: list[str] = []

        async def shout() -> None:
            for n in range(1000):
                await client.say(f'2{AT}{n}["typing",{{"room":"{uuid4()}"}}]')

        shouting = asyncio.create_task(shout())
        while answer := await client.hear():
            answers.append(answer)
        shouting.cancel()
        await asyncio.gather(shouting, return_exceptions=True)
        assert '"not_joined"' in answers[0]
        refused = [orjson.loads(each.partition("[")[2][:-1])["error"] for each in answers if '"too_fast"' in each]
        assert all(each["retry_after"] > 0 for each in refused)
        assert 200 <= len(refused) < 940


async def test_a_person_is_no_faster_by_many_connections(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.app[WIRE].connections, "_widened", 1)
    pottery = world.pottery

    async def hurry(client: Client) -> list[str]:
        return [await client.code("typing", room=str(uuid4())) for _ in range(55)]

    async with contextlib.AsyncExitStack() as stack:
        for_one = [await stack.enter_async_context(connected(web, pottery, pottery.sam)) for _ in range(6)]
        codes = [code for each in await asyncio.gather(*map(hurry, for_one)) for code in each]
        assert set(codes) == {"not_joined", "too_fast"}
        assert codes.count("not_joined") < 6 * 55 - 60, "each of them was slow enough, all together were not"
        other = await stack.enter_async_context(connected(web, pottery, pottery.zoe))
        assert set(await hurry(other)) == {"not_joined"}


async def test_the_eleventh_connection_of_a_person_is_refused(web: Web, world: World) -> None:
    pottery = world.pottery
    async with asyncio.timeout(30):
        opened = [connected(web, pottery, pottery.sam) for _ in range(10)]
        for each in opened:
            await each.__aenter__()
        auth = {"channel": pottery.slug, "token": pottery.sam.token}
        assert (await refusal(web, auth))["data"]["code"] == "too_many_sockets"
        async with connected(web, pottery, pottery.zoe):
            await opened.pop().__aexit__(None, None, None)
        async with connected(web, pottery, pottery.sam):
            pass
        for each in opened:
            await each.__aexit__(None, None, None)


async def test_a_reader_that_never_reads_is_dropped(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with raw_member(web, pottery, pottery.zoe) as deaf, connected(web, pottery, pottery.sam) as sam:
        await deaf.say(f'2{AT}1["room.join",{{"room":"{room}"}}]')
        await deaf.hear()
        transport = deaf.socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        wire = web.app[WIRE]
        for _ in range(1500):
            wire.bus.announce("message.edited", {"x": "y" * 8000}, wire_room(wire))
            await asyncio.sleep(0)
            if not connections(wire, pottery.zoe.person_id):
                break

        async def gone() -> bool:
            return not connections(wire, pottery.zoe.person_id)

        await until(gone)
        assert (await sam.post(room))["seq"] == 1


def wire_room(wire: Wire) -> str:
    return next(each.room(room) for each in wire.connections for room in each.joined)


async def test_polling_bodies_arrive_whole(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam, transports=["polling"]) as sam:
        await sam.ok("room.join", room=room)
        body = "0123456789" * 1000
        await asyncio.gather(*(sam.post(room, body) for _ in range(30)))
        heard = await sam.hears("message.posted", 30)
        assert {len(message["body"]) for message in heard} == {10_000}
        assert [message["seq"] for message in heard] == list(range(1, 31))


@pytest.mark.parametrize(
    ("query", "status"), [("EIO=4", 400), ("EIO=4&transport=polling&j=0", 400), ("EIO=3&transport=polling", 400)]
)
async def test_handshakes_of_other_kinds_are_refused(web: Web, query: str, status: int) -> None:
    assert (await web.get(f"/socket.io/?{query}")).status == status


async def test_a_broken_polling_body_is_answered_and_ends_its_session(web: Web) -> None:
    for body in (b"4" * 70_000, b"\xff\xfe", b"9x", b"2", b"\x1e" * 300):
        opened = await web.get("/socket.io/?EIO=4&transport=polling")
        sid = orjson.loads(opened.body[1:])["sid"]
        url = f"{web.url}/socket.io/?EIO=4&transport=polling&sid={sid}"
        async with asyncio.timeout(5), web.session.post(url, data=body) as answer:
            assert answer.status == 400
        async with asyncio.timeout(5), web.session.get(url) as answer:
            assert answer.status == 400
