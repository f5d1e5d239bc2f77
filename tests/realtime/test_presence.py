"""Presence over many processes: counted once, told once, in order, named where that is few, and never left behind."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cli.drill.servers import stopped
from cli.drill.taps import tapped
from providers.embedded import EmbeddedValkey
from realtime import presence, rooms
from realtime.lease import LEASE_SECONDS, RENEW_SECONDS
from realtime.roll import LARGE, PAGE, SMALL
from realtime.server import Wire
from server.sockets import WIRE
from tests.realtime.apart import apart
from tests.realtime.clients import Client, connected
from tests.server.test_community_api import make_room
from tests.waiting import until
from tests.webapp import Web, serving
from tests.world import School, Somebody, World


def left(client: Client, person: Somebody) -> int:
    """How often a client heard that somebody left."""
    return sum(str(person.member_id) in change.get("left", ()) for change in client.of("presence.changed"))


async def hears_of_leaving(client: Client, person: Somebody, within: float = 10.0) -> None:
    async def heard() -> bool:
        return left(client, person) > 0

    await until(heard, within)


async def watched(client: Client, room: str, **given: Any) -> Any:
    """The answer to `presence.watch`: the first whole list after it was asked for."""
    before = len([change for change in client.of("presence.changed") if "whole" in change])
    await client.ok("presence.watch", room=room, **given)

    async def answered() -> Any:
        whole = [change for change in client.of("presence.changed") if "whole" in change]
        return whole[-1] if len(whole) > before else None

    return await until(answered)


async def names(client: Client, room: str) -> set[str]:
    return {person["name"] for person in (await watched(client, room))["joined"]}


async def crowd(wire: Wire, school: School, room: str, count: int) -> list[tuple[Any, str]]:
    """So many members in a room, as if they had sockets here."""
    name = room_name(school, room)
    people = [(uuid4(), f"sid-{n}") for n in range(count)]
    for member, sid in people:
        await wire.presence.join(name, member, "Somebody", sid)
    return people


def room_name(school: School, room: str) -> str:
    return f"c/{school.id}/room/{room}"


async def settled(wire: Wire) -> None:
    async def done() -> bool:
        return not wire.presence._unsettled

    await until(done)


async def test_a_person_is_there_until_the_last_device_in_the_last_process_leaves(
    web: Web, second: Web, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with (
        connected(web, pottery, pottery.ana) as ana,
        connected(web, pottery, pottery.sam) as phone,
        connected(web, pottery, pottery.sam) as desk,
        connected(second, pottery, pottery.sam) as far,
    ):
        for client in (ana, phone, desk, far):
            await client.ok("room.join", room=room)
        for each in (web, second):
            await settled(each.app[WIRE])
        for client in (phone, far):
            await client.ok("room.leave", room=room)
        await settled(web.app[WIRE])
        await settled(second.app[WIRE])
        assert await names(ana, room) == {"Ana", "Sam"}
        await desk.ok("room.leave", room=room)
        await hears_of_leaving(ana, pottery.sam)
        assert left(ana, pottery.sam) == 1
        assert await names(ana, room) == {"Ana"}


async def test_who_drops_off_is_missed_after_the_grace_and_told_once(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "GRACE_SECONDS", 1.0)
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.ana) as ana:
        await ana.ok("room.join", room=room)
        for _ in range(2):
            async with connected(web, pottery, pottery.sam) as sam:
                await sam.ok("room.join", room=room)
                await settled(web.app[WIRE])
            await asyncio.sleep(0.5)
            assert left(ana, pottery.sam) == 0
        await hears_of_leaving(ana, pottery.sam)
        assert left(ana, pottery.sam) == 1


async def test_the_people_of_a_killed_process_go_offline_after_its_lease(
    database: str, valkey: EmbeddedValkey, web: Web, home: Path, world: World
) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with (
        connected(web, pottery, pottery.ana) as ana,
        apart(database, valkey.redis_url, home / "reaped") as other,
        connected(other.web, pottery, pottery.sam) as sam,
        connected(other.web, pottery, pottery.ana) as also,
    ):
        for client in (ana, sam, also):
            await client.ok("room.join", room=room)
        await until(lambda: heard_of(ana, "Sam"))
        await until(lambda: all_named(ana, room, {"Ana", "Sam"}))
        other.process.kill()
        await hears_of_leaving(ana, pottery.sam, LEASE_SECONDS + RENEW_SECONDS + 5)
        assert left(ana, pottery.ana) == 0, "she is still there by another process"
        assert await names(ana, room) == {"Ana"}


async def test_in_a_large_room_only_the_followed_are_named(web: Web, second: Web, world: World) -> None:
    pottery, here, there = world.pottery, web.app[WIRE], second.app[WIRE]
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.ana) as ana, connected(web, pottery, pottery.zoe) as zoe:
        await ana.ok("room.join", room=room)
        people = await crowd(there, pottery, room, LARGE)
        await settled(there)
        await zoe.ok("room.join", room=room)
        await settled(here)
        assert (await watched(ana, room, members=[str(pottery.sam.member_id)]))["joined"] == []
        page = await watched(zoe, room)
        assert (len(page["joined"]), page["online"]) == (PAGE, LARGE + 2)
        ana.heard.clear()
        zoe.heard.clear()
        async with connected(second, pottery, pottery.sam) as sam, connected(second, pottery, pottery.mia) as mia:
            for client in (sam, mia):
                await client.ok("room.join", room=room)
            changes = await ana.hears("presence.changed", 2)
            names = [person["name"] for change in changes for person in change.get("joined", ())]
            assert names == ["Sam"], "whom she follows, and nobody else"
            assert {change["online"] for change in changes} == {LARGE + 4}
            assert [sorted(change) for change in zoe.of("presence.changed")] == [["online", "room", "v"]]
            for client in (sam, mia):
                await client.ok("room.leave", room=room)
            await hears_of_leaving(ana, pottery.sam)
        for member, sid in people[: LARGE + 3 - SMALL]:
            there.presence.leave(room_name(pottery, room), member, sid, at_once=True)
        await settled(there)
        await until(lambda: online_is(zoe, SMALL - 1))
        async with connected(web, pottery, pottery.ben) as ben:
            await ben.ok("room.join", room=room)
            await until(lambda: heard_of(zoe, "Ben"))


async def online_is(client: Client, count: int) -> bool:
    return bool(client.of("presence.changed")) and client.of("presence.changed")[-1]["online"] == count


async def all_named(client: Client, room: str, people: set[str]) -> bool:
    return await names(client, room) == people


async def heard_of(client: Client, name: str) -> bool:
    changes = client.of("presence.changed")
    return any(person["name"] == name for change in changes for person in change.get("joined", ()))


async def test_many_joins_are_one_step_and_one_frame(web: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pottery, wire = world.pottery, web.app[WIRE]
    first, other = await make_room(web, pottery), await make_room(web, pottery)
    steps = 0
    settle = wire.presence._roll.settle

    async def counted(moves: Any) -> Any:
        nonlocal steps
        steps += 1
        return await settle(moves)

    async with connected(web, pottery, pottery.ana) as ana:
        await ana.ok("room.join", room=first)
        await ana.hears("presence.changed")
        monkeypatch.setattr(wire.presence._roll, "settle", counted)
        await asyncio.gather(crowd(wire, pottery, first, 40), crowd(wire, pottery, other, 40))
        await settled(wire)
        await until(lambda: online_is(ana, 41))
        assert steps <= 8, "all rooms in one step, as often as the tick falls while eighty come"
        assert len(ana.of("presence.changed")) <= 3


async def test_changes_that_cross_on_the_way_are_told_in_order(web: Web, world: World) -> None:
    pottery, wire = world.pottery, web.app[WIRE]
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.ana) as ana:
        await ana.ok("room.join", room=room)
        v = (await ana.hears("presence.changed"))[0]["v"]
        for n in (2, 1, 4, 3):
            change = {"version": v + n, "online": n, "large": False, "joined": {str(uuid4()): "X"}, "left": []}
            wire.bus.announce(presence.MOVED, change, room_name(pottery, room))
        assert [change["v"] - v for change in await ana.hears("presence.changed", 5)] == [0, 1, 2, 3, 4]


async def test_a_redis_that_was_emptied_is_told_again(web: Web, second: Web, world: World) -> None:
    pottery = world.pottery
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.ana) as ana, connected(second, pottery, pottery.sam) as sam:
        for client in (ana, sam):
            await client.ok("room.join", room=room)
        await ana.hears("presence.changed", 2)
        before = ana.of("presence.changed")[-1]["v"]
        await web.app[WIRE].shared.ask(lambda redis: redis.flushdb())
        for each in (web, second):
            await each.app[WIRE].lease.renew()

        async def again() -> bool:
            return await names(ana, room) == {"Ana", "Sam"}

        await until(again)
        assert ana.of("presence.changed")[-1]["v"] > before


async def test_while_redis_is_away_members_hear_of_their_own_process_and_then_of_all(
    web: Web, database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    pottery, near = world.pottery, home / "alone" / "valkey.sock"
    room = await make_room(web, pottery)
    async with (
        tapped(near, valkey.socket) as line,
        serving(database, f"unix://{near}", home / "var") as far,
        connected(web, pottery, pottery.ana) as ana,
        connected(far, pottery, pottery.sam) as sam,
    ):
        for client in (ana, sam):
            await client.ok("room.join", room=room)
        await ana.hears("presence.changed", 2)
        async with stopped(line), connected(far, pottery, pottery.zoe, wait_timeout=10) as zoe:
            await zoe.ok("room.join", room=room)
            await until(lambda: heard_of(sam, "Zoe"))
            assert not await heard_of(ana, "Zoe")
            await zoe.ok("room.leave", room=room)
            await hears_of_leaving(sam, pottery.zoe)
            async with connected(far, pottery, pottery.mia, wait_timeout=10) as mia:
                await mia.ok("room.join", room=room)
                await until(lambda: heard_of(sam, "Mia"))
        await until(lambda: heard_of(ana, "Mia"), within=RENEW_SECONDS + 10)
        assert not await heard_of(ana, "Zoe")


async def test_who_is_behind_is_spared_typing_and_presence_but_no_message(web: Web, world: World) -> None:
    pottery, wire = world.pottery, web.app[WIRE]
    room = await make_room(web, pottery)
    async with connected(web, pottery, pottery.sam) as sam, connected(web, pottery, pottery.zoe) as zoe:
        for client in (sam, zoe):
            await client.ok("room.join", room=room)
        await settled(wire)
        await zoe.hears("presence.changed")
        zoe.heard.clear()
        sid = next(each.sid for each in wire.connections if each.person_id == pottery.zoe.person_id)
        member = wire.sio.manager.members.get(sid, rooms.NAMESPACE)
        assert member is not None
        member.connection.pause(True)
        await sam.ok("typing", room=room)
        await sam.hears("typing")
        async with connected(web, pottery, pottery.mia) as mia:
            await mia.ok("room.join", room=room)
            await until(lambda: heard_of(sam, "Mia"))
        await sam.post(room, "this one counts")
        await sam.hears("message.posted")
        member.connection.pause(False)
        await zoe.hears("message.posted")
        assert [event for event, _ in zoe.heard if event in {"typing", "presence.changed"}] == []
