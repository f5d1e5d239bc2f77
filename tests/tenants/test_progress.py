"""Progress: one rule, shown to the student; seconds that were played, within the film and the clock."""

import asyncio
import math
from datetime import timedelta

import asyncpg
import pytest

from tenants.courses import courses, enrollments, lessons, progress, watching
from tenants.courses.progress import Progress
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded
from tenants.permissions import VISITOR, acting_system
from tenants.scope import Tenancy
from tests.tenants.school import Taught, enrol, make_course
from tests.world import School, Somebody, World


async def let_time_pass(database: str, school: School, seconds: float) -> None:
    """Every student of the channel was last heard of that much earlier."""
    owner = await asyncpg.connect(database)
    await owner.execute("alter table enrollments no force row level security")
    await owner.execute(
        "update enrollments set heard_at = coalesce(heard_at, enrolled_at) - $2::interval where channel_id = $1",
        school.id, timedelta(seconds=seconds),
    )  # fmt: skip
    await owner.execute("alter table enrollments force row level security")
    await owner.close()


async def watch(tenancy: Tenancy, world: World, course: Taught, *intervals: tuple[float, float]) -> Progress:
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        return await progress.report(scope, course.film, intervals, intervals[-1][1])


async def done(tenancy: Tenancy, world: World, lesson: object, who: Somebody | None = None) -> Progress:
    async with tenancy.scope(world.pottery.id, (who or world.pottery.sam).actor) as scope:
        return await progress.mark_done(scope, lesson)  # type: ignore[arg-type]


@pytest.fixture
async def course(tenancy: Tenancy, world: World) -> Taught:
    taught = await make_course(tenancy, world.pottery, world.pottery.ben)
    await enrol(tenancy, world.pottery, world.pottery.sam, taught)
    return taught


async def test_each_published_lesson_weighs_the_same_and_the_sentence_names_what_is_next(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor, readonly=True) as scope:
        assert (await progress.of_course(scope, course.id)).sentence == "0 %: read “Wedging” and mark it done"
    after = await done(tenancy, world, course.text)
    assert (after.percent, after.sentence) == (33, "33 %: watch 2 more minutes of “Centring”")
    assert not after.done


async def test_a_film_is_done_when_nine_tenths_were_played(
    tenancy: Tenancy, world: World, course: Taught, database: str
) -> None:
    await done(tenancy, world, course.text)
    await let_time_pass(database, world.pottery, 120)
    after = await watch(tenancy, world, course, (0, 50), (70, 100))
    film = after.lesson(course.film)
    assert film is not None
    assert (film.done, film.missing, film.gaps) == (False, 10, ((50.0, 70.0),))
    assert after.sentence == "33 %: watch 10 more seconds of “Centring”"
    after = await watch(tenancy, world, course, (48, 60))
    assert after.lesson(course.film).done  # type: ignore[union-attr]
    assert (after.percent, after.sentence) == (66, "66 %: read “Welcome” and mark it done")


async def test_the_course_is_done_with_its_last_lesson_and_the_enrollment_says_when(
    tenancy: Tenancy, world: World, course: Taught, database: str
) -> None:
    await done(tenancy, world, course.text)
    await done(tenancy, world, course.free)
    await let_time_pass(database, world.pottery, 120)
    after = await watch(tenancy, world, course, (0, 95))
    assert (after.percent, after.sentence, after.done) == (100, "100 %: every lesson is done", True)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        assert (await enrollments.of_member(scope, course.id))["finished_at"] is not None  # type: ignore[index]


async def test_seconds_played_twice_count_once(tenancy: Tenancy, world: World, course: Taught, database: str) -> None:
    await let_time_pass(database, world.pottery, 120)
    for _ in range(3):
        after = await watch(tenancy, world, course, (0, 30), (10, 40))
    assert after.lesson(course.film).missing == 50  # type: ignore[union-attr]


async def test_nobody_watches_more_than_the_clock_allows(
    tenancy: Tenancy, world: World, course: Taught, database: str
) -> None:
    after = await watch(tenancy, world, course, (0, 100))
    assert 15 <= 90 - after.lesson(course.film).missing <= 20  # type: ignore[union-attr]
    for _ in range(5):
        after = await watch(tenancy, world, course, (0, 100))
    assert 90 - after.lesson(course.film).missing <= 22  # type: ignore[union-attr]
    await let_time_pass(database, world.pottery, 10)
    after = await watch(tenancy, world, course, (0, 100))
    assert 35 <= 90 - after.lesson(course.film).missing <= 44  # type: ignore[union-attr]


async def test_a_player_that_was_cut_off_for_a_short_while_loses_nothing(
    tenancy: Tenancy, world: World, course: Taught, database: str
) -> None:
    await watch(tenancy, world, course, (0, 10))
    await let_time_pass(database, world.pottery, 80)
    after = await watch(tenancy, world, course, (10, 90))
    assert after.lesson(course.film).done  # type: ignore[union-attr]


async def test_a_long_silence_saves_nothing_up(tenancy: Tenancy, world: World, course: Taught, database: str) -> None:
    await watch(tenancy, world, course, (0, 10))
    await let_time_pass(database, world.pottery, 86_400)
    after = await watch(tenancy, world, course, (0, 100))
    assert after.lesson(course.film).played == ((0.0, 30.0),)  # type: ignore[union-attr]


def test_what_a_report_may_add_follows_the_clock_since_the_one_before() -> None:
    assert watching.allowance(20, math.inf) == 20
    assert watching.allowance(0, 10) == 20
    assert watching.allowance(20, 180) == 380
    assert watching.allowance(20, 181) == 20
    credit = 20.0
    for _ in range(1000):  # a paused player that reports nothing new
        credit = watching.allowance(credit, 10)
    assert credit == 380


async def test_reports_at_the_same_time_lose_nothing_and_count_nothing_twice(
    tenancy: Tenancy, world: World, course: Taught, database: str
) -> None:
    await let_time_pass(database, world.pottery, 120)
    await asyncio.gather(*(watch(tenancy, world, course, (at * 10, at * 10 + 10)) for at in range(8)))
    after = await watch(tenancy, world, course, (0, 10))
    film = after.lesson(course.film)
    assert film is not None
    assert (film.played, film.missing) == (((0.0, 80.0),), 10)


async def test_a_film_cannot_be_marked_done_by_its_watcher_but_by_a_teacher(
    tenancy: Tenancy, world: World, course: Taught
) -> None:
    with pytest.raises(Conflict, match="Watch 2 more minutes"):
        await done(tenancy, world, course.film)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        with pytest.raises(Forbidden):
            await progress.complete(scope, course.film, world.pottery.sam.member_id)
    for actor in (world.pottery.ben.actor, acting_system("attendance")):
        async with tenancy.scope(world.pottery.id, actor) as scope:
            after = await progress.complete(scope, course.film, world.pottery.sam.member_id)
            assert after.lesson(course.film).done  # type: ignore[union-attr]
            with pytest.raises(Conflict):
                await progress.complete(scope, course.film, world.pottery.zoe.member_id)


async def test_a_lesson_that_a_teacher_marks_says_so(tenancy: Tenancy, world: World, course: Taught) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        quiz = await lessons.add(scope, course.id, "quiz", "Check yourself")
        await lessons.publish(scope, quiz["id"])
    with pytest.raises(Conflict, match="teacher"):
        await done(tenancy, world, quiz["id"])


async def test_those_who_teach_and_free_previews_record_nothing(tenancy: Tenancy, world: World, course: Taught) -> None:
    for actor in (world.pottery.ben.actor, world.pottery.zoe.actor, VISITOR):
        async with tenancy.scope(world.pottery.id, actor) as scope:
            after = await progress.mark_done(scope, course.free)
            assert (after.reason, after.lessons) == (progress.PREVIEW, ())
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        assert (
            await progress.report(scope, course.film, [(0, 10)], 10)
        ).sentence == "Preview: what you watch here is not counted"
        assert (await progress.of_course(scope, course.id)).percent == 0


async def test_those_not_enrolled_may_not_report(tenancy: Tenancy, world: World, course: Taught) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.zoe.actor) as scope:
        with pytest.raises(Forbidden) as refused:
            await progress.report(scope, course.film, [(0, 10)], 10)
        assert refused.value.code == "not_enrolled"
    async with tenancy.scope(world.pottery.id, VISITOR) as scope:
        with pytest.raises(SignInNeeded):
            await progress.mark_done(scope, course.text)
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        with pytest.raises(NotFound):
            await progress.report(scope, course.film, [(0, 10)], 10)
        with pytest.raises(NotFound):
            await progress.of_course(scope, course.id)


async def test_another_students_progress_is_for_those_who_teach(tenancy: Tenancy, world: World, course: Taught) -> None:
    await done(tenancy, world, course.text)
    async with tenancy.scope(world.pottery.id, world.pottery.zoe.actor) as scope:
        with pytest.raises(Forbidden):
            await progress.of_course(scope, course.id, world.pottery.sam.member_id)
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        assert (await progress.of_course(scope, course.id, world.pottery.sam.member_id)).percent == 33


async def test_a_course_without_lessons_is_not_done(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        empty = await courses.add(scope, "Empty", "empty")
        assert not (await progress.of_course(scope, empty["id"])).done


NAN, INFINITY = float("nan"), float("inf")
BAD = [[(5, 1)], [(-1, 4)], [(0, NAN)], [(0, INFINITY)], [(1,)], [(1, 2, 3)], [(0, 1)] * 201]


@pytest.mark.parametrize("intervals", BAD, ids=str)
async def test_what_is_no_interval_is_refused(
    tenancy: Tenancy, world: World, course: Taught, intervals: list[tuple[float, ...]]
) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        with pytest.raises(Invalid):
            await progress.report(scope, course.film, intervals, 0)
        with pytest.raises(Invalid):
            await progress.report(scope, course.film, [(0, 1)], NAN)


def test_the_union_closes_hairlines_and_gaps_are_what_is_left() -> None:
    played = watching.union([(10, 20), (0, 5), (5.2, 10.1), (30, 30)])
    assert played == [(0, 20)]
    assert watching.gaps([(10, 20), (40, 90)], 100) == [(0, 10), (20, 40), (90, 100)]
    assert watching.gaps([(0, 100)], 100) == []


def test_what_is_kept_is_bounded_and_drops_the_shortest_first() -> None:
    crumbs = [(at * 2.0, at * 2.0 + 0.5) for at in range(400)]
    kept = watching.add(crumbs, [(2000.0, 2600.0)], 1000)
    assert len(kept) == watching.MOST_KEPT
    assert (2000.0, 2600.0) in kept
