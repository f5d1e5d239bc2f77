"""Trials of filters: what one would have caught over the last 30 days, exactly, and in bounded time."""

from typing import Any

import pytest

from tenants.community import insiders
from tenants.errors import Forbidden, Invalid
from tenants.ids import RoomId
from tenants.moderation import filter_editing, trials
from tenants.scope import Tenancy
from tests.tenants.filtering import filter_of, owner_runs, say
from tests.tenants.moderating import act, acting
from tests.tenants.test_community import make_room
from tests.world import School, Somebody


async def run(tenancy: Tenancy, school: School, kind: str, who: Somebody | None = None, **more: Any) -> trials.Trial:
    async with acting(tenancy, school, who or school.mia) as scope:
        return await trials.run(scope, filter_of(kind, "refuse", **more))


async def test_a_trial_counts_students_words_only_and_changes_nothing(
    tenancy: Tenancy, database: str, school: School, room: RoomId
) -> None:
    for body in ("clay", "a bowl", "CLAY!", "free money"):
        await say(tenancy, school, school.sam, room, body)
    await say(tenancy, school, school.ana, room, "clay")
    hidden = await say(tenancy, school, school.sam, room, "clay, hidden")
    await act(tenancy, school, school.mia, "hide", message_id=hidden.id)
    old = await say(tenancy, school, school.sam, room, "clay, long ago")
    await owner_runs(
        database, "messages", "update messages set created_at = now() - interval '31 days' where id = $1", old.id
    )
    found = await run(tenancy, school, "words")
    assert (found.looked_at, found.caught, found.complete) == (4, 3, True)
    assert [each.seq for each in found.sample] == [4, 3, 1]
    assert [count for _, count in found.days] == [3]
    async with acting(tenancy, school, school.mia) as scope:
        assert await filter_editing.every(scope) == []


async def test_repeats_and_newcomers_are_judged_as_they_came(tenancy: Tenancy, school: School, room: RoomId) -> None:
    other = await make_room(tenancy, school, name="Kilns")
    for at in (room, other, room):
        await say(tenancy, school, school.sam, at, "Join us")
    await say(tenancy, school, school.zoe, room, "Join us")
    assert (await run(tenancy, school, "repeats")).caught == 2
    assert (await run(tenancy, school, "newcomers")).caught == 1
    few = {"messages": 2, "per_hour": 0}
    assert (await run(tenancy, school, "newcomers", rule=few)).caught == 3, "the third of Sam's is not new any more"


async def test_a_trial_looks_only_into_rooms_that_the_moderator_sees(tenancy: Tenancy, school: School) -> None:
    private = await make_room(tenancy, school, "private")
    async with acting(tenancy, school, school.ana) as scope:
        await insiders.let_in(scope, private, school.sam.member_id)
    await say(tenancy, school, school.sam, private, "clay")
    assert (await run(tenancy, school, "words")).caught == 0
    assert (await run(tenancy, school, "words", school.ana)).caught == 1


async def test_a_trial_is_for_moderators_and_says_what_is_wrong(tenancy: Tenancy, school: School) -> None:
    with pytest.raises(Forbidden):
        await run(tenancy, school, "words", school.zoe)
    with pytest.raises(Invalid):
        await run(tenancy, school, "words", rule={})


async def test_a_hundred_thousand_messages_are_looked_at_and_the_rest_is_said_to_be_left(
    tenancy: Tenancy, database: str, school: School, room: RoomId, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(7):
        await say(tenancy, school, school.sam, room, f"clay {n}")
    monkeypatch.setattr(trials, "MOST", 5)
    monkeypatch.setattr(trials, "PAGE", 2)
    found = await run(tenancy, school, "words")
    assert (found.looked_at, found.complete) == (5, False)
    assert [each.seq for each in found.sample] == [7, 6, 5, 4, 3]
    monkeypatch.setattr(trials, "SECONDS", -1.0)
    cut = await run(tenancy, school, "words")
    assert (cut.looked_at, cut.complete) == (2, False)
