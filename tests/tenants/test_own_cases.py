"""Cases about those who moderate: another decides them, and only who moderates alone lets their own words stand."""

import pytest

from tenants.errors import Forbidden
from tenants.ids import RoomId
from tenants.moderation import cases
from tenants.permissions import Role
from tenants.scope import Record, Tenancy
from tests.tenants.moderating import SOON, act, acting, flag, waiting
from tests.tenants.test_community import make_room, say
from tests.world import School, Somebody, make_school

DECIDED = ("keep", "hide", "delete", "warn", "ban", "note", "slow")


async def flagged(tenancy: Tenancy, school: School, room: RoomId, author: Somebody) -> Record:
    """The case of a message that Sam has flagged."""
    posted = await say(tenancy, school, author.actor, room, "My rules")
    await flag(tenancy, school, school.sam, posted.id, "other", "She is rude to me")
    (case,) = await waiting(tenancy, school, school.ana)
    return case.row


@pytest.mark.parametrize("kind", DECIDED)
async def test_nobody_decides_about_themselves(tenancy: Tenancy, school: School, room: RoomId, kind: str) -> None:
    case = await flagged(tenancy, school, room, school.mia)
    for about in ({"case_id": case["id"]}, {"message_id": case["message_id"]}):
        if about.get("case_id") or kind in {"hide", "delete", "warn", "ban"}:
            with pytest.raises(Forbidden, match="about you: somebody else who moderates") as refused:
                await act(tenancy, school, school.mia, kind, seconds=30, **about)
            assert refused.value.code == "own_case"
    await act(tenancy, school, school.ana, kind, case_id=case["id"], seconds=30)


async def test_an_owner_leaves_it_to_their_moderators_too(tenancy: Tenancy, school: School, room: RoomId) -> None:
    case = await flagged(tenancy, school, room, school.ana)
    with pytest.raises(Forbidden, match="about you"):
        await act(tenancy, school, school.ana, "keep", case_id=case["id"])
    await act(tenancy, school, school.mia, "keep", case_id=case["id"])
    assert await waiting(tenancy, school, school.ana) == []


async def test_nobody_claims_a_case_about_themselves(tenancy: Tenancy, school: School, room: RoomId) -> None:
    case = await flagged(tenancy, school, room, school.mia)
    with pytest.raises(Forbidden, match="about you"):
        async with acting(tenancy, school, school.mia) as scope:
            await cases.claim(scope, case["id"])
    async with acting(tenancy, school, school.ana) as scope:
        assert (await cases.claim(scope, case["id"]))["claimed_by"] == school.ana.member_id


async def test_who_is_flagged_sees_that_it_waits_and_not_who_flagged(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    await act(tenancy, school, school.ana, "note", member_id=school.mia.member_id)
    await flagged(tenancy, school, room, school.mia)
    (own,), (others,) = [await waiting(tenancy, school, who) for who in (school.mia, school.ana)]
    assert (own.own, own.flags, own.earlier) == (True, (), ())
    assert (others.own, [each["name"] for each in others.flags], len(others.earlier)) == (False, ["Sam"], 1)


async def test_who_moderates_alone_keeps_their_own_words_and_no_more(tenancy: Tenancy) -> None:
    school = await make_school(tenancy, "alone", {"ana": Role.OWNER, "ben": Role.TEACHER, "sam": Role.STUDENT})
    case = await flagged(tenancy, school, await make_room(tenancy, school), school.ana)
    for kind in ("hide", "delete", "warn", "mute", "ban"):
        with pytest.raises(Forbidden, match="about you"):
            await act(tenancy, school, school.ana, kind, case_id=case["id"], until=case["opened_at"] + SOON)
    (shown,) = await waiting(tenancy, school, school.ana)
    assert (shown.own, [each["name"] for each in shown.flags]) == (False, ["Sam"])
    await act(tenancy, school, school.ana, "note", case_id=case["id"])
    await act(tenancy, school, school.ana, "keep", case_id=case["id"])
    assert await waiting(tenancy, school, school.ana) == []
