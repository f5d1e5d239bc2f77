"""Keys in the domain: how they are written, who makes them, what they may, and when that ends."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tenants.errors import Forbidden, Invalid, NotFound, Refusal, SignInNeeded
from tenants.ids import MemberId, PersonId, new_id
from tenants.keys import keys, tokens
from tenants.keys.scopes import KeyScope, actions, widened
from tenants.members import bans, members, roles
from tenants.permissions import TABLE, Action, Actor, Role, why
from tenants.scope import Tenancy
from tests.world import School, Somebody, World

COMMUNITY = KeyScope.WRITE_COMMUNITY


async def made(tenancy: Tenancy, school: School, who: Somebody, *scopes: str, **given: datetime) -> tuple[UUID, str]:
    """A key of `who`: its id, and itself."""
    async with tenancy.scope(school.id, who.actor) as scope:
        row, token = await keys.make(scope, name="Robot", scopes=scopes or (COMMUNITY,), **given)
    return row["id"], token


async def admitted(tenancy: Tenancy, school: School, token: str, needs: KeyScope | None = COMMUNITY) -> Actor:
    async with tenancy.scope(school.id) as scope:
        return await keys.admit(scope, token, needs)


def test_every_typo_of_one_letter_is_caught_without_a_look_up() -> None:
    token = tokens.make()
    tokens.check(token)
    assert tokens.make() != token
    for place in range(len(tokens.PREFIX), len(token)):
        wrong = "a" if token[place] != "a" else "b"
        for bad in (token[:place] + wrong + token[place + 1 :], token[:place] + token[place + 1 :]):
            with pytest.raises(SignInNeeded) as refused:
                tokens.check(bad)
            assert refused.value.code == "key_mistyped"


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_a_key_may_what_both_its_scopes_and_its_makers_role_allow(action: Action, role: Role) -> None:
    person = Actor(PersonId(new_id()), MemberId(new_id()), role)
    for scope in KeyScope:
        within = actions(widened([scope]))
        assert why(person.narrowed(within), action).allowed == (action in within and action in TABLE[role])
        assert Action.KEY_EDIT not in within


async def test_a_key_is_kept_as_a_hash_and_acts_as_its_maker(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    key_id, token = await made(tenancy, school, school.ana)
    actor = await admitted(tenancy, school, token)
    assert (actor.member_id, actor.role, actor.describe()) == (school.ana.member_id, Role.OWNER, f"key:{key_id}")
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        (row,) = await keys.every(scope)
        assert token not in str(dict(row))
        assert row["ending"] == token[-4:]


async def test_only_those_who_may_make_see_and_revoke_keys(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    key_id, _ = await made(tenancy, school, school.ana)
    for who in (school.ben, school.mia, school.sam):
        async with tenancy.scope(school.id, who.actor) as scope:
            with pytest.raises(Forbidden):
                await keys.make(scope, name="x", scopes=[COMMUNITY])
            with pytest.raises(Forbidden):
                await keys.every(scope)
            with pytest.raises(Forbidden):
                await keys.revoke(scope, key_id)
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        with pytest.raises(NotFound):
            await keys.revoke(scope, key_id)
        assert await keys.every(scope) == []


async def refusal(tenancy: Tenancy, school: School, token: str, needs: KeyScope | None = COMMUNITY) -> str:
    """The code that a key is refused with."""
    with pytest.raises(Refusal) as refused:
        await admitted(tenancy, school, token, needs)
    return refused.value.code


async def test_a_key_is_nobody_in_another_channel_as_an_invented_one_is(tenancy: Tenancy, world: World) -> None:
    _, token = await made(tenancy, world.pottery, world.pottery.ana)
    assert await refusal(tenancy, world.chess, token) == "key_ended"
    assert await refusal(tenancy, world.chess, tokens.make()) == "key_ended"


async def test_a_key_without_the_scope_or_where_none_is_taken_is_told_so(tenancy: Tenancy, world: World) -> None:
    _, token = await made(tenancy, world.pottery, world.pottery.ana, KeyScope.READ_COURSES)
    assert await refusal(tenancy, world.pottery, token, KeyScope.WRITE_COURSES) == "key_scope"
    assert await refusal(tenancy, world.pottery, token, None) == "key_refused"
    assert (await admitted(tenancy, world.pottery, token, KeyScope.READ_COURSES)).role is Role.OWNER
    _, writes = await made(tenancy, world.pottery, world.pottery.ana, KeyScope.WRITE_COURSES)
    assert (await admitted(tenancy, world.pottery, writes, KeyScope.READ_COURSES)).role is Role.OWNER


async def test_a_key_ends_when_it_is_revoked_and_when_its_time_is_over(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    key_id, token = await made(tenancy, school, school.ana)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        (row,) = await keys.every(scope)
        assert row["id"] == key_id
        await keys.revoke(scope, row["id"])
        with pytest.raises(NotFound):
            await keys.revoke(scope, row["id"])
    assert await refusal(tenancy, school, token) == "key_ended"
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    _, brief = await made(tenancy, school, school.ana, expires_at=soon)
    assert (await admitted(tenancy, school, brief)).member_id == school.ana.member_id
    await asyncio.sleep((soon - datetime.now(UTC)).total_seconds() + 0.02)
    assert await refusal(tenancy, school, brief) == "key_ended"


async def test_a_key_loses_what_its_maker_loses(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await roles.change(scope, school.zoe.member_id, Role.ADMIN)
    zoe = replace(school.zoe, actor=replace(school.zoe.actor, role=Role.ADMIN))
    _, token = await made(tenancy, school, zoe)
    assert why(await admitted(tenancy, school, token), Action.ROOM_EDIT).allowed
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await roles.change(scope, zoe.member_id, Role.STUDENT)
    actor = await admitted(tenancy, school, token)
    assert not why(actor, Action.ROOM_EDIT).allowed
    assert why(actor, Action.MESSAGE_POST).allowed
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await bans.ban(scope, zoe.member_id, "Spam")
    assert "banned" in why(await admitted(tenancy, school, token), Action.MESSAGE_POST).because
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await bans.unban(scope, zoe.member_id)
    async with tenancy.scope(school.id, zoe.actor) as scope:
        await members.leave(scope)
    assert "not a member" in why(await admitted(tenancy, school, token), Action.MESSAGE_POST).because


async def test_the_last_use_is_written_at_most_once_a_minute(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    _, token = await made(tenancy, school, school.ana)
    seen = []
    for _ in range(2):
        async with tenancy.scope(school.id) as scope:
            await keys.admit(scope, token, COMMUNITY)
            await keys.touch(scope)
        async with tenancy.scope(school.id, school.ana.actor) as scope:
            seen.append((await keys.every(scope))[0]["used_at"])
    assert seen[0] is not None
    assert seen[0] == seen[1]


async def test_what_a_key_is_made_of_is_checked(tenancy: Tenancy, world: World) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        wrong: list[dict[str, Any]] = [{"scopes": []}, {"scopes": ["all"]}, {"scopes": [COMMUNITY], "expires_at": past}]
        for given in wrong:
            with pytest.raises(Invalid):
                await keys.make(scope, name="x", **given)
        with pytest.raises(Invalid):
            await keys.make(scope, name=" ", scopes=[COMMUNITY])
