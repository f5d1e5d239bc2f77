"""Polls under moderation: hidden, deleted, filtered; and whose votes are refused."""

from datetime import UTC, datetime

import pytest

from tenants.community import edits, room_editing, voting
from tenants.errors import Forbidden, NotFound
from tenants.ids import RoomId
from tenants.members import bans
from tenants.moderation import queue, trials
from tenants.scope import Tenancy
from tests.tenants import filtering, test_raids
from tests.tenants.moderating import SOON, act, acting, flag, undo, waiting
from tests.tenants.polling import ask, asked, counts, place, standing, vote
from tests.world import School


@pytest.fixture
async def room(tenancy: Tenancy, school: School) -> RoomId:
    return await place(tenancy, school)


async def test_the_muted_the_new_in_a_raid_and_the_banned_vote_no_more_and_what_counted_counts(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    message = await ask(tenancy, school, school.ana, room)
    await vote(tenancy, school, school.sam, message, 0)
    muted = await act(
        tenancy, school, school.mia, "mute", member_id=school.sam.member_id, until=datetime.now(UTC) + SOON
    )
    for options in ((1,), ()):
        with pytest.raises(Forbidden, match="muted"):
            await vote(tenancy, school, school.sam, message, *options)
    await undo(tenancy, school, school.mia, muted["id"])
    await test_raids.begin(tenancy, school)
    with pytest.raises(Forbidden, match="New members only read"):
        await vote(tenancy, school, school.sam, message, 1)
    await test_raids.end(tenancy, school)
    async with acting(tenancy, school, school.mia) as scope:
        await bans.ban(scope, school.sam.member_id, "Spam")
    assert counts(await standing(tenancy, school, school.zoe, message)) == [1, 0, 0]


async def test_a_hidden_poll_shows_nothing_takes_no_vote_and_comes_back_as_it_was(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    message = await ask(tenancy, school, school.sam, room)
    await vote(tenancy, school, school.zoe, message, 1)
    await flag(tenancy, school, school.zoe, message)
    (case,) = await waiting(tenancy, school, school.mia)
    assert case.about is not None
    assert counts(case.about["poll"]) == [0, 1, 0]
    hidden = await act(tenancy, school, school.mia, "hide", case_id=case.row["id"])
    assert await standing(tenancy, school, school.sam, message) is None
    with pytest.raises(Forbidden, match="hidden"):
        await vote(tenancy, school, school.zoe, message, 0)
    async with acting(tenancy, school, school.mia) as scope:
        looked_at = await queue.one(scope, case.row["id"])
    assert looked_at is not None
    assert looked_at.about is not None
    assert counts(looked_at.about["poll"]) == [0, 1, 0]
    await undo(tenancy, school, school.mia, hidden["id"])
    back = await standing(tenancy, school, school.zoe, message)
    assert (counts(back), back and back["mine"]) == ([0, 1, 0], [1])


async def test_a_deleted_poll_keeps_nothing_of_its_votes(tenancy: Tenancy, school: School, room: RoomId) -> None:
    message = await ask(tenancy, school, school.sam, room)
    await vote(tenancy, school, school.zoe, message, 1)
    async with acting(tenancy, school, school.sam) as scope:
        await edits.remove(scope, message)
    assert await standing(tenancy, school, school.zoe, message) is None
    async with acting(tenancy, school, school.zoe) as scope:
        assert await voting.own(scope, [message]) == {}
    with pytest.raises(NotFound, match="deleted"):
        await vote(tenancy, school, school.zoe, message, 1)


async def test_an_archived_room_takes_no_vote(tenancy: Tenancy, school: School, room: RoomId) -> None:
    message = await ask(tenancy, school, school.sam, room)
    async with acting(tenancy, school, school.ana) as scope:
        await room_editing.archive(scope, room)
    with pytest.raises(Forbidden, match="archived"):
        await vote(tenancy, school, school.zoe, message, 1)


async def test_filters_read_options_as_they_read_words(tenancy: Tenancy, school: School, room: RoomId) -> None:
    await filtering.add(tenancy, school, "words", "hold")
    held = await ask(tenancy, school, school.sam, room, asked("Stoneware", "Free money & <b>"), "Which?")
    assert await standing(tenancy, school, school.zoe, held) is None
    (case,) = await waiting(tenancy, school, school.mia)
    assert case.about is not None
    assert [each["text"] for each in case.about["poll"]["options"]] == ["Stoneware", "Free money & <b>"]
    await act(tenancy, school, school.mia, "keep", case_id=case.row["id"])
    assert counts(await standing(tenancy, school, school.zoe, held)) == [0, 0]
    trial = await tried(tenancy, school)
    assert trial.caught == 1


async def tried(tenancy: Tenancy, school: School) -> trials.Trial:
    async with acting(tenancy, school, school.mia) as scope:
        return await trials.run(scope, filtering.filter_of("words", "hold"))
