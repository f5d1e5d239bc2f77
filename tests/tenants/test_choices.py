"""Choices of notices: one's own, checked as a whole; quiet hours and digests on days when clocks are turned."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tenants.community import bell
from tenants.errors import Forbidden, Invalid
from tenants.members import choices, unsubscribes
from tenants.members.choices import KINDS, Choices, Ways
from tenants.members.digests import Rhythm
from tenants.people.quiet import Hours
from tenants.permissions import Actor
from tenants.scope import Tenancy
from tests.tenants.test_bell import ring, told
from tests.tenants.test_community import make_room, say
from tests.world import School, Somebody, World


async def put(tenancy: Tenancy, school: School, who: Somebody, chosen: Choices) -> Choices:
    async with tenancy.scope(school.id, who.actor) as scope:
        return await choices.put(scope, chosen)


async def read(tenancy: Tenancy, school: School, who: Somebody) -> Choices:
    async with tenancy.scope(school.id, who.actor, readonly=True) as scope:
        return await choices.read(scope)


async def test_what_was_not_chosen_is_as_usual_and_what_was_is_one_s_own(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    usual = Choices(dict.fromkeys(KINDS, Ways()), Rhythm(), Hours())
    assert await read(tenancy, pottery, pottery.sam) == usual
    chosen = Choices(
        {"mention": Ways(bell=False), "recording": Ways(mail=False)},
        Rhythm("weekly", 7),
        Hours("Asia/Tokyo", 1320, 420),
    )
    for _ in range(2):
        await put(tenancy, pottery, pottery.sam, chosen)
    after = await read(tenancy, pottery, pottery.sam)
    assert after == Choices({**usual.ways, **chosen.ways}, chosen.digest, chosen.hours)
    assert await read(tenancy, pottery, pottery.zoe) == usual
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        assert await unsubscribes.stands(scope, pottery.sam.person_id, "recording_ready")
        await unsubscribes.put(scope, pottery.sam.person_id, "digest", on=True)
    assert (await read(tenancy, pottery, pottery.sam)).digest.every == "off"


@pytest.mark.parametrize(
    "chosen",
    [
        Choices({"weather": Ways()}),
        Choices(digest=Rhythm("hourly")),
        Choices(digest=Rhythm("daily", 24)),
        Choices(hours=Hours("Mars/Olympus")),
        Choices(hours=Hours("UTC", 60, None)),
        Choices(hours=Hours("UTC", 60, 60)),
        Choices(hours=Hours("UTC", 0, 1440)),
    ],
)
async def test_what_is_no_choice_is_told(tenancy: Tenancy, world: World, chosen: Choices) -> None:
    with pytest.raises(Invalid):
        await put(tenancy, world.pottery, world.pottery.sam, chosen)
    with pytest.raises(Forbidden):
        async with tenancy.scope(world.pottery.id, Actor(person_id=world.chess.eve.person_id)) as scope:
            await choices.put(scope, Choices())


async def test_what_shall_not_ring_is_not_at_the_bell(tenancy: Tenancy, world: World) -> None:
    pottery, thing = world.pottery, uuid4()
    await put(tenancy, pottery, pottery.sam, Choices({kind: Ways(bell=False) for kind in ("mention", "recording")}))
    both = [told(pottery.sam, "Bowls", thing), told(pottery.zoe, "Bowls", thing)]
    said = await ring(tenancy, pottery, *both, thing=thing)
    assert [notice.person_id for notice in said] == [pottery.zoe.person_id]
    await say(tenancy, pottery, pottery.zoe.actor, await make_room(tenancy, pottery), f"<@{pottery.sam.member_id}>")
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        assert (await bell.page(scope), await bell.unread(scope)) == ([], 0)
        assert [each.kind for each in await bell.waiting(scope)] == ["mention"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        (Hours("UTC", 1320, 420), "2026-11-27T21:59", None),
        (Hours("UTC", 1320, 420), "2026-11-27T22:00", "2026-11-28T07:00"),
        (Hours("UTC", 1320, 420), "2026-11-28T06:59", "2026-11-28T07:00"),
        (Hours("UTC", 1320, 420), "2026-11-28T07:00", None),
        (Hours("UTC", 780, 840), "2026-11-28T13:30", "2026-11-28T14:00"),
        (Hours("Asia/Tokyo", 1320, 420), "2026-11-27T14:00", "2026-11-27T22:00"),
        # Clocks go from 02:00 to 03:00: the night is an hour shorter, and an end that never comes comes at 03:30.
        (Hours("Europe/Berlin", 1320, 420), "2026-03-28T22:00", "2026-03-29T05:00"),
        (Hours("Europe/Berlin", 1320, 150), "2026-03-28T22:00", "2026-03-29T01:30"),
        # Clocks go from 03:00 back to 02:00.
        (Hours("Europe/Berlin", 1320, 420), "2026-10-24T21:00", "2026-10-25T06:00"),
        (Hours("UTC"), "2026-11-27T23:00", None),
    ],
)
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so(hours: Hours, now: str, end: str | None) -> None:
    assert hours.until(at(now)) == (end and at(end))


def test_a_digest_comes_once_on_each_day_whatever_clocks_do() -> None:
    now, came = at("2026-03-27T00:00"), []
    for _ in range(4):
        now = Rhythm("daily", 2).after(now, "Europe/Berlin")
        came.append(now)
    assert came == [at(f"2026-03-{day}") for day in ("27T01:00", "28T01:00", "29T01:00", "30T00:00")]
    now, came = at("2026-10-24T00:00"), []
    for _ in range(3):
        now = Rhythm("daily", 2).after(now, "Europe/Berlin")
        came.append(now)
    assert came == [at(f"2026-10-{day}") for day in ("25T00:00", "26T01:00", "27T01:00")]
    assert Rhythm("weekly", 8).after(at("2026-11-30T08:00"), "UTC") == at("2026-12-07T08:00")
