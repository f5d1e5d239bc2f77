"""A process whose line to the others, or to its database, is lost for a while."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cli.drill.servers import POSTGRES_SOCKET, stopped
from cli.drill.taps import Tap, tapped
from providers.embedded import EmbeddedValkey
from tests.realtime.clients import connected
from tests.server.test_community_api import make_room
from tests.webapp import Web, serving
from tests.world import World


async def test_what_was_changed_while_a_process_could_not_hear_is_told_there_when_it_can(
    web: Web, far: Web, line: Tap, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam, connected(far, pottery, pottery.zoe) as zoe:
        for client in (sam, zoe):
            await client.ok("room.join", room=room)
        first, second = [await sam.post(room, words) for words in ("first", "second")]
        await zoe.hears("message.posted", 2)
        async with stopped(line):
            await sam.ok("message.edit", id=first["id"], body="first, mended")
            await sam.ok("message.delete", id=second["id"])
            await sam.post(room, "third")
            await asyncio.sleep(0.5)
            assert not zoe.of("message.edited")
        assert (await zoe.hears("message.edited"))[-1]["body"] == "first, mended"
        assert (await zoe.hears("message.deleted"))[-1]["id"] == second["id"]
        assert [message["seq"] for message in await zoe.hears("message.posted", 3)] == [1, 2, 3]
        assert [message["body"] for message in sam.of("message.edited")] == ["first, mended"]


async def test_what_was_changed_in_a_room_that_was_entered_unheard_is_told_there_when_it_is_heard(
    web: Web, far: Web, line: Tap, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam, connected(far, pottery, pottery.zoe) as zoe:
        await sam.ok("room.join", room=room)
        first, second = [await sam.post(room, words) for words in ("first", "second")]
        async with stopped(line):
            await zoe.ok("room.join", room=room)
            await sam.ok("message.edit", id=first["id"], body="first, mended")
            await sam.ok("message.delete", id=second["id"])
        assert (await zoe.hears("message.edited"))[-1]["body"] == "first, mended"
        assert (await zoe.hears("message.deleted"))[-1]["id"] == second["id"]


async def test_while_the_database_is_away_a_client_is_told_to_come_again(
    database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    pottery, folder = world.pottery, home / "away"
    source = Path(parse_qs(urlsplit(database).query)["host"][0]) / POSTGRES_SOCKET
    async with tapped(folder / POSTGRES_SOCKET, source) as tap:
        near = database.replace(str(source.parent), str(folder))
        async with serving(near, valkey.redis_url, home / "var") as web, connected(web, pottery, pottery.sam) as sam:
            room = await make_room(web, pottery)
            async with stopped(tap):
                answer = await sam.ask("room.join", room=room)
            assert answer["error"]["code"] == "unavailable", answer
            assert answer["error"]["retry_after"] > 0
