"""The queue: a flag opens a case, a claim is seen, and a case carries all that a decision needs."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tenants.community import edits
from tenants.community.drafts import draft
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.ids import RoomId
from tenants.moderation import appeals, cases
from tenants.permissions import Role
from tenants.scope import Tenancy
from tests.tenants.moderating import act, acting, flag, passed, undo, waiting
from tests.tenants.test_community import make_room, say
from tests.world import School, World, add_member, make_person


async def test_a_flag_counts_once_however_many_come_at_once(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    told = await asyncio.gather(*(flag(tenancy, school, who, posted.id) for who in (school.zoe, school.ben) * 3))
    assert [each.again for each in told].count(False) == 2
    (case,) = await waiting(tenancy, school, school.mia)
    assert sorted(row["name"] for row in case.flags) == ["Ben", "Zoe"]


async def test_a_flag_needs_a_reason_that_is_known_and_words_where_it_says_other(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    for wrong in (("boring",), ("other",), ("other", " ")):
        with pytest.raises(Invalid):
            await flag(tenancy, school, school.zoe, posted.id, *wrong)
    assert not (await flag(tenancy, school, school.zoe, posted.id, "other", "Copied from me")).again


async def test_nobody_flags_their_own_message_or_one_they_do_not_see(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    school = world.pottery
    posted = await say(tenancy, school, school.sam.actor, room)
    with pytest.raises(Conflict, match="your own"):
        await flag(tenancy, school, school.sam, posted.id)
    with pytest.raises(NotFound):
        await flag(tenancy, world.chess, world.chess.eve, posted.id)
    hidden = await make_room(tenancy, school, "private", "Inner circle")
    inside = await say(tenancy, school, school.ana.actor, hidden)
    with pytest.raises(NotFound):
        await flag(tenancy, school, school.zoe, inside.id)


async def test_the_queue_shows_the_oldest_first_with_the_talk_around(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    said = [await say(tenancy, school, school.sam.actor, room, f"word {n}") for n in range(1, 15)]
    await flag(tenancy, school, school.zoe, said[7].id)
    await flag(tenancy, school, school.zoe, said[1].id)
    first, second = await waiting(tenancy, school, school.mia)
    assert [one["body"] for one in first.around] == [f"word {n}" for n in range(3, 14)]
    assert [one["body"] for one in second.around] == [f"word {n}" for n in range(1, 8)]
    assert first.about is not None
    assert first.about["body"] == "word 8"
    with pytest.raises(Forbidden):
        await waiting(tenancy, school, school.zoe)
    with pytest.raises(Forbidden):
        await waiting(tenancy, school, school.ben)


async def test_what_was_flagged_stays_for_moderators_to_read_though_its_author_changes_it_or_takes_it_away(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "You thieves")
    await flag(tenancy, school, school.zoe, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    assert case.flagged_words == []
    async with acting(tenancy, school, school.sam) as scope:
        await edits.edit(scope, posted.id, draft(posted.id, "Lovely glaze"))
    await flag(tenancy, school, school.ben, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    assert case.flagged_words == ["You thieves"]
    async with acting(tenancy, school, school.sam) as scope:
        await edits.remove(scope, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    assert case.flagged_words == ["You thieves", "Lovely glaze"]


@pytest.mark.parametrize("kind", ["hide", "delete"])
async def test_words_that_are_taken_away_outside_the_queue_wait_there_no_more(
    tenancy: Tenancy, school: School, room: RoomId, kind: str
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    await flag(tenancy, school, school.zoe, posted.id)
    done = await act(tenancy, school, school.mia, kind, message_id=posted.id)
    assert await waiting(tenancy, school, school.mia) == []
    await undo(tenancy, school, school.mia, done["id"])
    assert len(await waiting(tenancy, school, school.mia)) == 1


async def test_what_was_flagged_in_a_private_room_is_for_those_who_see_it(tenancy: Tenancy, school: School) -> None:
    inner = await make_room(tenancy, school, "private", "Inner")
    olga = await add_member(tenancy, school, await make_person(tenancy, "olga"), Role.ADMIN)
    posted = await say(tenancy, school, school.ana.actor, inner)
    await flag(tenancy, school, olga, posted.id)
    assert len(await waiting(tenancy, school, school.ana)) == 1
    assert await waiting(tenancy, school, school.mia) == []


async def test_a_claim_is_seen_and_keeps_others_from_deciding(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    await flag(tenancy, school, school.zoe, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    async with acting(tenancy, school, school.mia) as scope:
        await cases.claim(scope, case.row["id"])
    (seen,) = await waiting(tenancy, school, school.ana)
    assert (seen.row["claimant"], cases.claimed(seen.row)) == ("Mia", True)
    for refused in (cases.claim, cases.release):
        with pytest.raises(Conflict, match="Mia is looking"):
            async with acting(tenancy, school, school.ana) as scope:
                await refused(scope, case.row["id"])
    with pytest.raises(Conflict, match="Mia is looking"):
        await act(tenancy, school, school.ana, "keep", case_id=case.row["id"])
    async with acting(tenancy, school, school.mia) as scope:
        await cases.release(scope, case.row["id"])
    await act(tenancy, school, school.ana, "keep", case_id=case.row["id"])
    assert await waiting(tenancy, school, school.mia) == []
    with pytest.raises(Conflict, match="decided already"):
        await act(tenancy, school, school.mia, "hide", case_id=case.row["id"])


async def test_what_is_undone_waits_again(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    await flag(tenancy, school, school.zoe, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    done = await act(tenancy, school, school.mia, "hide", case_id=case.row["id"])
    assert await waiting(tenancy, school, school.mia) == []
    with pytest.raises(Forbidden, match="who acted"):
        await undo(tenancy, school, school.ana, done["id"])
    await undo(tenancy, school, school.mia, done["id"])
    assert [each.row["id"] for each in await waiting(tenancy, school, school.mia)] == [case.row["id"]]


async def test_a_claim_ends_by_itself(tenancy: Tenancy, school: School, room: RoomId, database: str) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    await flag(tenancy, school, school.zoe, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    async with acting(tenancy, school, school.mia) as scope:
        row = await cases.claim(scope, case.row["id"])
    assert timedelta(minutes=4) < row["claimed_until"] - datetime.now(UTC) <= cases.CLAIM
    await passed(database, "moderation_cases", "claimed_until", school)
    await act(tenancy, school, school.ana, "keep", case_id=case.row["id"])


async def test_notes_and_earlier_acts_stand_beside_a_case(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    await act(tenancy, school, school.mia, "warn", member_id=school.sam.member_id)
    await act(tenancy, school, school.ana, "note", member_id=school.sam.member_id)
    await flag(tenancy, school, school.zoe, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    assert [(row["kind"], row["by_name"]) for row in case.earlier] == [("note", "Ana"), ("warn", "Mia")]
    async with acting(tenancy, school, school.sam) as scope:
        assert [row["kind"] for row in await appeals.decisions(scope)] == ["warn"], "a note is told to nobody"
