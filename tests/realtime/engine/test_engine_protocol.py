"""Engine.IO 4, each line of the behaviour list, over both ways of serving a WebSocket."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.realtime.engine.stage import Stage


async def test_a_polling_session_opens_with_all_it_must_know(quick: Stage) -> None:
    greeting = await quick.open()
    assert set(greeting) == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert greeting["upgrades"] == ["websocket"]
    assert (greeting["pingInterval"], greeting["pingTimeout"], greeting["maxPayload"]) == (300, 200, 1_000_000)


async def test_a_websocket_session_opens_with_no_upgrades(quick: Stage) -> None:
    async with quick.session.ws_connect(quick.url + quick.path + "?EIO=4&transport=websocket") as socket:
        opened = await socket.receive_str()
        assert '"upgrades":[]' in opened
        assert '"pingInterval":300' in opened


@pytest.mark.parametrize(
    "query",
    [
        {"EIO": ""},
        {"EIO": "abc"},
        {"EIO": "3"},
        {"transport": ""},
        {"transport": "abc"},
        {"sid": "unknown"},
        {"j": "0"},
    ],
)
async def test_a_wrong_query_is_400(eio: Stage, query: dict[str, str]) -> None:
    assert (await eio.get(**query))[0] == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_session_is_opened_by_get_only(eio: Stage, method: str) -> None:
    assert (await eio.ask(method))[0] == 400
    assert (await eio.ask(method if method != "POST" else "PUT", sid=(await eio.open())["sid"]))[0] == 400


async def test_transport_websocket_without_an_upgrade_is_400(eio: Stage) -> None:
    assert (await eio.get(transport="websocket"))[0] == 400


async def test_a_post_of_one_packet_is_answered_ok_and_echoed(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    assert await eio.post("4hello", sid=sid) == (200, "ok")
    assert await eio.get(sid=sid) == (200, "4hello")


async def test_a_post_of_several_packets_text_and_binary_keeps_their_order(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    assert await eio.post("4test1\x1ebAQIDBA==\x1e4täst3", sid=sid) == (200, "ok")
    assert await eio.get(sid=sid) == (200, "4test1\x1ebAQIDBA==\x1e4täst3")


@pytest.mark.parametrize("body", ["abc", "", "0", "2", "7", "b!!", b"\xff\xfe", "4a\x1e"])
async def test_an_invalid_packet_is_400_and_ends_the_session(eio: Stage, body: str | bytes) -> None:
    sid = (await eio.open())["sid"]
    assert (await asyncio.wait_for(eio.post(body, sid=sid), 5))[0] == 400
    assert (await eio.get(sid=sid))[0] == 400


async def test_a_second_poll_ends_the_session_and_the_first_is_told(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    first = asyncio.ensure_future(eio.get(sid=sid))
    await asyncio.sleep(0.05)
    assert (await eio.get(sid=sid))[0] == 400
    assert await first == (200, "1")
    assert (await eio.get(sid=sid))[0] == 400


async def test_pings_are_sent_and_a_session_that_answers_lives(quick: Stage) -> None:
    sid = (await quick.open())["sid"]
    for _ in range(3):
        assert await quick.get(sid=sid) == (200, "2")
        assert await quick.post("3", sid=sid) == (200, "ok")


async def test_a_polling_session_that_does_not_answer_is_gone_to_the_millisecond(quick: Stage) -> None:
    sid = (await quick.open())["sid"]
    await asyncio.sleep(0.501)
    assert (await quick.get(sid=sid))[0] == 400


async def test_a_websocket_is_pinged_and_lives(quick: Stage) -> None:
    async with quick.socket() as raw:
        for _ in range(3):
            assert await raw.hear() == "2"
            await raw.say("3")


async def test_a_websocket_that_does_not_answer_is_told_and_closed(quick: Stage) -> None:
    async with quick.socket() as raw:
        begun = time.monotonic()
        assert [await raw.hear(), await raw.hear(), (await raw.hear())[:6]] == ["2", "1", "closed"]
        assert time.monotonic() - begun > 0.4


@pytest.mark.parametrize("packet", ["4hello", '4{"a": 1}', "4true", b"\x01\x02\x03"])
async def test_a_websocket_carries_messages_as_they_are(eio: Stage, packet: str | bytes) -> None:
    async with eio.socket() as raw:
        await raw.say(packet)
        assert await raw.hear() == packet


@pytest.mark.parametrize("packet", ["abc", "", "0", "2", "7"])
async def test_an_invalid_packet_closes_a_websocket(eio: Stage, packet: str) -> None:
    async with eio.socket() as raw:
        await raw.say(packet)
        assert (await raw.hear()).startswith("closed")


async def test_a_close_packet_closes_a_websocket(eio: Stage) -> None:
    async with eio.socket() as raw:
        await raw.say("1")
        assert await raw.hear() == "closed 1000"


async def test_a_close_packet_releases_the_open_poll_with_a_noop(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    pending = asyncio.ensure_future(eio.get(sid=sid))
    await asyncio.sleep(0.05)
    assert await eio.post("1", sid=sid) == (200, "ok")
    assert await pending == (200, "6")
    assert (await eio.get(sid=sid))[0] == 400


async def test_a_body_that_comes_in_pieces_is_read_whole(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    body = "4" + "x" * 900_000

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000].encode()
            await asyncio.sleep(0.01)

    url = f"{eio.url}{eio.path}?EIO=4&transport=polling&sid={sid}"
    async with eio.session.post(url, data=pieces()) as answer:
        assert (answer.status, await answer.text()) == (200, "ok")
    assert await eio.get(sid=sid) == (200, body)


async def test_a_body_of_a_thousand_packets_is_taken_whole(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    packets = [f"4{n}" for n in range(1000)]
    assert await eio.post("\x1e".join(packets), sid=sid) == (200, "ok")
    heard: list[str] = []
    while len(heard) < 1000:
        heard += (await eio.get(sid=sid))[1].split("\x1e")
    assert heard == packets


async def test_a_body_that_is_too_large_is_answered_and_ends_the_session(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    assert (await asyncio.wait_for(eio.post("4" + "x" * 1_000_001, sid=sid), 5))[0] == 400
    assert (await eio.get(sid=sid))[0] == 400


async def test_a_message_of_the_largest_size_is_taken_and_a_larger_one_closes_with_1009(eio: Stage) -> None:
    async with eio.socket() as raw:
        await raw.say("4" + "x" * 999_999)
        assert len(await raw.hear()) == 1_000_000
        await raw.say("4" + "x" * 1_000_000)
        assert await raw.ends() == "closed 1009"


async def test_compression_is_never_agreed_to(eio: Stage) -> None:
    url = eio.url + eio.path + "?EIO=4&transport=websocket"
    async with eio.session.ws_connect(url, compress=15) as socket:
        assert socket.compress == 0


async def test_the_server_ends_a_session_and_the_client_is_told(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    await eio.sio.send(sid, "last words")
    await eio.sio.disconnect(sid)
    assert await eio.get(sid=sid) == (200, "4last words\x1e1")
    assert (await eio.get(sid=sid))[0] == 400
    async with eio.socket() as raw:
        await eio.sio.disconnect()
        assert [await raw.hear(), await raw.hear()] == ["1", "closed 1000"]


async def test_shutting_down_ends_websockets_with_1001(eio: Stage) -> None:
    async with eio.socket() as raw:
        await eio.sio.shutdown()
        assert await raw.ends() == "closed 1001"
