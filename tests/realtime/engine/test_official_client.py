"""The real socket.io-client in its three ways of connecting, over both ways of serving a WebSocket."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.realtime.engine.official import official
from tests.realtime.engine.stage import QUICK, WAYS, Stage, serving

TRANSPORTS = {"websocket": ["websocket"], "upgrade": ["polling", "websocket"], "polling": ["polling"]}


@pytest.fixture(params=WAYS)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with serving(way=request.param) as running:
        yield running


@pytest.fixture(params=TRANSPORTS)
def transports(request: pytest.FixtureRequest) -> list[str]:
    return TRANSPORTS[request.param]


async def test_events_acknowledgements_bursts_and_large_binary_data(stage: Stage, transports: list[str]) -> None:
    async with official(stage.url, transports=transports, auth={"token": "t"}) as (client, told):
        assert told["sid"] in stage.sio.manager.members.by_sid["/"]
        await client("transport", name=transports[-1])
        assert await client("heard", event="auth", count=1) == [["auth", {"token": "t"}]]
        assert await client("burst", event="message-with-ack", count=50) == list(range(50))
        body = await client("ask", event="message-with-ack", data=[{"repeat": 200_000, "of": 7}])
        assert base64.b64decode(body["bytes"]) == b"\x07" * 200_000
        assert await stage.sio.call("ask", "what?", to=told["sid"], timeout=5) == ("what?", "answered")
        await stage.sio.emit("mixed", ({"n": 1}, b"\x01\x02"), to=told["sid"])
        assert await client("heard", event="mixed", count=1) == [["mixed", {"n": 1}, {"bytes": "AQI="}]]


async def test_it_comes_back_by_itself_when_it_is_cut_and_stays_away_when_it_is_sent(
    stage: Stage, transports: list[str]
) -> None:
    async with official(stage.url, transports=transports) as (client, told):
        await client("transport", name=transports[-1])
        stage.sio.cut(told["sid"])
        await client("heard", event="auth", count=2)
        back = await client("state", after=0)
        assert back["connected"]
        assert back["sid"] != told["sid"]
        await stage.sio.disconnect(back["sid"])
        assert await client("heard", event="(disconnect)", count=2) == [
            ["(disconnect)", "transport error" if transports[-1] == "polling" else "transport close"],
            ["(disconnect)", "io server disconnect"],
        ]
        assert await client("state", after=300) == {"connected": False, "active": False}


async def test_a_refused_client_is_told_once_and_stays_away(stage: Stage, transports: list[str]) -> None:
    async def refuse(sid: str, _environ: Any, _auth: Any) -> bool:
        stage.heard.append(("asked",))
        return False

    stage.sio.on("connect", refuse)
    async with official(stage.url, transports=transports) as (client, told):
        assert told == {"message": "Connection rejected by server"}
        assert not (await client("state", after=500))["active"]
    assert stage.heard == [("asked",)]


async def test_an_unknown_namespace_has_words(stage: Stage) -> None:
    async with official(stage.url + "/nowhere") as (_, told):
        assert told == {"message": "Invalid namespace"}


async def test_it_lives_through_heartbeats(transports: list[str]) -> None:
    async with serving(**QUICK) as stage, official(stage.url, transports=transports) as (client, told):
        assert await client("state", after=1500) == {"connected": True, "active": True, "sid": told["sid"]}


async def test_it_comes_back_after_a_shutdown(stage: Stage) -> None:
    async with official(stage.url, transports=["websocket"]) as (client, _):
        await stage.sio.shutdown(within=0.1)
        await client("heard", event="auth", count=2)
        assert await client("heard", event="(disconnect)", count=1) == [["(disconnect)", "transport close"]]
