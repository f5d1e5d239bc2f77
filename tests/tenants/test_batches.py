"""Batches: dates, seats kept in the transaction, and the landing page that offers them."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from tenants.batches import batches, landing, seats
from tenants.courses import courses, enrollments
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, SignInNeeded
from tenants.members import bans, members
from tenants.permissions import VISITOR, Actor, Role
from tenants.scope import Tenancy
from tests.tenants.school import TODAY, Taught, enrol, make_batch, make_course
from tests.world import World, add_member, make_person


@pytest.fixture
async def course(tenancy: Tenancy, world: World) -> Taught:
    return await make_course(tenancy, world.pottery, world.pottery.ben)


async def test_twenty_at_once_for_the_last_seats_and_nobody_too_many(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, course, places=3)
    crowd = [
        await add_member(tenancy, world.pottery, await make_person(tenancy, f"s{number}"), Role.STUDENT)
        for number in range(20)
    ]

    async def try_to_enrol(actor: Actor) -> str:
        try:
            async with tenancy.scope(world.pottery.id, actor) as scope:
                await seats.enroll(scope, course.id, batch)
        except Conflict as refused:
            return refused.code
        return "in"

    results = Counter(await asyncio.gather(*(try_to_enrol(each.actor) for each in crowd)))
    assert results == {"in": 3, "batch_full": 17}
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        assert (await batches.read(scope, batch))["taken"] == 3


async def test_one_student_enrolling_many_times_at_once_takes_one_seat(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, course, places=2)
    await asyncio.gather(*(enrol(tenancy, world.pottery, world.pottery.sam, course, batch) for _ in range(8)))
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        assert (await batches.read(scope, batch))["taken"] == 1
        assert [row["name"] for row in await enrollments.page(scope, course.id, batch_id=batch)] == ["Sam"]


async def test_leaving_frees_the_seat_and_moving_takes_another(tenancy: Tenancy, world: World, course: Taught) -> None:
    first = await make_batch(tenancy, world.pottery, world.pottery.ben, course, places=1)
    second = await make_batch(tenancy, world.pottery, world.pottery.ben, course, places=1)
    await enrol(tenancy, world.pottery, world.pottery.sam, course, first)
    with pytest.raises(Conflict) as refused:
        await enrol(tenancy, world.pottery, world.pottery.zoe, course, first)
    assert refused.value.code == "batch_full"
    await enrol(tenancy, world.pottery, world.pottery.sam, course, second)
    await enrol(tenancy, world.pottery, world.pottery.zoe, course, first)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        await seats.leave(scope, course.id)
        assert await enrollments.of_member(scope, course.id) is None
        with pytest.raises(NotFound):
            await seats.leave(scope, course.id)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        assert [(row["id"], row["taken"]) for row in await batches.page(scope, course.id)] == [(first, 1), (second, 0)]


async def test_leaving_the_channel_frees_every_seat(tenancy: Tenancy, world: World, course: Taught) -> None:
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, course, places=1)
    await enrol(tenancy, world.pottery, world.pottery.sam, course, batch)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        await seats.leave_channel(scope)
    await enrol(tenancy, world.pottery, world.pottery.zoe, course, batch)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        with pytest.raises(NotFound):
            await members.read(scope, world.pottery.sam.member_id)


async def test_a_batch_that_is_closed_or_over_takes_nobody(tenancy: Tenancy, world: World, course: Taught) -> None:
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, course)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        past = {"starts_on": TODAY - timedelta(days=30), "ends_on": TODAY - timedelta(days=3)}
        await batches.edit(scope, batch, 1, past)
    with pytest.raises(Conflict, match="takes nobody"):
        await enrol(tenancy, world.pottery, world.pottery.sam, course, batch)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await batches.edit(scope, batch, 2, {"ends_on": None, "state": "closed"})
    with pytest.raises(Conflict, match="takes nobody"):
        await enrol(tenancy, world.pottery, world.pottery.sam, course, batch)


def test_the_last_day_ends_in_the_batches_own_zone() -> None:
    now = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
    in_zone = {"ends_on": date(2026, 11, 21)}
    assert not batches.is_over({**in_zone, "time_zone": "Europe/Lisbon"}, now)  # type: ignore[arg-type]
    assert batches.is_over({**in_zone, "time_zone": "Pacific/Kiritimati"}, now)  # type: ignore[arg-type]


async def test_who_may_enrol_and_who_may_not(tenancy: Tenancy, world: World, course: Taught) -> None:
    async with tenancy.scope(world.pottery.id, VISITOR) as scope:
        with pytest.raises(SignInNeeded):
            await seats.enroll(scope, course.id)
    async with tenancy.scope(world.pottery.id, world.nobody.actor) as scope:
        with pytest.raises(Forbidden, match="Join"):
            await seats.enroll(scope, course.id)
        await members.join(scope)
        assert (await seats.enroll(scope, course.id))["state"] == "active"
    async with tenancy.scope(world.chess.id, world.chess.eve.actor) as scope:
        with pytest.raises(NotFound):
            await seats.enroll(scope, course.id)


async def test_a_batch_of_another_course_or_channel_is_not_found(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    other = await make_course(tenancy, world.pottery, world.pottery.ben, "glazing")
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, other)
    foreign_course = await make_course(tenancy, world.chess, world.chess.otto)
    foreign = await make_batch(tenancy, world.chess, world.chess.otto, foreign_course)
    for wrong in (batch, foreign):
        with pytest.raises(NotFound):
            await enrol(tenancy, world.pottery, world.pottery.sam, course, wrong)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        with pytest.raises(NotFound):
            await batches.edit(scope, foreign, 1, {"name": "Mine"})


async def test_students_see_batches_and_only_teachers_change_them_or_list_students(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, course)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        assert (await batches.read(scope, batch))["name"] == "Spring"
        for attempt in (
            batches.add(scope, course.id, "Mine", TODAY),
            batches.edit(scope, batch, 1, {"seats": 1}),
            enrollments.page(scope, course.id),
            seats.leave(scope, course.id, world.pottery.zoe.member_id),
        ):
            with pytest.raises(Forbidden):
                await attempt


async def test_seats_cannot_be_fewer_than_those_taken(tenancy: Tenancy, world: World, course: Taught) -> None:
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, course, places=5)
    await enrol(tenancy, world.pottery, world.pottery.sam, course, batch)
    await enrol(tenancy, world.pottery, world.pottery.zoe, course, batch)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        with pytest.raises(Conflict) as refused:
            await batches.edit(scope, batch, 1, {"seats": 1})
        assert refused.value.code == "seats_taken"
        assert (await batches.edit(scope, batch, 1, {"seats": 2}))["version"] == 2
        with pytest.raises(Conflict, match="meantime"):
            await batches.edit(scope, batch, 1, {"name": "Late"})


BAD = [
    {"seats": -1}, {"seats": 10**6}, {"time_zone": "Mars/Olympus"}, {"state": "dreamt"}, {"name": ""},
    {"name": "a\u202eb"}, {"ends_on": date(1999, 1, 1)}, {"starts_on": date(1, 1, 1)}, {"colour": "blue"},
]  # fmt: skip


@pytest.mark.parametrize("changes", BAD, ids=str)
async def test_what_a_batch_may_not_be(
    tenancy: Tenancy, world: World, course: Taught, changes: dict[str, object]
) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        batch = await batches.add(scope, course.id, "Spring", TODAY)
        with pytest.raises(Invalid):
            await batches.edit(scope, batch["id"], 1, changes)


async def test_the_landing_page_holds_what_is_published_and_still_to_come(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    batch = await make_batch(tenancy, world.pottery, world.pottery.ben, course, places=9)
    await enrol(tenancy, world.pottery, world.pottery.sam, course, batch)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await courses.add(scope, "A draft", "a-draft")
        await batches.add(scope, course.id, "Long ago", date(2020, 1, 1), {"ends_on": date(2020, 2, 1)})
    async with tenancy.scope(world.pottery.id, VISITOR, readonly=True) as scope:
        page = await landing.read(scope)
    assert (page["name"], page["slug"]) == ("Pottery", world.pottery.slug)
    assert [each["title"] for each in page["courses"]] == ["Your first bowl"]
    (section,) = page["courses"][0]["sections"]
    assert [(each["title"], each["free"]) for each in section["lessons"]] == [
        ("Wedging", False), ("Centring", False), ("Welcome", True),
    ]  # fmt: skip
    assert [(each["name"], each["seats"], each["taken"]) for each in page["batches"]] == [("Spring", 9, 1)]
    assert [each["name"] for each in page["teachers"]] == ["Ana", "Ben"]


async def test_the_landing_page_of_an_empty_channel_is_empty(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.chess.id, VISITOR, readonly=True) as scope:
        page = await landing.read(scope)
    assert (page["courses"], page["batches"], [each["name"] for each in page["teachers"]]) == ([], [], ["Otto"])


async def test_a_banned_teacher_is_not_shown(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await bans.ban(scope, world.pottery.ben.member_id, "Away")
        assert [each["name"] for each in (await landing.read(scope))["teachers"]] == ["Ana"]


async def test_a_draft_course_takes_no_students(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        draft = await courses.add(scope, "A draft", "a-draft")
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        with pytest.raises(Refusal) as refused:
            await seats.enroll(scope, draft["id"])
        assert refused.value.status == 404
