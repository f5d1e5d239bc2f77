"""Rooms: who sees those of a batch."""

from uuid import UUID

import pytest

from tenants import directory
from tenants.batches import batches, seats
from tenants.community import rooms
from tenants.courses import courses
from tenants.errors import Invalid, NotFound
from tenants.ids import RoomId
from tenants.permissions import VISITOR, Actor
from tenants.scope import Tenancy
from tests.tenants.school import TODAY, Taught, enrol, make_batch, make_course
from tests.tenants.test_community import say
from tests.world import School, Somebody, World


async def a_batch(tenancy: Tenancy, world: World) -> tuple[Taught, UUID]:
    course = await make_course(tenancy, world.pottery, world.pottery.ben)
    return course, await make_batch(tenancy, world.pottery, world.pottery.ben, course)


async def batch_room(tenancy: Tenancy, school: School, batch: UUID, who: Somebody | None = None) -> RoomId:
    async with tenancy.scope(school.id, (who or school.ana).actor) as scope:
        return RoomId((await rooms.add(scope, "Spring cohort", "batch", batch_id=batch))["id"])


async def sees(tenancy: Tenancy, school: School, actor: Actor, room: RoomId) -> bool:
    """Whether the room is in their list; its page and what is told to their sockets must say the same."""
    async with tenancy.scope(school.id, actor) as scope:
        listed = room in {row["id"] for row in await rooms.seen(scope)}
        try:
            await rooms.find(scope, room)
        except NotFound:
            assert not listed
        else:
            assert listed
    if actor.member_id is not None:
        assert await directory.rooms_lost(tenancy, [(school.id, actor.member_id, room)]) == ([] if listed else [0])
    return listed


async def test_a_room_of_a_batch_is_for_those_enrolled_in_it_and_the_staff(tenancy: Tenancy, world: World) -> None:
    pottery, (course, batch) = world.pottery, await a_batch(tenancy, world)
    other = await make_batch(tenancy, pottery, pottery.ben, course)
    room = await batch_room(tenancy, pottery, batch, pottery.mia)
    await enrol(tenancy, pottery, pottery.sam, course, batch)
    await enrol(tenancy, pottery, pottery.zoe, course, other)
    for somebody, expected in (
        (pottery.ana, 1),
        (pottery.ben, 1),
        (pottery.mia, 1),
        (pottery.sam, 1),
        (pottery.zoe, 0),
    ):
        assert await sees(tenancy, pottery, somebody.actor, room) is bool(expected), somebody.name
    assert not await sees(tenancy, pottery, VISITOR, room)
    assert (await say(tenancy, pottery, pottery.sam.actor, room)).seq == 1
    with pytest.raises(NotFound):
        await say(tenancy, pottery, pottery.zoe.actor, room)
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await seats.leave(scope, course.id)
    assert not await sees(tenancy, pottery, pottery.sam.actor, room)


async def test_a_private_room_is_shut_to_the_staff_that_was_not_let_in(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        room = RoomId((await rooms.add(scope, "The team", "private"))["id"])
    for somebody, expected in ((pottery.ana, 1), (pottery.mia, 1), (pottery.ben, 0), (pottery.sam, 0)):
        assert await sees(tenancy, pottery, somebody.actor, room) is bool(expected), somebody.name


async def test_a_batch_and_its_kind_go_together(tenancy: Tenancy, world: World) -> None:
    _, batch = await a_batch(tenancy, world)
    wrong: list[tuple[str, UUID | None, type[Exception]]] = [
        ("batch", None, Invalid), ("members", batch, Invalid), ("batch", UUID(int=7), NotFound),
    ]  # fmt: skip
    for kind, batch_id, refusal in wrong:
        async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
            with pytest.raises(refusal):
                await rooms.add(scope, "Cohort", kind, batch_id=batch_id)
    with pytest.raises(NotFound):
        await batch_room(tenancy, world.chess, batch, world.chess.otto)


async def test_a_room_outlives_its_batch_for_the_staff_alone(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.ben.actor) as scope:
        course = (await courses.add(scope, "A draft", "a-draft"))["id"]
        batch = (await batches.add(scope, course, "Spring", TODAY))["id"]
    room = await batch_room(tenancy, pottery, batch)
    async with tenancy.scope(pottery.id, pottery.ben.actor) as scope:
        await courses.remove(scope, course)
    assert await sees(tenancy, pottery, pottery.ben.actor, room)
    assert not await sees(tenancy, pottery, pottery.sam.actor, room)
