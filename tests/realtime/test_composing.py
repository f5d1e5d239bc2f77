"""Typing: many at once are one frame over all processes, and a large room is spared it."""

import asyncio
from contextlib import AsyncExitStack

from realtime.roll import LARGE
from server.sockets import WIRE
from tests.realtime.clients import connected
from tests.realtime.test_presence import crowd, settled
from tests.server.test_community_api import make_room
from tests.webapp import Web
from tests.world import World


async def test_many_who_type_are_merged_and_at_most_three_are_named(web: Web, second: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected((web, second)[n % 2], pottery, person))
            for n, person in enumerate((pottery.ana, pottery.ben, pottery.mia, pottery.sam, pottery.zoe))
        ]
        for client in clients:
            await client.ok("room.join", room=room)
        await asyncio.gather(*(client.ok("typing", room=room) for client in clients for _ in range(5)))
        for client in clients:
            frames = await client.hears("typing", 2)
            assert len(frames) <= 4, "of 25 words, one of each process, or two as the tick falls"
            assert all(len(frame["names"]) <= 3 for frame in frames)
            last = max(frames, key=lambda frame: int(frame["more"]))
            assert (len(last["names"]), last["more"]) == (3, 2)


async def test_whose_message_has_come_is_not_named_with_those_who_go_on_typing(
    web: Web, second: Web, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with AsyncExitStack() as stack:
        sam, zoe, ben = [
            await stack.enter_async_context(connected(at, pottery, who))
            for at, who in ((web, pottery.sam), (second, pottery.zoe), (second, pottery.ben))
        ]
        for client in (sam, zoe, ben):
            await client.ok("room.join", room=room)
        for client in (sam, zoe):
            await client.ok("typing", room=room)
        await ben.hears("typing", 2)
        await sam.post(room, "Said from the first process")
        await ben.hears("message.posted")
        await asyncio.sleep(0.3)
        heard = len(ben.of("typing"))
        await ben.ok("typing", room=room)
        frame = (await ben.hears("typing", heard + 1))[-1]
        assert sorted(frame["names"]) == ["Ben", "Zoe"]


async def test_a_large_room_is_not_told_who_types_until_it_is_small_again(web: Web, world: World) -> None:
    pottery, wire = world.pottery, web.app[WIRE]
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        for client in (sam, zoe):
            await client.ok("room.join", room=room)
        people = await crowd(wire, pottery, room, LARGE)
        await settled(wire)
        assert await zoe.ok("typing", room=room) == {}
        await zoe.post(room, "after a second word of it would have come")
        await asyncio.sleep(0.5)
        assert sam.of("typing") == []
        for member, sid in people:
            wire.presence.leave(f"c/{pottery.id}/room/{room}", member, sid, at_once=True)
        await settled(wire)
        await zoe.ok("typing", room=room)
        assert (await sam.hears("typing"))[0]["names"] == ["Zoe"]
