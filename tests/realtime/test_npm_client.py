"""The real socket.io-client of npm against a whole installation: its three ways in, its faults, and its end."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.realtime.engine.official import Official, official
from tests.slices.town import CHANNEL, Town, running_town

TRANSPORTS = {"websocket": ["websocket"], "upgrade": ["polling", "websocket"], "polling": ["polling"]}


def joining(
    town: Town, transports: list[str], token: str, channel: str = CHANNEL
) -> AbstractAsyncContextManager[tuple[Official, Any]]:
    """A client of a channel's community that shows this token."""
    shown = {"channel": channel} | ({"token": token} if token else {})
    return official(f"{town.url}/community", transports=transports, auth=shown)


@pytest.fixture(scope="module")
async def town(home: Path) -> AsyncIterator[Town]:
    async with running_town(home / "town") as running:
        yield running


@pytest.fixture(params=TRANSPORTS)
def transports(request: pytest.FixtureRequest) -> list[str]:
    return TRANSPORTS[request.param]


def _said(body: str, room: str) -> dict[str, str]:
    return {"room": room, "client_id": str(uuid4()), "body": body}


def _bodies(heard: list[Any]) -> list[str]:
    return [message["body"] for _, message in heard]


async def test_a_burst_is_acknowledged_and_heard_once_each_in_order(town: Town, transports: list[str]) -> None:
    room = await town.room()
    async with (
        joining(town, transports, await town.token("sam")) as (sam, _),
        joining(town, transports, await town.token("zoe")) as (zoe, _),
    ):
        for client in (sam, zoe):
            await client("transport", name=transports[-1])
            answer = await client("ask", event="room.join", data=[{"room": room}])
            assert answer["ok"]["head_seq"] == 0
        words = [f"word {n}: é 😀 “”" for n in range(50)]
        answers = await sam("asks", event="message.post", each=[_said(word, room) for word in words])
        assert [answer["ok"]["seq"] for answer in answers] == list(range(1, 51))
        for client in (sam, zoe):
            heard = await client("heard", event="message.posted", count=50)
            assert [message["seq"] for _, message in heard] == list(range(1, 51))
            assert _bodies(heard) == words


async def test_what_is_refused_is_acknowledged_with_its_code_and_the_client_goes_on(
    town: Town, transports: list[str]
) -> None:
    room = await town.room()
    async with joining(town, transports, await town.token("sam")) as (sam, told):
        await sam("transport", name=transports[-1])
        refused = {
            "no.such.event": ({}, "unknown_event"),
            "message.post": ({"room": room}, "invalid"),
            "room.join": ({"room": str(uuid4())}, "no_such_room"),
            "message.edit": ({"id": str(uuid4()), "body": "not there"}, "no_such_message"),
        }
        for event, (payload, code) in refused.items():
            answer = await sam("ask", event=event, data=[payload])
            assert (answer["error"]["code"], bool(answer["error"]["message"])) == (code, True)
        assert (await sam("ask", event="message.post", data=[_said("still here", room)]))["ok"]["seq"] == 1
        assert (await sam("state", after=0))["sid"] == told["sid"]


@pytest.mark.parametrize(
    ("who", "channel", "code"),
    [
        ("a forger", CHANNEL, "session_ended"),
        ("nobody", CHANNEL, "sign_in_needed"),
        ("sam", "no-such-channel", "no_such_channel"),
    ],
)
async def test_a_refused_connection_is_told_why_and_stays_away(
    town: Town, transports: list[str], who: str, channel: str, code: str
) -> None:
    tokens = {"a forger": "forged", "nobody": "", "sam": await town.token("sam")}
    async with joining(town, transports, tokens[who], channel) as (client, told):
        assert told["data"]["code"] == code
        assert told["message"]
        assert await client("state", after=500) == {"connected": False, "active": False}
        assert len(await client("heard", event="(connect_error)", count=1)) == 1


async def test_it_comes_back_to_a_process_that_was_killed_and_misses_nothing(town: Town, transports: list[str]) -> None:
    room, zoe = await town.room(), await town.token("zoe")
    async with joining(town, transports, await town.token("sam")) as (sam, told):
        await sam("transport", name=transports[-1])
        await sam("ask", event="room.join", data=[{"room": room}])
        await town.installation.killed("web")
        await _comes_back_and_reads_on(town, sam, told, room, zoe)


async def test_it_comes_back_after_the_whole_installation_was_started_again(town: Town, transports: list[str]) -> None:
    room, zoe = await town.room(), await town.token("zoe")
    async with joining(town, transports, await town.token("sam")) as (sam, told):
        await sam("transport", name=transports[-1])
        await sam("ask", event="room.join", data=[{"room": room}])
        assert town.installation.stop() == 0
        town.installation.start()
        await _comes_back_and_reads_on(town, sam, told, room, zoe)


async def _comes_back_and_reads_on(town: Town, sam: Official, told: Any, room: str, zoe: str) -> None:
    """The client, which has lost its server, is back by itself: it reads what was said meanwhile and hears the rest."""
    await town.installation.ready()
    await town.post(room, zoe, "while you were away")
    await sam("back", sid=told["sid"])
    ended = await sam("heard", event="(disconnect)", count=1)
    assert {reason for _, reason in ended} <= {"transport close", "transport error"}
    assert (await sam("ask", event="room.join", data=[{"room": room}]))["ok"]["head_seq"] == 1
    missed = (await sam("ask", event="room.sync", data=[{"room": room, "after_seq": 0}]))["ok"]["messages"]
    assert [message["body"] for message in missed] == ["while you were away"]
    await town.post(room, zoe, "and now")
    assert _bodies(await sam("heard", event="message.posted", count=1)) == ["and now"]


async def test_a_ban_sends_it_away_and_it_stays_away(town: Town, transports: list[str]) -> None:
    ana, zoe = await town.token("ana"), await town.token("zoe")
    members = (await town.call("GET", f"/channels/{CHANNEL}/members", ana))["items"]
    ban = f"/channels/{CHANNEL}/members/{next(each['id'] for each in members if each['name'] == 'Zoë Addo')}/ban"
    async with joining(town, transports, zoe) as (client, _):
        await client("transport", name=transports[-1])
        await town.call("PUT", ban, ana, reason="spam")
        try:
            ended = await client("heard", event="(disconnect)", count=1)
            assert [reason for _, reason in ended] == ["io server disconnect"]
            assert await client("state", after=1000) == {"connected": False, "active": False}
            async with joining(town, transports, zoe) as (_, told):
                assert told["data"]["code"] == "banned"
        finally:
            await town.call("DELETE", ban, ana)
    async with joining(town, transports, zoe) as (client, told):
        assert told["sid"]
