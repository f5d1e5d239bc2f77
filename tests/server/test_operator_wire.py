"""The operator's page of the live wire: every process in words, for whoever has the token, and for nobody else."""

import base64
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from cli.listening import make_doors
from providers.embedded import EmbeddedValkey
from server.__main__ import make_app
from server.deadlines import Deadlines
from server.neighbours import Among
from server.process import drain, start
from server.sockets import WIRE
from tests.realtime.clients import connected
from tests.server.test_community_api import make_room
from tests.server.test_neighbours import neighbours
from tests.webapp import Web, serving, settings_for
from tests.world import World

TOKEN = "the operator's token"


def opened_with(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"operator:{password}".encode()).decode()}


@pytest.fixture
async def both(database: str, mortal: EmbeddedValkey, home: Path) -> AsyncIterator[list[Web]]:
    """Two web processes of one installation, over a Redis that may die."""
    async with neighbours(database, mortal.redis_url, home, metrics_token=TOKEN) as webs:
        yield webs


async def test_it_tells_of_every_process_and_of_a_redis_that_died(
    both: list[Web], mortal: EmbeddedValkey, world: World
) -> None:
    here, there = both
    pottery = world.pottery
    room = await make_room(here, pottery)
    async with connected(here, pottery, pottery.sam) as sam, connected(there, pottery, pottery.zoe) as zoe:
        for client in (sam, zoe):
            await client.ok("room.join", room=room)
        await sam.hears("presence.changed")
        for web in both:
            page = (await web.get("/operator/wire", headers=opened_with(TOKEN))).text
            assert "Every process answers, and they hear one another." in page
            assert page.count("Process 1</h2>") == page.count("Process 2</h2>") == 1
            assert page.count("1 socket, 1 member connected, 1 room joined.") == 2
            assert "Members who came or went" in page
        assert mortal.child is not None
        os.kill(mortal.child.pid, signal.SIGKILL)
        page = (await there.get("/operator/wire", headers=opened_with(TOKEN))).text
        assert "Redis does not answer process 1" in page
        assert "Redis does not answer process 2" in page
        there.app[WIRE].sio.eio.fallback = "aiohttp is another"
        page = (await here.get("/operator/wire", headers=opened_with(TOKEN))).text
        assert "Process 2 runs on the slower path" in page


async def test_a_process_that_does_not_answer_is_named(
    database: str, valkey: EmbeddedValkey, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.neighbours.FIGURES_SECONDS", 0.3)
    doors = make_doors(tmp_path, 2)
    paths = tuple(door.getsockname() for door in doors)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings = settings_for(database, valkey.redis_url, home / "var", port, metrics_token=TOKEN)
    runner = await start(make_app(settings, Among(1, doors[0], paths)), [listener, doors[0]], Deadlines())
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as ending:
        ending.push_async_callback(drain, runner)
        ending.callback(doors[1].close)
        url = f"http://127.0.0.1:{port}/operator/wire"
        async with session.get(url, headers=opened_with(TOKEN)) as answer:
            assert "Process 2 does not answer" in await answer.text()


async def test_it_opens_to_the_token_alone(
    web: Web, database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    async with serving(database, valkey.redis_url, home / "var", metrics_token=TOKEN) as guarded:
        wrong = [{}, opened_with("no"), {"Authorization": "Basic !"}, {"Authorization": "Basic"}]
        wrong += [
            {"Authorization": f"Bearer {world.pottery.ana.token}"},
            {"Cookie": f"guildhall={world.pottery.ana.token}"},
        ]
        for headers in wrong:
            answer = await guarded.get("/operator/wire", headers=headers)
            assert (answer.status, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic"), headers
            assert "Sockets" not in answer.text
        assert (await guarded.get("/operator/wire", headers={"Authorization": "Bearer " + "x" * 40})).status == 401
        assert (await guarded.get("/operator/wire", headers=opened_with(TOKEN))).status == 200
    assert (await web.get("/operator/wire", headers=opened_with(""))).status == 404
