"""From polling to a WebSocket: the steps, and every way in which they go wrong."""

import asyncio
import time

import pytest

from tests.realtime.engine.stage import Raw, Stage, settle


async def _probe(eio: Stage, sid: str, raw: Raw) -> None:
    await raw.say("2probe")
    assert await raw.hear() == "3probe"


async def test_a_broken_websocket_handshake_is_400_and_leaves_no_session(eio: Stage) -> None:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    url = eio.url + eio.path + "?EIO=4&transport=websocket"
    for wrong in ({}, {"Sec-WebSocket-Key": "short"}, {"Sec-WebSocket-Version": "1"}):
        async with eio.session.get(url, headers=headers | wrong) as answer:
            assert answer.status == 400
    await settle()
    assert eio.sio.sockets == {}
    sid = (await eio.open())["sid"]
    async with eio.session.get(url + f"&sid={sid}", headers=headers) as answer:
        assert answer.status == 400
    async with eio.socket(sid=sid) as raw:
        await _probe(eio, sid, raw)


async def test_an_upgrade_moves_the_session_and_nothing_else_comes_first(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    async with eio.socket(sid=sid) as raw:
        await _probe(eio, sid, raw)
        await raw.say("5")
        await raw.say("4hello")
        assert await raw.hear() == "4hello"


async def test_the_open_poll_is_released_when_the_probe_is_answered(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    pending = asyncio.ensure_future(eio.get(sid=sid))
    await asyncio.sleep(0.05)
    async with eio.socket(sid=sid) as raw:
        await _probe(eio, sid, raw)
        assert await asyncio.wait_for(pending, 5) == (200, "6")


async def test_http_is_refused_after_the_upgrade(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    async with eio.socket(sid=sid) as raw:
        await _probe(eio, sid, raw)
        await raw.say("5")
        assert (await eio.get(sid=sid))[0] == 400
        assert (await eio.post("4x", sid=sid))[0] == 400
        await raw.say("4still here")
        assert await raw.hear() == "4still here"


async def test_a_second_websocket_on_a_session_is_closed_and_the_first_goes_on(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    async with eio.socket(sid=sid) as raw:
        for step in ("2probe", "5", "4x"):
            async with eio.socket(sid=sid) as second:
                assert (await second.hear()).startswith("closed")
            await raw.say(step)
            await asyncio.sleep(0.05)
        assert [await raw.hear(), await raw.hear()] == ["3probe", "4x"]


async def test_a_silent_probe_neither_stops_polling_nor_lasts(eio: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.engine.upgrade.UPGRADE_SECONDS", 0.5)
    sid = (await eio.open())["sid"]
    async with eio.socket(sid=sid) as raw:
        begun = time.monotonic()
        assert await eio.get(sid=sid) == (200, "6")
        assert time.monotonic() - begun > 0.05
        await eio.post("4data", sid=sid)
        assert await eio.get(sid=sid) == (200, "4data")
        assert (await raw.hear()).startswith("closed")
    async with eio.socket(sid=sid) as again:
        await _probe(eio, sid, again)


async def test_a_wrong_step_ends_the_attempt_and_not_the_session(eio: Stage) -> None:
    sid = (await eio.open())["sid"]
    async with eio.socket(sid=sid) as raw:
        await raw.say("4not a probe")
        assert (await raw.hear()).startswith("closed")
    await eio.post("4data", sid=sid)
    assert await eio.get(sid=sid) == (200, "4data")
