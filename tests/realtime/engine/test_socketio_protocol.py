"""Socket.IO 5, each line of the behaviour list; with a heartbeat of 25 s, so that no ping timeout helps."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from tests.realtime.engine.stage import WAYS, Stage, serving, settle


@pytest.fixture(params=WAYS)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with serving(way=request.param) as running:
        yield running


@pytest.mark.parametrize(("namespace", "where"), [("/", ""), ("/custom", "/custom,")])
@pytest.mark.parametrize("auth", ["", '{"token":"123"}'])
async def test_connect_is_answered_before_anything_that_its_handler_sends(
    stage: Stage, namespace: str, where: str, auth: str
) -> None:
    async with stage.socket() as raw:
        await raw.say(f"40{where}{auth}")
        answer = await raw.hear()
        assert answer.startswith(f"40{where}")
        assert set(orjson.loads(answer.removeprefix(f"40{where}"))) == {"sid"}
        assert await raw.hear() == f'42{where}["auth",{auth or "{}"}]'
        assert stage.heard == [("connect", namespace, orjson.loads(auth) if auth else None)]


async def test_a_query_in_the_namespace_is_ignored(stage: Stage) -> None:
    async with stage.socket() as raw:
        await raw.say("40/custom?key=value&other=1,")
        assert (await raw.hear()).startswith("40/custom,")


async def test_an_unknown_namespace_is_told_so_and_the_connection_goes_on(stage: Stage) -> None:
    async with stage.socket() as raw:
        await raw.say("40/random")
        assert await raw.hear() == '44/random,{"message":"Invalid namespace"}'
        await raw.say("40")
        assert (await raw.hear()).startswith("40{")


@pytest.mark.parametrize(
    "packet",
    [
        "4abc", "4", "47", '40"x"', "40[]", "40{", "42[]", '42["x"', "42{}", "42[1]", '42"x"', "42abc", '421x["a"]',
        '43["a"]', "43", "431{}", "44{}", '41["x"]', "45", '451["x"]', '450-["x"]', '4511-["x"]',
        '45999999999-["x"]', '421-["x"]', "4" + "9" * 30,
    ],
)  # fmt: skip
async def test_what_is_no_packet_ends_the_connection_at_once(stage: Stage, packet: str) -> None:
    async with stage.member() as raw:
        await raw.hear()
        await raw.say(packet)
        assert (await raw.hear(5)).startswith("closed")
        await settle()
        assert stage.heard[-1] == ("disconnect", "/", "transport error")


@pytest.mark.parametrize("packet", ['42["message"]', "41", '43/custom,1["x"]', '42/custom,["message"]', "44{}"])
async def test_nothing_is_taken_before_connect(stage: Stage, packet: str) -> None:
    async with stage.socket() as raw:
        await raw.say(packet)
        assert (await raw.hear(5)).startswith("closed")


async def test_a_second_connect_to_the_same_namespace_ends_the_connection(stage: Stage) -> None:
    async with stage.member() as raw:
        await raw.hear()
        await raw.say("40")
        assert (await raw.hear(5)).startswith("closed")


@pytest.mark.parametrize(
    "name", ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
)
async def test_reserved_names_reach_no_handler(stage: Stage, name: str) -> None:
    async with stage.member() as raw:
        await raw.hear()
        forged = orjson.dumps([name, {"REMOTE_USER": "admin"}, {"token": "forged"}]).decode()
        await raw.say("42" + forged)
        assert (await raw.hear(5)).startswith("closed")
        await settle()
        assert [event for event, *_ in stage.heard] == ["connect", "disconnect"]


async def test_who_does_not_connect_in_time_is_let_go() -> None:
    async with serving(connect_timeout=0.2) as stage:
        async with stage.socket() as raw:
            assert (await raw.ends()) == "closed 1000"
        async with stage.member() as raw:
            await raw.hear()
            assert await raw.is_quiet(0.5)
            await raw.say("41")
            assert (await raw.ends()) == "closed 1000"


async def test_disconnect_leaves_one_namespace_and_keeps_the_other(stage: Stage) -> None:
    async with stage.member() as raw:
        await raw.hear()
        await raw.say("40/custom,")
        assert (await raw.hear()).startswith("40/custom,")
        await raw.hear()
        await raw.say("41/custom,")
        await raw.say('42["message","x"]')
        assert await raw.hear() == '42["message-back","x"]'
        assert stage.heard[-1] == ("disconnect", "/custom", "client disconnect")


async def test_the_server_disconnects_a_namespace_and_says_so(stage: Stage) -> None:
    async with stage.member("/custom") as raw:
        await raw.hear()
        await stage.sio.disconnect(raw.sid, namespace="/custom")
        assert await raw.hear() == "41/custom,"
        assert stage.heard[-1] == ("disconnect", "/custom", "server disconnect")
        await stage.sio.emit("late", to=raw.sid, namespace="/custom")
        assert await raw.is_quiet()


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ('["message",1,"2",{"3":[true]}]', '["message-back",1,"2",{"3":[true]}]'),
        ('["message"]', '["message-back"]'),
        ('["message","snow ☃ \\ud83d\\ude00"]', '["message-back","snow ☃ 😀"]'),
        ('["message","half \\ud83d"]', '["message-back","half \\ud83d"]'),
    ],
)
async def test_events_carry_any_json(stage: Stage, said: str, heard: str) -> None:
    for where in ("", "/custom,"):
        async with stage.member("/custom" if where else "/") as raw:
            await raw.hear()
            await raw.say(f"42{where}{said}")
            assert await raw.hear() == f"42{where}{heard}"


async def test_an_event_with_an_id_is_acknowledged_with_all_that_its_handler_returns(stage: Stage) -> None:
    async with stage.member() as raw:
        await raw.hear()
        await raw.say('42456["message-with-ack",1,"2",{"3":[false]}]')
        assert await raw.hear() == '43456[1,"2",{"3":[false]}]'
        await raw.say('421["message","no return"]')
        assert [await raw.hear(), await raw.hear()] == ['42["message-back","no return"]', "431[]"]


async def test_binary_parts_come_whole_and_go_whole(stage: Stage) -> None:
    async with stage.member() as raw:
        await raw.hear()
        await raw.say('452-["message",{"_placeholder":true,"num":0},{"x":{"_placeholder":true,"num":1}}]')
        await raw.say(b"\1\2\3")
        await raw.say(b"\4\5")
        heard = '452-["message-back",{"_placeholder":true,"num":0},{"x":{"_placeholder":true,"num":1}}]'
        assert [await raw.hear() for _ in range(3)] == [heard, b"\1\2\3", b"\4\5"]
        await raw.say('451-789["message-with-ack",{"_placeholder":true,"num":0}]')
        await raw.say(b"\6")
        assert [await raw.hear(), await raw.hear()] == ['461-789[{"_placeholder":true,"num":0}]', b"\6"]


@pytest.mark.parametrize(
    ("header", "next_one"),
    [
        ('451-["message",{"_placeholder":true,"num":0}]', '42["message"]'),
        ('451-["message",{"_placeholder":true,"num":7}]', b"x"),
        ('451-["message",{"_placeholder":true,"num":-1}]', b"x"),
        ('451-["message",{"_placeholder":true,"num":"0"}]', b"x"),
        ('451-["connect",{"_placeholder":true,"num":0}]', b"x"),
        ('42["message"]', b"out of nowhere"),
    ],
)
async def test_attachments_that_do_not_fit_end_the_connection(stage: Stage, header: str, next_one: str | bytes) -> None:
    async with stage.member() as raw:
        await raw.hear()
        await raw.say(header)
        await raw.say(next_one)
        assert (await raw.ends()).startswith("closed")


async def test_the_server_asks_and_is_answered(stage: Stage) -> None:
    async with stage.member() as raw:
        await raw.hear()
        asking = asyncio.ensure_future(stage.sio.call("question", ("a", b"b"), to=raw.sid, timeout=5))
        assert await raw.hear() == '451-1["question","a",{"_placeholder":true,"num":0}]'
        assert await raw.hear() == b"b"
        await raw.say('431["answer",2]')
        assert await asking == ("answer", 2)
        await raw.say('431["again"]')
        await raw.say('4399["never asked"]')
        await raw.say('42["message","alive"]')
        assert await raw.hear() == '42["message-back","alive"]'


async def test_events_sent_before_connect_is_answered_wait_for_it(stage: Stage) -> None:
    async def slow(sid: str, _environ: object, _auth: object) -> None:
        await asyncio.sleep(0.1)

    stage.sio.on("connect", slow)
    async with stage.socket() as raw:
        await raw.say("40")
        await raw.say('42["message","early"]')
        await asyncio.sleep(0.03)  # the handler has begun by now
        await raw.say('42["message","less early"]')
        assert (await raw.hear()).startswith("40{")
        assert [await raw.hear(), await raw.hear()] == [
            f'42["message-back","{each}"]' for each in ("early", "less early")
        ]


async def test_a_refused_client_is_told_why_and_hears_nothing_else(stage: Stage) -> None:
    async def refuse(sid: str, _environ: object, auth: dict[str, str] | None) -> bool:
        await stage.sio.emit("secret", to=sid)
        await stage.sio.emit("secret to all")
        if auth:
            raise ConnectionRefusedError
        return False

    stage.sio.on("connect", refuse)
    async with stage.socket() as raw:
        await raw.say("40")
        assert await raw.hear() == '44{"message":"Connection rejected by server"}'
        await raw.say('40{"a":1}')
        assert await raw.hear() == '44{"message":"Connection refused by server"}'
        assert await raw.is_quiet()
        assert not stage.sio.manager.members.by_sid


async def test_a_fault_of_the_connect_handler_refuses(stage: Stage) -> None:
    async def fail(sid: str, _environ: object, _auth: object) -> None:
        raise KeyError("secret")

    stage.sio.on("connect", fail)
    async with stage.socket() as raw:
        await raw.say("40")
        assert await raw.hear() == '44{"message":"The server could not connect you."}'


async def test_a_fault_of_a_handler_ends_nothing(stage: Stage) -> None:
    async def fail(sid: str) -> None:
        raise KeyError("secret")

    stage.sio.on("fail", fail)
    async with stage.member() as raw:
        await raw.hear()
        await raw.say('421["fail"]')
        await raw.say('422["unknown event"]')
        await raw.say('423["message-with-ack","alive"]')
        assert await raw.hear() == '433["alive"]'


async def test_a_client_that_goes_while_it_connects_leaves_nothing_behind(stage: Stage) -> None:
    let_in = asyncio.Event()

    async def slow(sid: str, _environ: object, _auth: object) -> None:
        await let_in.wait()

    stage.sio.on("connect", slow)
    async with stage.socket() as raw:
        await raw.say("40")
        await settle()
    await settle()
    let_in.set()
    await settle()
    assert not stage.sio.manager.members.by_sid
    assert not stage.sio.eio.sockets
    assert not stage.sio.environ
    assert stage.heard == [("disconnect", "/", "transport close")]


async def test_polling_carries_the_same(stage: Stage) -> None:
    sid = await stage.join("/custom")
    assert await stage.post('42/custom,1["message-with-ack","x"]', sid=sid) == (200, "ok")
    found = (await stage.get(sid=sid))[1]
    if "43" not in found:
        found += "\x1e" + (await stage.get(sid=sid))[1]
    assert found.split("\x1e")[-1] == '43/custom,1["x"]'
    assert await stage.post("41/custom,\x1e1", sid=sid) == (200, "ok")
    assert (await stage.get(sid=sid))[0] == 400
    assert stage.heard[-1] == ("disconnect", "/custom", "client disconnect")
    sid = await stage.join()
    assert (await stage.post("4not a packet", sid=sid))[0] == 400
    assert (await stage.get(sid=sid))[0] == 400
