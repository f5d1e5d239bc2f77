"""Two web processes behind one address: a long poll is answered, whichever of them it reaches."""

import contextlib
import itertools
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import pytest

from cli.listening import make_doors
from providers.embedded import EmbeddedValkey
from server.__main__ import make_app
from server.deadlines import Deadlines
from server.neighbours import Among
from server.process import drain, start
from tests.realtime.clients import NAMESPACE
from tests.server.test_community_api import make_room
from tests.webapp import Web, settings_for
from tests.world import Somebody, World

POLLING = {"EIO": "4", "transport": "polling"}


@dataclass(slots=True)
class Poller:
    """A client that polls, each time another process."""

    session: aiohttp.ClientSession
    urls: "itertools.cycle[str]"
    sid: str = ""

    async def ask(self, body: str = "", *, sid: str | None = None) -> tuple[int, str]:
        """One request: a POST of packets, or a poll."""
        query = POLLING | ({"sid": sid or self.sid} if sid or self.sid else {})
        method = "POST" if body else "GET"
        url = f"{next(self.urls)}/socket.io/"
        async with self.session.request(method, url, params=query, data=body or None) as said:
            return said.status, await said.text()

    async def hear(self, word: str) -> str:
        """Poll until a packet holds a word."""
        while True:
            status, said = await self.ask()
            assert status == 200, said
            for packet in said.split("\x1e"):
                if packet == "2":
                    await self.ask("3")
                elif word in packet:
                    return packet


@contextlib.asynccontextmanager
async def neighbours(database: str, redis_url: str, home: Path, **given: str) -> AsyncIterator[list[Web]]:
    """Two web processes of one installation."""
    doors = make_doors(home, 2)
    paths = tuple(door.getsockname() for door in doors)
    async with contextlib.AsyncExitStack() as ending:
        session = await ending.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        webs = []
        for number, door in enumerate(doors, 1):
            listener = socket.create_server(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            app = make_app(settings_for(database, redis_url, home / "var", port, **given), Among(number, door, paths))
            runner = await start(app, [listener, door], Deadlines())
            ending.push_async_callback(drain, runner)
            webs.append(Web(f"http://127.0.0.1:{port}", app, session))
        yield webs


@pytest.fixture
async def both(database: str, valkey: EmbeddedValkey, home: Path) -> AsyncIterator[list[str]]:
    """The addresses of two web processes of one installation."""
    async with neighbours(database, valkey.redis_url, home) as webs:
        yield [web.url for web in webs]


async def opened(session: aiohttp.ClientSession, urls: list[str], who: Somebody, slug: str) -> Poller:
    poller = Poller(session, itertools.cycle(urls))
    status, said = await poller.ask()
    assert status == 200
    poller.sid = orjson.loads(said[1:])["sid"]
    auth = orjson.dumps({"channel": slug, "token": who.token}).decode()
    assert await poller.ask(f"40{NAMESPACE},{auth}") == (200, "ok")
    await poller.hear(f"40{NAMESPACE},")
    return poller


async def test_who_polls_either_process_hears_and_is_heard(both: list[str], web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with aiohttp.ClientSession() as session:
        sam = await opened(session, both, pottery.sam, pottery.slug)
        zoe = await opened(session, both[::-1], pottery.zoe, pottery.slug)
        assert (sam.sid[:2], zoe.sid[:2]) == ("1.", "2.")
        for each in (sam, zoe):
            await each.ask(f'42{NAMESPACE},1["room.join",{{"room":"{room}"}}]')
            assert '"ok"' in await each.hear(f"43{NAMESPACE},1")
        for number in range(4):
            body = (
                f'{{"room":"{room}","client_id":"00000000-0000-4000-8000-00000000000{number}","body":"word {number}"}}'
            )
            await sam.ask(f'42{NAMESPACE},["message.post",{body}]')
            assert f"word {number}" in await zoe.hear("message.posted")


@pytest.mark.parametrize("sid", ["1.unknown", "2.unknown", "3.x", "0.x", "99.x", "../1.x", "1", ".", "١.x"])
async def test_a_session_that_is_nobodys_is_unknown_wherever_it_is_asked_for(both: list[str], sid: str) -> None:
    async with aiohttp.ClientSession() as session:
        for url in both:
            status, said = await Poller(session, itertools.cycle([url])).ask(sid=sid)
            assert (status, orjson.loads(said)["message"]) == (400, "Session ID unknown")


async def test_what_came_by_a_door_is_not_passed_on_again(both: list[str], home: Path) -> None:
    assert both
    connector = aiohttp.UnixConnector(str(home / "run" / "web-2.sock"))
    async with (
        aiohttp.ClientSession("http://door", connector=connector) as session,
        session.get("/socket.io/", params=POLLING | {"sid": "1.unknown"}) as said,
    ):
        assert (said.status, "unknown" in await said.text()) == (400, True)


async def test_when_the_process_of_a_session_is_gone_its_client_begins_anew(
    database: str, valkey: EmbeddedValkey, home: Path
) -> None:
    doors = make_doors(home, 2)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    doors[1].close()
    settings = settings_for(database, valkey.redis_url, home / "var", port)
    among = Among(1, doors[0], tuple(str(home / "run" / f"web-{number}.sock") for number in (1, 2)))
    runner = await start(make_app(settings, among), [listener, doors[0]], Deadlines())
    try:
        async with aiohttp.ClientSession() as session:
            poller = Poller(session, itertools.cycle([f"http://127.0.0.1:{port}"]))
            assert (await poller.ask(sid="2.gone"))[0] == 400
            assert (await poller.ask("40", sid="2.gone"))[0] == 400
    finally:
        await drain(runner)
