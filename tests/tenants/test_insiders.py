"""Who is in a room: by name and in pages; added from the members who are here, and gone at once when taken out."""

from uuid import UUID

import pytest

from tenants import directory
from tenants.community import insiders, rooms
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.ids import MemberId, RoomId, new_id
from tenants.members import bans, members
from tenants.scope import Tenancy
from tests.tenants.school import enrol
from tests.tenants.test_community import make_room, say
from tests.tenants.test_rooms import a_batch, batch_room
from tests.world import School, Somebody, World


async def names(tenancy: Tenancy, school: School, who: Somebody, room: UUID, called: str = "") -> list[str]:
    async with tenancy.scope(school.id, who.actor) as scope:
        return [row["name"] for row in await insiders.page(scope, room, called=called)]


async def private(tenancy: Tenancy, school: School, *let_in: Somebody) -> RoomId:
    room = await make_room(tenancy, school, "private", "The team")
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        for who in let_in:
            await insiders.let_in(scope, room, who.member_id)
    return room


async def test_the_list_is_by_name_in_pages_and_searched(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    room = await private(tenancy, pottery, pottery.zoe, pottery.sam, pottery.mia)
    assert await names(tenancy, pottery, pottery.ana, room) == ["Ana", "Mia", "Sam", "Zoe"]
    assert await names(tenancy, pottery, pottery.sam, room, "ZÓ") == ["Zoe"]
    assert await names(tenancy, pottery, pottery.sam, room, "%") == []
    found: list[str] = []
    after = None
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        while rows := await insiders.page(scope, room, after=after, limit=3):
            found += [row["name"] for row in rows]
            after = rows[-1]["sorted"], rows[-1]["id"]
    assert found == ["Ana", "Mia", "Sam", "Zoe"]


async def test_only_members_who_are_here_and_outside_are_offered(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    room = await private(tenancy, pottery, pottery.mia)
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await members.leave(scope)
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await bans.ban(scope, pottery.ben.member_id, "Spam.")
        assert [row["name"] for row in await insiders.outside(scope, room, "")] == ["Sam"]
        assert await insiders.outside(scope, room, "mi") == []
        for missing in (pottery.zoe.member_id, world.chess.eve.member_id, MemberId(new_id())):
            with pytest.raises(NotFound):
                await insiders.let_in(scope, room, missing)
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        with pytest.raises(Forbidden):
            await insiders.outside(scope, room, "")


async def test_who_has_left_the_channel_is_in_no_list(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    room = await private(tenancy, pottery, pottery.sam)
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await members.leave(scope)
    assert await names(tenancy, pottery, pottery.ana, room) == ["Ana"]


async def test_a_batch_brings_whom_it_enrols_and_the_team_may_read_it(tenancy: Tenancy, world: World) -> None:
    pottery, (course, batch) = world.pottery, await a_batch(tenancy, world)
    room = await batch_room(tenancy, pottery, batch)
    await enrol(tenancy, pottery, pottery.sam, course, batch)
    for who in (pottery.ana, pottery.ben, pottery.mia):
        assert await names(tenancy, pottery, who, room) == ["Sam"]
    with pytest.raises(Forbidden):
        await names(tenancy, pottery, pottery.sam, room)
    with pytest.raises(NotFound):
        await names(tenancy, pottery, pottery.zoe, room)
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        for refused in (
            insiders.let_in(scope, room, pottery.zoe.member_id), insiders.take_out(scope, room, pottery.sam.member_id),
            insiders.outside(scope, room, ""),
        ):  # fmt: skip
            with pytest.raises(Invalid):
                await refused


async def test_who_is_taken_out_has_nothing_of_the_room_left(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    room = await private(tenancy, pottery, pottery.sam)
    await say(tenancy, pottery, pottery.ana.actor, room, f"Look, <@{pottery.sam.member_id}>")
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        unread = {row["id"]: (row["unread"], row["mentions"]) for row in await rooms.seen(scope)}
    assert unread[room] == (1, 1)
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        with pytest.raises(NotFound):
            await insiders.take_out(scope, room, pottery.sam.member_id)
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await insiders.take_out(scope, room, pottery.sam.member_id)
        with pytest.raises(NotFound):
            await insiders.take_out(scope, room, pottery.sam.member_id)
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        assert room not in {row["id"] for row in await rooms.seen(scope)}
        with pytest.raises(NotFound):
            await rooms.find(scope, room)
    lost = await directory.rooms_lost(tenancy, [(pottery.id, pottery.sam.member_id, room)])
    assert lost == [0]
