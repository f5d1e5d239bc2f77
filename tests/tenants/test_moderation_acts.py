"""Acts: each bites at once and is undone exactly, is told and kept, and nobody acts on those above."""

from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from tenants import audit
from tenants.community import edits, hiding, messages, reactions, room_editing
from tenants.community.drafts import draft
from tenants.errors import Conflict, Forbidden, Invalid, TooFast
from tenants.ids import RoomId
from tenants.members import members
from tenants.moderation import acts, appeals, deleting, queue
from tenants.permissions import Role
from tenants.scope import Committed, Tenancy
from tests.tenants.moderating import SOON, act, acting, flag, passed, read, undo, waiting
from tests.tenants.test_community import say
from tests.world import School, add_member, make_person


@pytest.mark.parametrize("kind", ["hide", "delete"])
async def test_words_that_are_taken_away_come_back_exactly(
    tenancy: Tenancy, school: School, room: RoomId, kind: str
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "Buy **my** clay")
    async with acting(tenancy, school, school.zoe) as scope:
        await reactions.put(scope, posted.id, "👍", on=True)
    before = await read(tenancy, school, posted.id)
    done = await act(tenancy, school, school.mia, kind, message_id=posted.id)
    gone = await read(tenancy, school, posted.id)
    assert (gone["body"], gone["html"], gone["hidden"], gone["deleted"]) == ("", "", kind == "hide", kind == "delete")
    undone = await undo(tenancy, school, school.mia, done["id"])
    assert undone["undone_at"] is not None
    assert await read(tenancy, school, posted.id) == before
    assert (await undo(tenancy, school, school.mia, done["id"]))["undone_at"] == undone["undone_at"]


async def test_a_hidden_message_that_was_deleted_is_hidden_again(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    hidden = await act(tenancy, school, school.mia, "hide", message_id=posted.id)
    deleted = await act(tenancy, school, school.mia, "delete", message_id=posted.id)
    await undo(tenancy, school, school.mia, deleted["id"])
    assert (await read(tenancy, school, posted.id))["hidden"]
    await undo(tenancy, school, school.mia, hidden["id"])
    assert (await read(tenancy, school, posted.id))["body"] == "Buy my clay"


async def test_a_hidden_message_is_read_by_moderators_and_changed_by_nobody(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    await flag(tenancy, school, school.zoe, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    await act(tenancy, school, school.mia, "hide", message_id=posted.id)
    async with acting(tenancy, school, school.mia) as scope:
        shown = await queue.one(scope, case.row["id"])
    assert shown is not None
    assert shown.about is not None
    assert (shown.about["body"], shown.about["hidden"]) == ("Buy my clay", True)
    with pytest.raises(Forbidden, match="hidden"):
        async with acting(tenancy, school, school.zoe) as scope:
            await reactions.put(scope, posted.id, "👍", on=True)
    async with acting(tenancy, school, school.sam) as scope:
        await edits.remove(scope, posted.id)
    async with acting(tenancy, school, school.mia) as scope:
        last = await queue.one(scope, case.row["id"])
    assert last is not None
    assert last.about is not None
    assert (last.about["body"], last.about["deleted"]) == ("", True), "its author took it away for good"


async def test_deleted_words_are_forgotten_when_the_time_to_undo_has_passed(
    tenancy: Tenancy, school: School, room: RoomId, database: str
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    done = await act(tenancy, school, school.mia, "delete", message_id=posted.id)
    async with acting(tenancy, school, school.mia) as scope:
        await hiding.forget_deleted(scope, posted.id)
    await undo(tenancy, school, school.mia, done["id"])
    done = await act(tenancy, school, school.mia, "delete", message_id=posted.id)
    for table, column in (("withheld", "at"), ("moderation_acts", "at")):
        await passed(database, table, column, school)
    async with acting(tenancy, school, school.mia) as scope:
        await hiding.forget_deleted(scope, posted.id)
    with pytest.raises(Conflict, match="ten seconds"):
        await undo(tenancy, school, school.mia, done["id"])
    owner = await asyncpg.connect(database)
    assert await owner.fetchval("select count(*) from withheld where channel_id = $1", school.id) == 0
    await owner.close()


async def test_who_is_muted_reads_but_neither_writes_nor_reacts_nor_edits(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    other = await say(tenancy, school, school.zoe.actor, room)
    until = datetime.now(UTC) + SOON
    done = await act(tenancy, school, school.mia, "mute", member_id=school.sam.member_id, until=until)
    with pytest.raises(Forbidden, match=r"muted until .*advertises") as refused:
        await say(tenancy, school, school.sam.actor, room)
    assert refused.value.code == "muted"
    for write in (
        lambda scope: reactions.put(scope, other.id, "👍", on=True),
        lambda scope: edits.edit(scope, posted.id, draft(posted.id, "x")),
    ):
        with pytest.raises(Forbidden, match="muted"):
            async with acting(tenancy, school, school.sam) as scope:
                await write(scope)
    async with acting(tenancy, school, school.sam) as scope:
        assert len(await messages.page(scope, room)) == 2
    await undo(tenancy, school, school.mia, done["id"])
    await say(tenancy, school, school.sam.actor, room)


async def test_an_undone_mute_leaves_the_one_before(tenancy: Tenancy, school: School, room: RoomId) -> None:
    first, second = [datetime.now(UTC) + SOON * n for n in (1, 2)]
    await act(tenancy, school, school.mia, "mute", member_id=school.sam.member_id, until=first)
    longer = await act(tenancy, school, school.mia, "mute", member_id=school.sam.member_id, until=second)
    await undo(tenancy, school, school.mia, longer["id"])
    with pytest.raises(Forbidden) as refused:
        await say(tenancy, school, school.sam.actor, room)
    assert datetime.fromisoformat(refused.value.data["until"]) == first


async def test_slow_mode_holds_students_to_a_pace(
    tenancy: Tenancy, school: School, room: RoomId, database: str
) -> None:
    done = await act(tenancy, school, school.mia, "slow", room_id=room, seconds=60)
    posted = await say(tenancy, school, school.sam.actor, room)
    with pytest.raises(TooFast, match="slow mode") as refused:
        await say(tenancy, school, school.sam.actor, room)
    assert 50 < refused.value.retry_after <= 60
    for who in (school.zoe, school.mia, school.mia):
        await say(tenancy, school, who.actor, room)
    await passed(database, "paces", "last_at", school)
    assert (await say(tenancy, school, school.sam.actor, room)).seq == posted.seq + 4, "no number was lost"
    await undo(tenancy, school, school.mia, done["id"])
    for _ in range(2):
        await say(tenancy, school, school.sam.actor, room)


async def test_a_ban_undone_is_no_ban(tenancy: Tenancy, school: School) -> None:
    done = await act(tenancy, school, school.mia, "ban", member_id=school.sam.member_id)
    async with acting(tenancy, school, school.mia) as scope:
        assert (await members.locked(scope, school.sam.member_id))["ban_reason"] == "It advertises."
    await undo(tenancy, school, school.mia, done["id"])
    async with acting(tenancy, school, school.mia) as scope:
        assert (await members.locked(scope, school.sam.member_id))["banned_at"] is None


ACTED_ON = {"ana": False, "ben": False, "mia": False, "sam": True}


@pytest.mark.parametrize("kind", sorted(acts.ON_MEMBERS))
async def test_a_moderator_acts_on_those_below_only(tenancy: Tenancy, school: School, room: RoomId, kind: str) -> None:
    nell = await add_member(tenancy, school, await make_person(tenancy, "nell"), Role.MODERATOR)
    for name, may in ACTED_ON.items():
        posted = await say(tenancy, school, school.people[name].actor, room)
        given = {"message_id": posted.id, "until": datetime.now(UTC) + SOON}
        if may:
            await act(tenancy, school, nell, kind, **given)
        else:
            with pytest.raises(Forbidden, match="only somebody above"):
                await act(tenancy, school, nell, kind, **given)


async def test_a_moderator_deletes_what_those_below_said_and_no_more(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    for who, may in ((school.sam, True), (school.ben, False), (school.ana, False), (school.mia, True)):
        posted = await say(tenancy, school, who.actor, room)
        async with acting(tenancy, school, school.mia) as scope:
            if may:
                await deleting.delete(scope, posted.id)
            else:
                with pytest.raises(Forbidden, match="only somebody above"):
                    await deleting.delete(scope, posted.id)


async def test_what_is_deleted_in_a_room_is_told_with_its_reason_undone_and_closes_its_case(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    await flag(tenancy, school, school.zoe, posted.id)
    async with acting(tenancy, school, school.mia) as scope:
        done = await deleting.delete(scope, posted.id, "spam")
        assert await deleting.delete(scope, posted.id, "spam") is None
    assert done is not None
    assert await waiting(tenancy, school, school.mia) == []
    async with acting(tenancy, school, school.sam) as scope:
        told = await appeals.decisions(scope)
    assert [(row["kind"], row["reason"]) for row in told] == [("delete", "It advertises, or repeats itself.")]
    await undo(tenancy, school, school.mia, done["id"])
    assert (await read(tenancy, school, posted.id))["body"] == "Buy my clay"
    assert len(await waiting(tenancy, school, school.mia)) == 1


async def test_cases_of_archived_rooms_wait_and_are_decided(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    await flag(tenancy, school, school.zoe, posted.id)
    async with acting(tenancy, school, school.ana) as scope:
        await room_editing.archive(scope, room, archived=True)
    (case,) = await waiting(tenancy, school, school.mia)
    await act(tenancy, school, school.mia, "hide", case_id=case.row["id"])
    assert (await read(tenancy, school, posted.id))["hidden"]


async def test_students_and_teachers_do_not_act(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    for who in (school.zoe, school.ben):
        with pytest.raises(Forbidden):
            await act(tenancy, school, who, "hide", message_id=posted.id)


async def test_each_act_is_in_the_audit_and_told_to_the_person(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room)
    heard: list[Committed] = []
    ears = replace(tenancy, after_commit=heard.append)
    done = await act(ears, school, school.mia, "hide", message_id=posted.id)
    told = {notice.event: notice for _, notice in heard[-1].notices}
    assert told["message.hidden"].payload == {"room": str(room), "id": str(posted.id), "seq": 1}
    assert told["notice"].person_id == school.sam.person_id
    assert told["notice"].payload["kind"] == "decision"
    assert heard[-1].changes, "search follows"
    async with acting(tenancy, school, school.ana) as scope:
        (line,) = [row for row in await audit.page(scope) if row["action"] == "moderation.hide"]
    assert (line["target"], line["actor"]) == (str(done["id"]), f"member:{school.mia.member_id}")


async def test_an_act_that_is_refused_leaves_nothing(tenancy: Tenancy, school: School) -> None:
    for kind, about in (
        ("mute", {"member_id": school.sam.member_id, "until": datetime.now(UTC) - SOON}),
        ("slow", {"room_id": None, "seconds": 5}),
        ("warn", {}),
        ("keep", {}),
    ):
        with pytest.raises(Invalid):
            await act(tenancy, school, school.mia, kind, **about)
    async with acting(tenancy, school, school.mia) as scope:
        assert await acts.last(scope) is None


async def test_an_act_row_cannot_be_deleted(tenancy: Tenancy, school: School, database: str) -> None:
    owner = await asyncpg.connect(database)
    for table in ("moderation_acts", "appeals"):
        assert not await owner.fetchval("select has_table_privilege('guildhall_app', $1, 'DELETE')", table)
    await owner.close()
