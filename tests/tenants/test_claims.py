"""Claims: who looks at a case keeps others from it, for as long as they look, moderate, and may decide it."""

from uuid import UUID

import pytest

from tenants.errors import Conflict, Forbidden
from tenants.ids import RoomId
from tenants.members import roles
from tenants.moderation import appeals, cases
from tenants.permissions import Role
from tenants.scope import Tenancy
from tests.tenants.moderating import act, acting, flag, waiting
from tests.tenants.test_community import say
from tests.world import School, Somebody


async def claim(tenancy: Tenancy, school: School, who: Somebody, case: UUID) -> None:
    async with acting(tenancy, school, who) as scope:
        await cases.claim(scope, case)


async def two_cases(tenancy: Tenancy, school: School, room: RoomId) -> list[UUID]:
    for words in ("Buy my clay", "Buy my glaze"):
        await flag(tenancy, school, school.zoe, (await say(tenancy, school, school.sam.actor, room, words)).id)
    return [case.row["id"] for case in await waiting(tenancy, school, school.mia)]


async def test_one_looks_at_one_case_at_a_time(tenancy: Tenancy, school: School, room: RoomId) -> None:
    first, second = await two_cases(tenancy, school, room)
    await claim(tenancy, school, school.mia, first)
    with pytest.raises(Conflict, match="Mia is looking at this"):
        await claim(tenancy, school, school.ana, first)
    await claim(tenancy, school, school.mia, second)
    await claim(tenancy, school, school.ana, first)
    with pytest.raises(Conflict, match="Mia is looking at this"):
        await claim(tenancy, school, school.ana, second)


async def test_who_moderates_no_more_keeps_nobody_from_a_case(tenancy: Tenancy, school: School, room: RoomId) -> None:
    first, _ = await two_cases(tenancy, school, room)
    await claim(tenancy, school, school.mia, first)
    async with acting(tenancy, school, school.ana) as scope:
        await roles.change(scope, school.mia.member_id, Role.STUDENT)
    await claim(tenancy, school, school.ana, first)


async def test_who_acted_neither_claims_the_appeal_nor_sees_it_as_theirs_to_decide(
    tenancy: Tenancy, school: School
) -> None:
    warned = await act(tenancy, school, school.mia, "warn", member_id=school.sam.member_id)
    async with acting(tenancy, school, school.sam) as scope:
        case = await appeals.appeal(scope, warned["id"], "I did not")
    (seen,) = await waiting(tenancy, school, school.mia)
    assert (seen.own, seen.acted) == (True, True)
    with pytest.raises(Forbidden, match="You have acted here"):
        await claim(tenancy, school, school.mia, case)
    await claim(tenancy, school, school.ana, case)
    async with acting(tenancy, school, school.ana) as scope:
        await appeals.decide(scope, case, "It stands", upheld=True)


async def test_an_owner_decides_about_an_appeal_against_their_own_act(tenancy: Tenancy, school: School) -> None:
    warned = await act(tenancy, school, school.ana, "warn", member_id=school.sam.member_id)
    async with acting(tenancy, school, school.sam) as scope:
        case = await appeals.appeal(scope, warned["id"], "I did not")
    (seen,) = await waiting(tenancy, school, school.ana)
    assert not seen.own
    await claim(tenancy, school, school.ana, case)
