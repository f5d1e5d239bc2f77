"""Live classes: who sees them, when the door is open, and for how long somebody was there."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tenants.batches import seats
from tenants.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Refusal, SignInNeeded
from tenants.ids import new_id
from tenants.live import attendance, classes, connections, recordings
from tenants.live.attendance import Mark
from tenants.permissions import VISITOR, acting_system
from tenants.scope import Tenancy
from tests.tenants.live_school import ON_AIR, SEALS, Held, make_class, make_held
from tests.world import World

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


@pytest.mark.parametrize(
    ("minutes", "refusal", "code"),
    [
        (-15.1, Conflict, "too_early"),
        (-15, None, ""),
        (0, None, ""),
        (59.9, None, ""),
        (60, Gone, "over"),
    ],
)
async def test_the_door_is_open_from_a_quarter_before_until_the_end(
    tenancy: Tenancy, held: Held, minutes: float, refusal: type[Refusal] | None, code: str
) -> None:
    now = held.starts_at + minutes * MINUTE
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        if refusal is None:
            door = await classes.join(scope, held.id, now)
            assert (door.url, door.participant) == (ON_AIR, held.school.sam.member_id)
        else:
            with pytest.raises(refusal) as refused:
                await classes.join(scope, held.id, now)
            assert refused.value.code == code


async def test_the_door_of_a_class_that_was_cancelled_ended_or_has_no_address_stays_shut(
    tenancy: Tenancy, held: Held
) -> None:
    nowhere = await make_class(tenancy, held.school, held.school.ben, held.batch)
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        with pytest.raises(Conflict, match="has not said yet where"):
            await classes.join(scope, nowhere)
    async with tenancy.scope(held.school.id, held.school.ben.actor) as scope:
        await classes.edit(scope, nowhere, 1, {"state": "cancelled", "url": ON_AIR})
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        await classes.end(scope, held.id, None)
        await classes.end(scope, nowhere, None)
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        for class_id, code in ((nowhere, "cancelled"), (held.id, "over")):
            with pytest.raises(Gone) as refused:
                await classes.join(scope, class_id)
            assert refused.value.code == code


async def test_a_class_is_for_the_students_of_its_batch_and_those_who_plan(tenancy: Tenancy, held: Held) -> None:
    school = held.school
    for actor, refusal in ((school.zoe.actor, Forbidden), (school.mia.actor, Forbidden), (VISITOR, SignInNeeded)):
        async with tenancy.scope(school.id, actor) as scope:
            for attempt in (classes.read, classes.join):
                with pytest.raises(refusal):
                    await attempt(scope, held.id)
            with pytest.raises(refusal):
                await classes.of_batch(scope, held.batch)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        assert [row["id"] for row in await classes.upcoming(scope)] == [held.id]
        await seats.leave(scope, held.course.id)
        assert await classes.upcoming(scope) == []
        with pytest.raises(Forbidden):
            await classes.join(scope, held.id)
    async with tenancy.scope(school.id, school.ben.actor) as scope:
        assert [row["id"] for row in await classes.of_batch(scope, held.batch)] == [held.id]


async def test_upcoming_classes_come_soonest_first_and_none_that_is_over(tenancy: Tenancy, held: Held) -> None:
    now = datetime.now(UTC)

    async def at(hours: float, **given: Any) -> UUID:
        begins = now + timedelta(hours=hours)
        times = {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
        return await make_class(tenancy, held.school, held.school.ana, held.batch, **times, **given)

    later, _past, soon = await at(48), await at(-3), await at(2)
    for who in ("sam", "ben"):
        async with tenancy.scope(held.school.id, held.school.people[who].actor) as scope:
            assert [row["id"] for row in await classes.upcoming(scope)] == [held.id, soon, later]


@pytest.mark.parametrize(
    ("given_fields", "pointer"),
    [
        ({"title": " "}, "/title"),
        ({"title": "a\0b"}, "/title"),
        ({"ends_at": NOON - MINUTE}, "/ends_at"),
        ({"ends_at": NOON + timedelta(hours=13)}, "/ends_at"),
        ({"starts_at": NOON.replace(tzinfo=None)}, "/starts_at"),
        ({"starts_at": NOON.replace(year=1)}, "/starts_at"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"url": "http://meet.example/a"}, "/url"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"url": "https://me:hush@meet.example/"}, "/url"),
        ({"url": "https://[::1/"}, "/url"),
        ({"url": "https://meet.example/" + "a" * 2000}, "/url"),
        ({"batch_id": NOON}, "/batch_id"),
    ],
)
async def test_what_a_class_may_not_be_is_refused_by_field(
    tenancy: Tenancy, held: Held, given_fields: dict[str, Any], pointer: str
) -> None:
    fields: dict[str, Any] = {"title": "Glazing", "starts_at": NOON, "ends_at": NOON + timedelta(hours=1)}
    async with tenancy.scope(held.school.id, held.school.ana.actor) as scope:
        with pytest.raises(Invalid) as refused:
            await classes.add(scope, held.batch, fields | given_fields)
    assert [error.pointer for error in refused.value.errors] == [pointer]


async def test_nothing_of_another_channel_can_be_named(tenancy: Tenancy, held: Held, world: World) -> None:
    theirs = await make_held(tenancy, world.chess, world.chess.otto, world.chess.eve)
    fields = {"title": "Glazing", "starts_at": NOON, "ends_at": NOON + timedelta(hours=1)}
    async with tenancy.scope(held.school.id, held.school.ana.actor) as scope:
        with pytest.raises(NotFound):
            await classes.add(scope, theirs.batch, fields)
        with pytest.raises(NotFound):
            await classes.add(scope, held.batch, fields | {"connection_id": theirs.connection})
        for attempt in (classes.read, classes.join, attendance.of_class):
            with pytest.raises(NotFound):
                await attempt(scope, theirs.id)
        with pytest.raises(NotFound):
            await connections.credentials(scope, SEALS, theirs.connection)
        assert await recordings.of_class(scope, theirs.id) == []


async def test_a_channel_has_so_many_connections_and_each_its_own_secret(tenancy: Tenancy, held: Held) -> None:
    async with tenancy.scope(held.school.id, held.school.ben.actor) as scope:
        given_secrets = {held.connection: held.secret}
        for number in range(connections.MOST_CONNECTIONS - 1):
            secret = f"whsec_{number}"
            row = await connections.add(scope, SEALS, name=f"Room {number}", provider="generic", secret=secret)
            given_secrets[row["id"]] = secret
        with pytest.raises(Conflict, match="at most 20"):
            await connections.add(scope, SEALS, name="One more", provider="generic", secret="whsec_x")
        for connection_id, secret in given_secrets.items():
            assert await connections.credentials(scope, SEALS, connection_id) == ("generic", secret)
        await connections.close(scope, held.connection)
        with pytest.raises(NotFound):
            await connections.close(scope, new_id())
        assert held.connection not in {row["id"] for row in await connections.every(scope)}


async def test_a_word_of_a_recording_counts_for_more_than_a_word_of_none_in_either_order(
    tenancy: Tenancy, held: Held
) -> None:
    told = recordings.Announced("rec-1", "https://recordings.example/1.mp4", "video/mp4", 5, held.starts_at)
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        await recordings.note_missing(scope, held.id, "rec-1", "")
        await recordings.note_missing(scope, held.id, "rec-2", "the disk was full")
        before = {row["reason"] for row in await recordings.of_class(scope, held.id)}
        await recordings.announce(scope, SEALS, held.id, told)
        await recordings.note_missing(scope, held.id, "rec-1", "again")
        first, second = await recordings.of_class(scope, held.id)
        with pytest.raises(Conflict, match="never said where"):
            await recordings.retry(scope, second["id"])
    assert before == {recordings.NO_REASON, "the disk was full"}
    assert (first["state"], first["reason"], second["state"]) == ("announced", None, "failed")


async def test_the_fifty_first_recording_of_a_class_is_not_taken_in(tenancy: Tenancy, held: Held) -> None:
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        for number in range(recordings.MOST_RECORDINGS + 3):
            await recordings.note_missing(scope, held.id, f"rec-{number}", "none")
        assert len(await recordings.of_class(scope, held.id)) == recordings.MOST_RECORDINGS


def test_presence_is_the_union_of_all_devices() -> None:
    def at(minutes: float) -> datetime:
        return NOON + minutes * MINUTE

    def there(*marks: tuple[float, str] | tuple[float, str, int]) -> list[tuple[float, float]]:
        found = attendance.intervals([Mark(at(minute), *known) for minute, *known in marks], at(60))
        return [((first - NOON) / MINUTE, (last - NOON) / MINUTE) for first, last in found]

    assert there() == []
    assert there((1, "joined"), (5, "left")) == [(1, 5)]
    assert there((1, "joined"), (2, "joined"), (5, "left"), (9, "left")) == [(1, 9)]
    assert there((5, "left"), (7, "joined"), (9, "left"), (10, "left"), (50, "joined")) == [(7, 9), (50, 60)]
    assert there((61, "joined")) == []
    assert there((5, "joined"), (5, "left")) == []
    assert there((1, "joined"), (2, "joined"), (5, "seen", 0), (9, "left"), (10, "joined")) == [(1, 5), (10, 60)]
    assert there((4, "left"), (5, "seen", 2), (6, "left"), (7, "left"), (8, "left")) == [(5, 7)]
    assert there((1, "joined"), (2, "joined"), (3, "seen", 1), (4, "left")) == [(1, 4)]


@settings(max_examples=200, deadline=None)
@given(
    some.lists(some.tuples(some.integers(0, 90), some.sampled_from(["joined", "left"])), max_size=30, unique=True),
    some.randoms(),
)
def test_presence_does_not_depend_on_the_order_of_what_was_told(marks: list[tuple[int, str]], chance: Any) -> None:
    told = [Mark(NOON + minute * MINUTE, kind) for minute, kind in marks]
    found = attendance.intervals(told, NOON + 60 * MINUTE)
    shuffled = told[:]
    chance.shuffle(shuffled)
    assert attendance.intervals(shuffled, NOON + 60 * MINUTE) == found
    assert all(first < last for first, last in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))
