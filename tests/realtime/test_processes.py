"""Several web processes: one order for everybody, and nothing acknowledged is lost when Redis dies."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp

from providers.embedded import EmbeddedValkey
from realtime.broadcast import Herald
from server.sockets import WIRE
from tenants import relay
from tenants.scope import Tenancy
from tests.realtime.clients import Client, Raw, connected
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Web, serving, settings_for
from tests.world import School, World


async def test_everyone_hears_each_message_once_and_in_order_whichever_process_they_use(
    web: Web, second: Web, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with (
        connected(web, pottery, pottery.sam) as sam,
        connected(second, pottery, pottery.zoe) as zoe,
        connected(web, pottery, pottery.ana) as ana,
        connected(second, pottery, pottery.ben) as ben,
    ):
        everyone = (sam, zoe, ana, ben)
        for client in everyone:
            await client.ok("room.join", room=room)

        async def talk(client: Client) -> None:
            for _ in range(15):
                await client.post(room)

        await asyncio.gather(talk(sam), talk(zoe), talk(ana), talk(ben))
        for client in everyone:
            heard = await client.hears("message.posted", 60)
            assert [message["seq"] for message in heard] == list(range(1, 61))


async def test_presence_counts_a_person_once_over_all_processes(web: Web, second: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as here, connected(second, pottery, pottery.sam) as there:
        await here.ok("room.join", room=room)
        await here.hears("presence.changed")
        assert (await there.ok("room.join", room=room))["online"] == 1
        async with connected(second, pottery, pottery.zoe) as zoe:
            await zoe.ok("room.join", room=room)
            assert (await here.hears("presence.changed", 2))[1]["online"] == 2
            await there.ok("room.leave", room=room)
            await zoe.ok("presence.watch", room=room)
            names = {person["name"] for person in (await zoe.hears("presence.changed"))[-1]["joined"]}
            assert names <= {"Sam", "Zoe"}


async def test_a_ban_reaches_the_other_process_too(web: Web, second: Web, world: World) -> None:
    pottery = world.pottery
    async with connected(second, pottery, pottery.sam) as sam:
        url = f"/channels/{pottery.slug}/members/{pottery.sam.member_id}/ban"
        await web.call("PUT", url, {"reason": "spam"}, token=pottery.ana.token)

        async def ended() -> bool:
            return bool(sam.ended)

        await until(ended)


async def test_notices_that_were_told_leave_no_row(web: Web, world: World, tenancy: Tenancy) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.post(room)

        async def gone() -> bool:
            left = await relay.notices_left(tenancy, 0, 1000)
            return all(channel_id != pottery.id for channel_id, _, _ in left)

        await until(gone)


async def test_what_is_acknowledged_while_redis_is_dead_arrives_when_it_is_back(
    database: str, world: World, home: Path, tenancy: Tenancy
) -> None:
    pottery, own = world.pottery, EmbeddedValkey(home / "kv-dying")
    own.start()
    try:
        async with (
            serving(database, own.redis_url, home / "var") as one,
            serving(database, own.redis_url, home / "var") as two,
            connected(one, pottery, pottery.sam) as sam,
            connected(two, pottery, pottery.zoe) as zoe,
        ):
            room = await make_room(one, pottery)
            for client in (sam, zoe):
                await client.ok("room.join", room=room)
            await sam.post(room, "before")
            await zoe.hears("message.posted")
            assert own.child is not None
            os.kill(own.child.pid, signal.SIGKILL)
            for n in range(5):
                async with asyncio.timeout(2):
                    await sam.post(room, f"while it is dead {n}")
            assert len(await sam.hears("message.posted", 6)) == 6
            assert (await zoe.ok("room.sync", room=room, after_seq=1))["head_seq"] == 6
            own.restart()
            settings = settings_for(database, own.redis_url, home / "var", 8000)
            publish = Herald(own.redis_url, settings.deployment, settings.wire_key)

            async def told() -> bool:
                for channel_id, notice_id, notice in await relay.notices_left(tenancy, 1, 1000):
                    if channel_id == pottery.id:
                        await publish(channel_id, notice)
                        await relay.forget_notices(tenancy, [notice_id])
                return len(zoe.of("message.posted")) >= 6

            await until(told)
            assert [message["seq"] for message in zoe.of("message.posted")] == [1, 2, 3, 4, 5, 6]
            await zoe.post(room, "after")
            assert (await sam.hears("message.posted", 7))[-1]["body"] == "after"
            assert [message["seq"] for message in sam.of("message.posted")] == list(range(1, 8))
            await publish.close()
    finally:
        own.stop()


def message(school: School, room: str, seq: int) -> dict[str, Any]:
    """As much of one by Zoe as the bus looks at."""
    return {"room": room, "seq": seq, "author": {"id": str(school.zoe.member_id)}}


async def test_a_sockets_own_order_survives_a_lost_frame(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("room.join", room=room)
        bus = web.app[WIRE].bus
        name = next(each.room(own) for each in web.app[WIRE].connections for own in each.joined)
        for seq in (2, 4, 1, 4, 2):
            bus.announce("message.posted", message(pottery, room, seq), name)
        assert [message["seq"] for message in await sam.hears("message.posted", 3)] == [1, 2, 4]


async def test_a_process_that_ends_sends_its_sockets_elsewhere(
    database: str, valkey: EmbeddedValkey, world: World, home: Path
) -> None:
    async with contextlib.AsyncExitStack() as clients:
        async with serving(database, valkey.redis_url, home / "var") as ending:
            sam = await clients.enter_async_context(connected(ending, world.pottery, world.pottery.sam))
            bare = await ending.session.ws_connect(ending.url + "/socket.io/?EIO=4&transport=websocket")
            closing = asyncio.create_task(Raw(bare).closes())
        assert await closing == aiohttp.WSCloseCode.GOING_AWAY

        async def dropped() -> bool:
            return bool(sam.ended)

        await until(dropped)
        assert "server disconnect" not in sam.ended[0]


async def test_a_later_message_does_not_overtake_those_that_are_being_let_out(web: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam:
        await sam.ok("room.join", room=room)
        bus = web.app[WIRE].bus
        name = next(each.room(own) for each in web.app[WIRE].connections for own in each.joined)
        for seq in (2, 3, 1, 4, 5):
            bus.announce("message.posted", message(pottery, room, seq), name)
        assert [message["seq"] for message in await sam.hears("message.posted", 5)] == [1, 2, 3, 4, 5]
