"""Members: joining, leaving, roles that nobody gives beyond their own, bans that bite at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tenants import audit, directory
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded
from tenants.members import bans, members, roles
from tenants.permissions import VISITOR, Action, Actor, Role, acting_system
from tenants.scope import Committed, Tenancy
from tests.databases import bare
from tests.waiting import until
from tests.world import School, World, add_member, make_person


async def names(tenancy: Tenancy, school: School) -> list[str]:
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        return [row["name"] for row in await members.page(scope)]


async def test_joining_many_times_at_once_makes_one_member(tenancy: Tenancy, world: World) -> None:
    async def join() -> object:
        async with tenancy.scope(world.chess.id, world.nobody.actor) as scope:
            return (await members.join(scope))["id"]

    assert len(set(await asyncio.gather(*(join() for _ in range(10))))) == 1
    assert await names(tenancy, world.chess) == ["Otto", "Eve", "Nobody"]


async def test_one_who_joins_is_welcomed_by_mail_once(tenancy: Tenancy, world: World) -> None:
    async def join() -> None:
        async with tenancy.scope(world.chess.id, world.nobody.actor) as scope:
            await members.join(scope)

    await asyncio.gather(*(join() for _ in range(4)))
    async with tenancy.scope(world.chess.id, world.nobody.actor) as scope:
        await members.join(scope)
        await members.leave(scope)
    await join()
    async with bare(tenancy.relay) as connection:
        mails = await connection.fetch("select name, payload from jobs where channel_id = $1", world.chess.id)
    assert [(each["name"], each["payload"]) for each in mails] == [
        ("SendMail", {"template": "welcome", "to": str(world.nobody.person_id), "subject_id": None, "language": "en"})
    ]


async def test_one_who_joins_may_act_as_a_member_in_the_same_breath(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.chess.id, world.nobody.actor) as scope:
        with pytest.raises(Forbidden):
            scope.require(Action.ENROLL)
        member = await members.join(scope)
        scope.require(Action.ENROLL)
        assert scope.member_id() == member["id"]


async def test_joining_again_takes_nobodys_role(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        assert (await members.join(scope))["role"] == "owner"


async def test_a_visitor_joins_nothing(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.chess.id, VISITOR) as scope:
        with pytest.raises(SignInNeeded):
            await members.join(scope)


async def test_one_who_comes_back_is_a_student_again(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await members.leave(scope)
    assert "Ben" not in await names(tenancy, world.pottery)
    async with tenancy.scope(world.pottery.id) as scope:
        actor = await directory.admit(scope, world.pottery.ben.token)
        assert actor.role is None
        back = await members.join(scope)
    assert (back["id"], back["role"]) == (world.pottery.ben.member_id, "student")


async def test_the_last_owner_stays(tenancy: Tenancy, world: World) -> None:
    for attempt in (members.leave, _step_down):
        async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
            with pytest.raises(Conflict) as refused:
                await attempt(scope)
            assert refused.value.code == "last_owner"


async def _step_down(scope: object) -> None:
    await roles.change(scope, scope.member_id(), Role.STUDENT)  # type: ignore[arg-type,attr-defined]


async def test_two_owners_stepping_down_at_once_leave_one(tenancy: Tenancy, world: World) -> None:
    second = await add_member(tenancy, world.pottery, await make_person(tenancy, "olga"), Role.OWNER)

    async def step_down(actor: Actor) -> str:
        try:
            async with tenancy.scope(world.pottery.id, actor) as scope:
                await _step_down(scope)
        except Conflict as refused:
            return refused.code
        return "student"

    results = await asyncio.gather(step_down(world.pottery.ana.actor), step_down(second.actor))
    assert sorted(results) == ["last_owner", "student"]


async def test_roles_are_given_downwards_only(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    admin = await add_member(tenancy, pottery, await make_person(tenancy, "ada"), Role.ADMIN)
    peer = await add_member(tenancy, pottery, await make_person(tenancy, "abe"), Role.ADMIN)
    allowed = [
        (pottery.ana, pottery.sam, Role.ADMIN), (pottery.ana, pottery.zoe, Role.OWNER),
        (admin, pottery.ben, Role.ADMIN), (admin, admin, Role.STUDENT), (pottery.ana, peer, Role.TEACHER),
    ]  # fmt: skip
    refused = [
        (admin, pottery.ana, Role.STUDENT), (admin, peer, Role.STUDENT), (admin, pottery.sam, Role.OWNER),
        (admin, admin, Role.OWNER), (pottery.ben, pottery.sam, Role.MODERATOR),
        (pottery.mia, pottery.sam, Role.STUDENT), (pottery.sam, pottery.sam, Role.OWNER),
    ]  # fmt: skip
    for who, whom, role in refused:
        async with tenancy.scope(pottery.id, who.actor) as scope:
            with pytest.raises(Forbidden):
                await roles.change(scope, whom.member_id, role)
    for who, whom, role in allowed:
        async with tenancy.scope(pottery.id, who.actor) as scope:
            assert (await roles.change(scope, whom.member_id, role))["role"] == role
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        assert len(await audit.page(scope)) == len(allowed)


async def test_another_owner_is_not_demoted_but_may_step_down(tenancy: Tenancy, world: World) -> None:
    second = await add_member(tenancy, world.pottery, await make_person(tenancy, "olga"), Role.OWNER)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        with pytest.raises(Forbidden):
            await roles.change(scope, second.member_id, Role.ADMIN)
    async with tenancy.scope(world.pottery.id, second.actor) as scope:
        assert (await roles.change(scope, second.member_id, Role.TEACHER))["role"] == "teacher"


async def test_a_ban_shuts_out_at_once_and_tells_the_sockets(tenancy: Tenancy, world: World) -> None:
    told: list[Committed] = []
    own = Tenancy(tenancy.app, tenancy.relay, told.append)
    async with own.scope(world.pottery.id, world.pottery.mia.actor) as scope:
        await bans.ban(scope, world.pottery.sam.member_id, "Spam")
    ((_, notice),) = told[0].notices
    assert (notice.event, notice.person_id) == ("member.banned", world.pottery.sam.person_id)
    async with tenancy.scope(world.pottery.id) as scope:
        actor = await directory.admit(scope, world.pottery.sam.token)
        with pytest.raises(Forbidden, match="Spam"):
            scope.require(Action.COURSE_READ)
        with pytest.raises(Forbidden) as refused:
            await members.join(scope)
        assert (actor.banned, refused.value.code) == ("Spam", "banned")
    async with tenancy.scope(world.pottery.id, world.pottery.mia.actor) as scope:
        await bans.unban(scope, world.pottery.sam.member_id)
    async with tenancy.scope(world.pottery.id) as scope:
        await directory.admit(scope, world.pottery.sam.token)
        scope.require(Action.COURSE_READ)


async def test_leaving_is_no_way_round_a_ban(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        await members.leave(scope)
    async with tenancy.scope(world.pottery.id, world.pottery.mia.actor) as scope:
        await bans.ban(scope, world.pottery.sam.member_id, "Spam")
    # An actor made before the ban does not know of it; the row does.
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        with pytest.raises(Forbidden):
            await members.join(scope)


async def test_a_ban_with_an_end_ends(tenancy: Tenancy, world: World) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    async with tenancy.scope(world.pottery.id, world.pottery.mia.actor) as scope:
        await bans.ban(scope, world.pottery.sam.member_id, "Cool down", soon)
    async with tenancy.scope(world.pottery.id) as scope:
        assert (await directory.admit(scope, world.pottery.sam.token)).banned == "Cool down"

    async def free() -> bool:
        async with tenancy.scope(world.pottery.id) as scope:
            return (await directory.admit(scope, world.pottery.sam.token)).banned is None

    await until(free)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        assert (await members.join(scope))["role"] == "student"


async def test_bans_go_downwards_only_and_never_to_oneself(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        for whom in (pottery.ana, pottery.ben):
            with pytest.raises(Forbidden):
                await bans.ban(scope, whom.member_id, "No")
        with pytest.raises(Conflict):
            await bans.ban(scope, pottery.mia.member_id, "Me")
    for who in (pottery.sam, pottery.ben):
        async with tenancy.scope(pottery.id, who.actor) as scope:
            with pytest.raises(Forbidden):
                await bans.ban(scope, pottery.zoe.member_id, "No")
            with pytest.raises(Forbidden):
                await bans.unban(scope, pottery.zoe.member_id)


async def test_a_ban_needs_a_reason_and_an_end_to_come(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.mia.actor) as scope:
        for reason, until in (("", None), ("x\0", None), ("ok", datetime.now(UTC)), ("ok", datetime(2100, 1, 1))):  # noqa: DTZ001
            with pytest.raises(Invalid):
                await bans.ban(scope, world.pottery.sam.member_id, reason, until)


async def test_one_names_oneself_and_admins_name_anyone(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        assert (await members.rename(scope, pottery.sam.member_id, " Sam  Stone "))["name"] == "Sam Stone"
        with pytest.raises(Forbidden):
            await members.rename(scope, pottery.zoe.member_id, "Zed")
        with pytest.raises(Invalid):
            await members.rename(scope, pottery.sam.member_id, "x" * 81)
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        assert (await members.rename(scope, pottery.zoe.member_id, "Zed"))["name"] == "Zed"


async def test_members_are_paged_and_shown_to_members_only(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        first = await members.page(scope, limit=2)
        rest = await members.page(scope, after=first[-1]["id"], limit=10)
        assert [row["name"] for row in first + rest] == ["Ana", "Ben", "Mia", "Sam", "Zoe"]
    for actor in (VISITOR, world.nobody.actor, world.chess.eve.actor):
        async with tenancy.scope(world.pottery.id, Actor(person_id=actor.person_id)) as scope:
            with pytest.raises((SignInNeeded, Forbidden)):
                await members.page(scope)


async def test_members_of_another_channel_are_not_found(tenancy: Tenancy, world: World) -> None:
    eve = world.chess.eve.member_id
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        for attempt in (
            members.read(scope, eve), members.rename(scope, eve, "x"), roles.change(scope, eve, Role.TEACHER),
            bans.ban(scope, eve, "x"), bans.unban(scope, eve),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                await attempt
