"""Ten thousand live events, shuffled, doubled and late, come to one end: that of the same ones told in order."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from providers.live import (
    LiveEvent,
    ParticipantJoined,
    ParticipantLeft,
    RecordingFailed,
    RecordingReady,
    RoomEnded,
)
from server.webhooks.live import take_in
from tenants.live import attendance, classes, recordings
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.standins.live import astray
from tests.tenants.live_school import SEALS, Held, make_class, make_held
from tests.world import World

SYSTEM = acting_system("test")
CLASSES, PEOPLE, MARKS = 20, 31, 16


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


def an_hour(class_id: UUID, starts_at: datetime, people: int, marks: int, chance: random.Random) -> list[LiveEvent]:
    """What a provider tells of one class: comings and goings by several devices, two ends, two recordings of three."""
    events: list[LiveEvent] = []
    for person in range(people):
        for number in range(marks):
            at = starts_at + timedelta(seconds=chance.randrange(2900))
            kind = ParticipantJoined if number % 2 == 0 else ParticipantLeft
            events.append(kind(f"{class_id}-{person}-{number}", class_id, f"member-{person}", "Zoë", at))
    for number, seconds in enumerate((2400, 2940)):
        events.append(RoomEnded(f"{class_id}-end-{number}", class_id, starts_at + timedelta(seconds=seconds)))
    for key in ("one", "two"):
        told = f"https://films.example/{key}.mp4", "video/mp4", 5, starts_at
        events.append(RecordingReady(f"{class_id}-{key}", class_id, key, *told))
    events += [RecordingFailed(f"{class_id}-{key}-failed", class_id, key, "full") for key in ("two", "three")]
    return events


async def tell(tenancy: Tenancy, held: Held, events: Sequence[LiveEvent]) -> None:
    """Take the events in, in this order, in one transaction."""
    async with tenancy.scope(held.school.id, SYSTEM) as scope:
        for event in events:
            await take_in(scope, SEALS, held.connection, event)


async def known(tenancy: Tenancy, held: Held, class_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """What is known of each class, without what only says when it came to be known."""
    found = []
    async with tenancy.scope(held.school.id, SYSTEM) as scope:
        for class_id in class_ids:
            row = await classes.read(scope, class_id)
            kept = await recordings.of_class(scope, class_id)
            came = await attendance.of_class(scope, class_id)
            found.append(
                {
                    "end": (row["state"], row["ended_at"] - row["starts_at"]),
                    "recordings": sorted((each["state"], each["size"] or 0) for each in kept),
                    "came": [(who.participant, who.seconds) for who in came],
                }
            )
    return found


def by(events: Sequence[LiveEvent], number: int) -> list[Sequence[LiveEvent]]:
    return [events[place : place + number] for place in range(0, len(events), number)]


async def fetches(tenancy: Tenancy, held: Held) -> int:
    async with bare(tenancy.relay) as connection:
        sql = "select count(*) from jobs where channel_id = $1 and name = 'IngestRecording'"
        return int(await connection.fetchval(sql, held.school.id))


async def make_classes(tenancy: Tenancy, held: Held, number: int) -> list[UUID]:
    at = {"starts_at": held.starts_at, "ends_at": held.starts_at + timedelta(hours=1)}
    given = {**at, "connection_id": held.connection}
    return [await make_class(tenancy, held.school, held.school.ana, held.batch, **given) for _ in range(number)]


async def test_ten_thousand_events_gone_astray_end_as_if_told_once_in_order(tenancy: Tenancy, held: Held) -> None:
    ordered = await make_classes(tenancy, held, CLASSES)
    muddled = await make_classes(tenancy, held, CLASSES)
    stories = [[an_hour(each, held.starts_at, PEOPLE, MARKS, random.Random(n)) for each in (ordered[n], muddled[n])]
               for n in range(CLASSES)]  # fmt: skip
    sent = [event for _, story in stories for event in story]
    assert len(sent) >= 10_000
    for story, _ in stories:
        await tell(tenancy, held, sorted(story, key=lambda event: event.event_id))
    before = await fetches(tenancy, held)
    for batch in by(astray(sent, random.Random(2026)), 500):
        await tell(tenancy, held, batch)
    late = random.Random(3).sample(sent, 500)  # and once more, long after
    await tell(tenancy, held, late)
    assert await known(tenancy, held, muddled) == await known(tenancy, held, ordered)
    assert (before, await fetches(tenancy, held)) == (2 * CLASSES, 4 * CLASSES)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=some.integers(0, 2**32), people=some.integers(1, 4), marks=some.integers(1, 6))
async def test_at_once_and_each_in_its_own_transaction_they_end_the_same(
    tenancy: Tenancy, held: Held, seed: int, people: int, marks: int
) -> None:
    ordered, muddled = await make_classes(tenancy, held, 2)
    await tell(tenancy, held, an_hour(ordered, held.starts_at, people, marks, random.Random(seed)))
    story = astray(an_hour(muddled, held.starts_at, people, marks, random.Random(seed)), random.Random(seed))
    for events in by(story, 4):
        await asyncio.gather(*(tell(tenancy, held, [event]) for event in events))
    assert await known(tenancy, held, [muddled]) == await known(tenancy, held, [ordered])
