"""Appeals: once per act, in words, decided by another moderator than who acted; overturned, the act is undone."""

from dataclasses import replace
from uuid import UUID

import pytest

from tenants.errors import Conflict, Forbidden, NotFound
from tenants.ids import RoomId
from tenants.members import members
from tenants.moderation import appeals, queue
from tenants.scope import Committed, Record, Tenancy
from tests.tenants.moderating import act, acting, flag, passed, read, waiting
from tests.tenants.test_community import say
from tests.world import School, Somebody, World


@pytest.fixture
async def hidden(tenancy: Tenancy, school: School, room: RoomId) -> Record:
    """A message of Sam's that Zoe has flagged and Mia hidden."""
    posted = await say(tenancy, school, school.sam.actor, room, "Buy my clay")
    await flag(tenancy, school, school.zoe, posted.id)
    (case,) = await waiting(tenancy, school, school.mia)
    return await act(tenancy, school, school.mia, "hide", case_id=case.row["id"])


async def appeal(tenancy: Tenancy, school: School, who: Somebody, act_id: UUID, words: str = "It was mine") -> UUID:
    async with acting(tenancy, school, who) as scope:
        return await appeals.appeal(scope, act_id, words)


async def decide(tenancy: Tenancy, school: School, who: Somebody, case_id: UUID, *, upheld: bool) -> None:
    async with acting(tenancy, school, who) as scope:
        await appeals.decide(scope, case_id, "We looked again.", upheld=upheld)


async def test_an_appeal_comes_to_the_queue_once(tenancy: Tenancy, school: School, hidden: Record) -> None:
    case_id = await appeal(tenancy, school, school.sam, hidden["id"])
    with pytest.raises(Conflict, match="already"):
        await appeal(tenancy, school, school.sam, hidden["id"])
    async with acting(tenancy, school, school.ana) as scope:
        (case,) = await queue.page(scope)
    assert (case.row["id"], case.row["kind"]) == (case_id, "appeal")
    assert case.appeal is not None
    assert (case.appeal["words"], case.appeal["kind"]) == ("It was mine", "hide")


async def test_only_whom_the_act_hit_appeals(tenancy: Tenancy, world: World, hidden: Record) -> None:
    for school, who in ((world.pottery, world.pottery.zoe), (world.chess, world.chess.eve)):
        with pytest.raises(NotFound):
            await appeal(tenancy, school, who, hidden["id"])


async def test_who_acted_does_not_decide_the_appeal(tenancy: Tenancy, school: School, hidden: Record) -> None:
    case_id = await appeal(tenancy, school, school.sam, hidden["id"])
    for who in (school.mia, school.sam, school.ben):
        with pytest.raises(Forbidden):
            await decide(tenancy, school, who, case_id, upheld=True)
    await decide(tenancy, school, school.ana, case_id, upheld=True)
    assert (await read(tenancy, school, hidden["message_id"]))["hidden"]


async def test_an_owner_may_decide_an_appeal_against_their_own_act(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    done = await act(tenancy, school, school.ana, "warn", member_id=school.sam.member_id)
    case_id = await appeal(tenancy, school, school.sam, done["id"])
    await decide(tenancy, school, school.ana, case_id, upheld=False)


async def test_an_overturned_act_is_undone_however_late_and_both_are_told(
    tenancy: Tenancy, school: School, hidden: Record, database: str
) -> None:
    await passed(database, "moderation_acts", "at", school)
    case_id = await appeal(tenancy, school, school.sam, hidden["id"])
    heard: list[Committed] = []
    await decide(replace(tenancy, after_commit=heard.append), school, school.ana, case_id, upheld=False)
    assert (await read(tenancy, school, hidden["message_id"]))["body"] == "Buy my clay"
    told = [notice for _, notice in heard[-1].notices if "overturned" in str(notice.payload.get("title"))]
    assert {notice.person_id for notice in told} == {school.sam.person_id, school.mia.person_id}
    with pytest.raises(Conflict, match="decided already"):
        await decide(tenancy, school, school.ana, case_id, upheld=True)
    async with acting(tenancy, school, school.mia) as scope:
        assert await queue.page(scope) == [], "an overturned act is decided for good"


async def test_what_was_decided_is_read_by_its_person_though_banned(tenancy: Tenancy, school: School) -> None:
    done = await act(tenancy, school, school.mia, "ban", member_id=school.sam.member_id)
    banned = replace(school.sam.actor, banned="It advertises.")
    async with tenancy.scope(school.id, banned) as scope:
        (row,) = await appeals.decisions(scope)
        assert (row["kind"], row["reason"]) == ("ban", "It advertises.")
        case_id = await appeals.appeal(scope, done["id"], "I was hacked")
    await decide(tenancy, school, school.ana, case_id, upheld=False)
    async with acting(tenancy, school, school.ana) as scope:
        assert (await members.locked(scope, school.sam.member_id))["banned_at"] is None
