"""Webhooks that go astray and roll calls together: nobody was longer in class than they were, by more than a minute
for each time they came, and what is told in full is told exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from providers.live import LiveEvent, ParticipantJoined, ParticipantLeft
from server.webhooks.live import take_in
from tenants.live import attendance
from tenants.live.attendance import LAG, Listed, Mark
from tenants.live.rooms import BETWEEN_CALLS
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.server.test_live_storm import make_classes
from tests.tenants.live_school import SEALS, Held, make_held
from tests.world import World

SYSTEM = acting_system("test")
MINUTES, HOUR = 10, 3600
GAP = BETWEEN_CALLS.total_seconds()
LATE = [0, 0, 0, 1, 7, 70, 200, 7000]


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


@dataclass(frozen=True)
class Stay:
    """Somebody in class from one second to another, and what became of the two webhooks: how late each came (twice, if
    there are two numbers), or never."""

    since: int
    until: int
    joined: tuple[int, ...]
    left: tuple[int, ...]


def stays(*, lossless: bool, between: tuple[int, int] = (0, MINUTES * 60)) -> some.SearchStrategy[list[Stay]]:
    """The stays of one participant, one after another."""
    late = some.lists(some.sampled_from(LATE), min_size=1 if lossless else 0, max_size=2).map(tuple)
    moments = some.lists(some.integers(*between), unique=True, max_size=8).map(sorted)
    return some.tuples(moments, some.lists(late, min_size=8, max_size=8)).map(lambda drawn: _in_pairs(*drawn))


def _in_pairs(moments: list[int], late: list[tuple[int, ...]]) -> list[Stay]:
    pairs = zip(moments[::2], moments[1::2], late[::2], late[1::2], strict=False)
    return [Stay(*each) for each in pairs]


async def hold(
    tenancy: Tenancy, held: Held, people: Sequence[Sequence[Stay]], *, tells_since: bool, calls: bool = True
) -> list[list[tuple[float, float]]]:
    """Hold the class: when everybody was there in the end, in seconds after its beginning."""
    [class_id] = await make_classes(tenancy, held, 1)
    deeds: list[tuple[float, int, Any]] = []
    for who, own in enumerate(people):
        for stay in own:
            deeds += [(stay.since + late, 0, (ParticipantJoined, who, stay.since)) for late in stay.joined]
            deeds += [(stay.until + late, 0, (ParticipantLeft, who, stay.until)) for late in stay.left]
    deeds += [(at, 1, at + 0.5) for at in (*range(0, MINUTES * 60 + 1, int(GAP)), HOUR)] if calls else []
    for _, called, deed in sorted(deeds, key=lambda each: each[:2]):
        async with tenancy.scope(held.school.id, SYSTEM) as scope:
            if not called:
                await take_in(scope, SEALS, held.connection, event(class_id, held.starts_at, *deed))
                continue
            listed = [
                Listed(f"member-{who}", "Zoë", at(held, stay.since) if tells_since else None)
                for who, own in enumerate(people)
                for stay in own
                if stay.since <= deed < stay.until
            ]
            await attendance.call_roll(scope, class_id, at(held, deed), listed)
    async with tenancy.scope(held.school.id, SYSTEM) as scope:
        came = {each.participant: each for each in await attendance.of_class(scope, class_id)}
    return [
        [tuple((moment - held.starts_at).total_seconds() for moment in each) for each in came[name].intervals]  # type: ignore[misc]
        if (name := f"member-{who}") in came
        else []
        for who in range(len(people))
    ]


def at(held: Held, seconds: float) -> datetime:
    return held.starts_at + timedelta(seconds=seconds)


def event(class_id: UUID, begins: datetime, kind: type[Any], who: int, seconds: int) -> LiveEvent:
    name, moment = f"member-{who}", begins + timedelta(seconds=seconds)
    found: LiveEvent = kind(f"{class_id}-{name}-{kind.__name__}-{seconds}", class_id, name, "Zoë", moment)
    return found


def union(own: Sequence[Stay]) -> list[tuple[float, float]]:
    """The stays as intervals, those that touch made one."""
    found: list[tuple[float, float]] = []
    for stay in own:
        if found and stay.since <= found[-1][1]:
            found[-1] = (found[-1][0], max(stay.until, found[-1][1]))
        else:
            found.append((stay.since, stay.until))
    return found


def common(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float:
    """For how many seconds both hold."""
    return sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)


EITHER = stays(lossless=True) | stays(lossless=True, between=(100, 140))
PROPERTY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(people=some.lists(stays(lossless=False), min_size=1, max_size=3), tells_since=some.booleans())
@example(people=[[Stay(10, 20, (700,), ())]], tells_since=True)  # it is known to have begun when all is over
@example(people=[[Stay(10, 20, (0,), ()), Stay(30, 200, (0,), (0,))]], tells_since=True)
@example(people=[[Stay(10, 100, (0,), (70,)), Stay(110, 400, (0,), (0,))]], tells_since=False)
async def test_whatever_is_lost_late_or_doubled_nobody_was_there_longer_than_to_the_next_roll_call(
    tenancy: Tenancy, held: Held, people: list[list[Stay]], tells_since: bool
) -> None:
    found = await hold(tenancy, held, people, tells_since=tells_since)
    for own, known in zip(people, found, strict=True):
        truth, seconds = union(own), sum(last - first for first, last in known)
        assert seconds - common(known, truth) <= (GAP + LAG.total_seconds()) * len(truth)
        if tells_since:
            assert all(first in {stay.since for stay in own} or first % GAP == 0.5 for first, _ in known)


@PROPERTY
@given(
    people=some.lists(EITHER, min_size=1, max_size=3),
    tells_since=some.booleans(),
)
@example(people=[[Stay(70, 100, (0,), (70,)), Stay(117, 119, (0,), (70,))]], tells_since=True)
async def test_what_is_told_in_full_is_known_exactly_however_late_and_often(
    tenancy: Tenancy, held: Held, people: list[list[Stay]], tells_since: bool
) -> None:
    assert await hold(tenancy, held, people, tells_since=tells_since) == [union(own) for own in people]


@PROPERTY
@given(people=some.lists(stays(lossless=False), min_size=1, max_size=3), tells_since=some.booleans())
async def test_without_any_webhook_it_is_known_to_the_minute(
    tenancy: Tenancy, held: Held, people: list[list[Stay]], tells_since: bool
) -> None:
    silent = [[Stay(stay.since, stay.until, (), ()) for stay in own] for own in people]
    found = await hold(tenancy, held, silent, tells_since=tells_since)
    for own, known in zip(silent, found, strict=True):
        truth = union(own)
        missed = sum(last - first for first, last in truth) - common(known, truth)
        assert missed <= GAP * len(truth)
        seen = [stay for stay in own if (stay.since - 0.5) // GAP != (stay.until - 0.5) // GAP]
        if tells_since:  # whoever was seen by any roll call was there from the very second
            assert common(known, union(seen)) == sum(last - first for first, last in union(seen))


@pytest.mark.parametrize("kind", ["joined", "left"])
async def test_what_was_told_seconds_ago_is_believed_against_a_list_that_lags(
    tenancy: Tenancy, held: Held, kind: str
) -> None:
    [class_id] = await make_classes(tenancy, held, 1)
    here = [Listed("sam", "Sam", None)]
    before = [("sam", "", Mark(at(held, 10), "joined")), ("sam", "", Mark(at(held, 98), "left"))]
    told = [("sam", "", Mark(at(held, 98), "joined"))] if kind == "joined" else before
    async with tenancy.scope(held.school.id, SYSTEM) as scope:
        await attendance.note(scope, class_id, told)
        await attendance.call_roll(scope, class_id, at(held, 100), [] if kind == "joined" else here)
        await attendance.call_roll(scope, class_id, at(held, 160), here if kind == "joined" else [])
        [sam] = await attendance.of_class(scope, class_id)
    expected = (at(held, 98), at(held, HOUR)) if kind == "joined" else (at(held, 10), at(held, 98))
    assert sam.intervals == (expected,)


async def test_without_roll_calls_a_lost_leave_lasts_until_the_end(tenancy: Tenancy, held: Held) -> None:
    people = [[Stay(10, 20, (0,), ())]]
    assert await hold(tenancy, held, people, tells_since=True, calls=False) == [[(10.0, 3600.0)]]
    assert await hold(tenancy, held, people, tells_since=True) == [[(10.0, 60.5)]]
