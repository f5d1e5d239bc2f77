"""Certificates: earned or given once, ended for good, never changed, and known to whoever has the code."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tenants import audit
from tenants.certificates import certificates, codes, earning, verification
from tenants.certificates.certificates import Certificate
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.members import members
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.tenants.school import Taught, enrol, make_course
from tests.waiting import until
from tests.world import Somebody, World

SYSTEM = acting_system("test")


@pytest.fixture
async def course(tenancy: Tenancy, world: World) -> Taught:
    """A published course at the pottery."""
    return await make_course(tenancy, world.pottery, world.pottery.ben)


async def given(tenancy: Tenancy, world: World, course: Taught, who: str = "sam", by: str = "ben") -> Certificate:
    """An award by a teacher's hand."""
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.people[by].actor) as scope:
        return await certificates.issue(scope, pottery.people[who].member_id, course.id)


async def finish(tenancy: Tenancy, world: World, course: Taught, who: Somebody) -> None:
    """Do every lesson of the course."""
    await enrol(tenancy, world.pottery, who, course)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await earning.complete(scope, course.film, who.member_id)
    async with tenancy.scope(world.pottery.id, who.actor) as scope:
        await earning.mark_done(scope, course.text)
    async with tenancy.scope(world.pottery.id, who.actor) as scope:
        await earning.mark_done(scope, course.free)


async def over(tenancy: Tenancy, award: Certificate) -> bool:
    """Whether the award has run out."""
    return (await verification.find(tenancy, award.code)).state == "expired"


async def owned_by(tenancy: Tenancy, world: World, who: Somebody) -> list[Certificate]:
    async with tenancy.scope(world.pottery.id, who.actor, readonly=True) as scope:
        return await certificates.page(scope)


async def test_an_award_says_who_what_where_and_how_it_was_earned(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    await finish(tenancy, world, course, world.pottery.sam)
    (award,) = await owned_by(tenancy, world, world.pottery.sam)
    assert (award.facts.holder, award.facts.title, award.facts.channel) == ("Sam", "Your first bowl", "Pottery")
    assert (award.facts.rule, award.facts.teacher, award.facts.seconds) == (
        "Every lesson of the course is done.",
        "Ben",
        100,
    )
    assert (award.state, codes.valid(award.code)) == ("rendering", True)


async def test_the_last_lesson_brings_the_certificate_once_and_a_revoked_one_does_not_come_back(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    sam = world.pottery.sam
    await finish(tenancy, world, course, sam)
    (award,) = await owned_by(tenancy, world, sam)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await certificates.revoke(scope, award.code, "Handed in by somebody else.")
    async with tenancy.scope(world.pottery.id, sam.actor) as scope:
        await earning.mark_done(scope, course.free)
    assert [(each.code, each.state) for each in await owned_by(tenancy, world, sam)] == [(award.code, "revoked")]


async def test_nothing_is_earned_before_the_last_lesson_or_without_enrolling(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    sam = world.pottery.sam
    await enrol(tenancy, world.pottery, sam, course)
    async with tenancy.scope(world.pottery.id, sam.actor) as scope:
        await earning.mark_done(scope, course.text)
        assert await certificates.award_if_earned(scope, course.id, sam.member_id) is None
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        assert await certificates.award_if_earned(scope, course.id, world.pottery.zoe.member_id) is None


async def test_issued_many_times_at_once_it_is_one_award(tenancy: Tenancy, world: World, course: Taught) -> None:
    awards = await asyncio.gather(*(given(tenancy, world, course) for _ in range(5)))
    assert len({award.code for award in awards}) == 1
    assert len(await owned_by(tenancy, world, world.pottery.ana)) == 1


async def test_students_and_moderators_award_nothing(tenancy: Tenancy, world: World, course: Taught) -> None:
    for who in ("sam", "mia"):
        with pytest.raises(Forbidden):
            await given(tenancy, world, course, by=who)


async def test_only_those_who_lead_the_channel_take_an_award_back(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    award = await given(tenancy, world, course)
    for who in ("ben", "sam"):
        async with tenancy.scope(world.pottery.id, world.pottery.people[who].actor) as scope:
            with pytest.raises(Forbidden):
                await certificates.revoke(scope, award.code, "No.")
            with pytest.raises(Forbidden):
                await certificates.supersede(scope, award.code)


async def test_a_revoked_award_says_why_and_stays_revoked(tenancy: Tenancy, world: World, course: Taught) -> None:
    award = await given(tenancy, world, course)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        with pytest.raises(Invalid):
            await certificates.revoke(scope, award.code, "  ")
        gone = await certificates.revoke(scope, codes.show(award.code).lower(), "Handed in by somebody else.")
    assert (gone.state, gone.reason) == ("revoked", "Handed in by somebody else.")
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        with pytest.raises(Conflict, match="was revoked already"):
            await certificates.revoke(scope, award.code, "Again.")
        with pytest.raises(Conflict, match="was revoked already"):
            await certificates.supersede(scope, award.code)
        assert await certificates.publish(
            scope, award.id, pdf_key="x", pdf_sha256=b"", credential=b""
        ) is None  # fmt: skip
    assert (await verification.find(tenancy, award.code)).state == "revoked"


async def test_a_superseding_award_has_todays_name_and_the_old_one_points_at_it(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    old, sam = await given(tenancy, world, course), world.pottery.sam
    async with tenancy.scope(world.pottery.id, sam.actor) as scope:
        await members.rename(scope, sam.member_id, "Sam Rivers")
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        new = await certificates.supersede(scope, old.code, "The name was short.")
    found = await verification.find(tenancy, old.code)
    assert (found.state, found.superseded_by, found.facts.holder) == ("superseded", new.code, "Sam")
    assert (new.state, new.facts.holder) == ("rendering", "Sam Rivers")
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        with pytest.raises(Conflict, match=codes.show(new.code)):
            await certificates.supersede(scope, old.code)


async def test_an_award_that_ran_out_looks_expired_and_makes_room_for_a_new_one(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    pottery = world.pottery
    now = datetime.now(UTC)
    async with tenancy.scope(pottery.id, pottery.ben.actor) as scope:
        with pytest.raises(Invalid):
            await certificates.issue(scope, pottery.sam.member_id, course.id, expires_at=now)
        old = await certificates.issue(
            scope, pottery.sam.member_id, course.id, expires_at=now + timedelta(milliseconds=200)
        )
    assert old.state == "rendering"

    await until(lambda: over(tenancy, old))
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        again = await certificates.supersede(scope, old.code)
        assert again.expires_at is not None
        assert again.expires_at - again.issued_at < timedelta(milliseconds=400)
    await until(lambda: over(tenancy, again))
    new = await given(tenancy, world, course)
    assert (await verification.find(tenancy, again.code)).superseded_by == new.code
    assert (new.code != old.code, (await verification.find(tenancy, old.code)).state) == (True, "superseded")


async def test_a_member_sees_their_own_awards_and_a_teacher_all(tenancy: Tenancy, world: World, course: Taught) -> None:
    mine, other = await given(tenancy, world, course), await given(tenancy, world, course, "zoe")
    assert [each.code for each in await owned_by(tenancy, world, world.pottery.sam)] == [mine.code]
    assert [each.code for each in await owned_by(tenancy, world, world.pottery.ben)] == [other.code, mine.code]


async def test_another_channel_can_neither_award_our_course_nor_touch_our_awards(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    award = await given(tenancy, world, course)
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        with pytest.raises(NotFound):
            await certificates.issue(scope, world.chess.eve.member_id, course.id)
        with pytest.raises(NotFound):
            await certificates.issue(scope, world.pottery.sam.member_id, course.id)
        with pytest.raises(NotFound):
            await certificates.revoke(scope, award.code, "Ours now.")
        with pytest.raises(NotFound):
            await certificates.supersede(scope, award.code)
        with pytest.raises(NotFound):
            await certificates.read(scope, award.id)
        assert await certificates.page(scope) == []
    assert (await verification.find(tenancy, award.code)).state == "rendering"


async def test_an_award_outlives_its_course_its_member_and_its_channel(
    tenancy: Tenancy, world: World, course: Taught, database: str
) -> None:
    award = await given(tenancy, world, course)
    owner = await asyncpg.connect(database)
    for table, column, key in (("courses", "id", course.id), ("members", "id", award.member_id)):
        await owner.execute(f"set app.channel_id = '{world.pottery.id}'")
        await owner.execute(f"alter table {table} no force row level security")
        assert await owner.execute(f"delete from {table} where {column} = $1", key) == "DELETE 1"
        await owner.execute(f"alter table {table} force row level security")
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        await scope._transaction.run("update channels set state = 'closed'", [])
    await owner.close()
    found = await verification.visit(tenancy, award.code)
    assert (found.state, found.facts.holder, found.facts.title) == ("rendering", "Sam", "Your first bowl")


@pytest.mark.parametrize(
    "wrong",
    [
        "delete from certificates",
        "update certificates set snapshot = '{}'",
        "update certificates set code = 'X'",
        "update certificates set issued_at = issued_at - interval '1 year'",
        "update certificates set state = 'valid', ended_at = null where ended_at is not null",
        "update certificates set reason = 'nothing' where ended_at is not null",
    ],
)
async def test_the_database_itself_keeps_what_a_certificate_says(
    tenancy: Tenancy, world: World, course: Taught, wrong: str
) -> None:
    award = await given(tenancy, world, course)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await certificates.revoke(scope, award.code, "A mistake.")
    with pytest.raises(asyncpg.PostgresError):
        async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
            await scope._transaction.run(wrong, [])
    assert (await verification.find(tenancy, award.code)).reason == "A mistake."


async def test_what_is_done_to_an_award_stands_in_the_audit(tenancy: Tenancy, world: World, course: Taught) -> None:
    award = await given(tenancy, world, course)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        heir = await certificates.supersede(scope, award.code)
        await certificates.revoke(scope, heir.code, "A mistake.")
        lines = [(row["action"], row["target"]) for row in await audit.page(scope)]
    assert lines[:3] == [
        ("certificate.revoke", str(heir.id)),
        ("certificate.supersede", str(heir.id)),
        ("certificate.issue", str(award.id)),
    ]


async def test_visits_are_counted_by_day_and_nothing_else_is_kept(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    award = await given(tenancy, world, course)
    for _ in range(3):
        await verification.visit(tenancy, award.code)
    await verification.find(tenancy, award.code)
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        (row,), _ = await scope._transaction.run("select * from certificate_visits", [])
    assert row["visits"] == 3
    assert set(row.keys()) == {"channel_id", "id", "certificate_id", "day", "visits"}


async def test_a_code_that_was_never_given_is_not_found(tenancy: Tenancy) -> None:
    with pytest.raises(NotFound):
        await verification.find(tenancy, codes.make())


async def test_the_status_list_has_a_place_for_each_award_and_marks_those_that_ended(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    first, second = await given(tenancy, world, course), await given(tenancy, world, course, "zoe")
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        assert await verification.ended_places(scope, 1) == []
        third = await certificates.supersede(scope, first.code)
        await certificates.revoke(scope, second.code, "A mistake.")
        assert [each.status_index for each in (first, second, third)] == [0, 1, 2]
        assert await verification.ended_places(scope, 1) == [0, 1]
        assert await verification.ended_places(scope, 2) == []
