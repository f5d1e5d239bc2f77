"""The scope: what it runs, what it refuses, what it commits."""

import asyncio

import pytest
from sqlalchemy import bindparam, delete, insert, literal, select, update

from tenants import audit, directory
from tenants.errors import NotFound, SignInNeeded
from tenants.ids import ChannelId, new_id
from tenants.members.members import MEMBERS
from tenants.notices import Notice
from tenants.outbox import JOBS
from tenants.permissions import acting_system
from tenants.scope import Committed, Tenancy
from tenants.statements import UnscopedQuery, personal, scoped, within
from tests.databases import bare
from tests.world import World

NAMES = scoped(select(MEMBERS.c.name).order_by(MEMBERS.c.name))
BY_ID = scoped(select(MEMBERS.c.name).where(MEMBERS.c.id == bindparam("id")))


async def test_a_scope_sees_the_rows_of_its_channel_only(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.chess.id) as scope:
        assert [row["name"] for row in await scope.all(NAMES)] == ["Eve", "Otto"]
        assert await scope.first(BY_ID, id=world.pottery.ana.member_id) is None
        with pytest.raises(NotFound):
            await scope.one(BY_ID, id=world.pottery.ana.member_id)


async def test_without_a_channel_there_are_no_rows_and_no_writes(tenancy: Tenancy, world: World) -> None:
    async with bare(tenancy.app) as connection:
        assert await connection.fetchval("select count(*) from members") == 0


async def test_a_scope_refuses_statements_that_are_not_scoped(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.chess.id) as scope:
        with pytest.raises(UnscopedQuery):
            await scope.all(select(MEMBERS.c.name))  # type: ignore[arg-type]


def test_an_inner_select_without_its_channel_is_refused_at_import() -> None:
    inner = select(literal(1)).where(JOBS.c.id == MEMBERS.c.id)
    with pytest.raises(UnscopedQuery):
        scoped(select(MEMBERS.c.id).where(inner.exists()))
    assert "jobs.channel_id" in scoped(select(MEMBERS.c.id).where(within(inner).exists())).sql


def test_each_kind_of_statement_carries_the_channel() -> None:
    for statement in (
        select(MEMBERS.c.id),
        insert(MEMBERS).values(id=bindparam("id")),
        update(MEMBERS).values(name="x"),
        delete(MEMBERS),
    ):
        assert "channel_id" in scoped(statement).names
    with pytest.raises(UnscopedQuery):
        personal(select(MEMBERS.c.id))


async def test_a_row_cannot_point_into_another_channel(tenancy: Tenancy, world: World) -> None:
    with pytest.raises(NotFound):
        async with tenancy.scope(ChannelId(new_id())) as scope:
            await scope.run(
                scoped(insert(MEMBERS).values(id=bindparam("id"), person_id=bindparam("person"), name="x")),
                id=new_id(), person=world.nobody.person_id,
            )  # fmt: skip


async def test_an_error_leaves_nothing_behind(tenancy: Tenancy, world: World) -> None:
    rename = scoped(update(MEMBERS).values(name="Nobody"))

    async def rename_and_fail() -> None:
        async with tenancy.scope(world.chess.id) as scope:
            assert await scope.run(rename) == 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await rename_and_fail()
    async with tenancy.scope(world.chess.id) as scope:
        assert [row["name"] for row in await scope.all(NAMES)] == ["Eve", "Otto"]


async def test_what_a_transaction_asks_for_is_told_after_its_commit_only(tenancy: Tenancy, world: World) -> None:
    told: list[Committed] = []
    own = Tenancy(tenancy.app, tenancy.relay, told.append)
    notice = Notice("message.posted", {"body": "hello"}, person_id=world.chess.eve.person_id)
    async with own.scope(world.chess.id) as scope:
        scope.announce(notice)
        assert told == []
    assert [notice for _, notice in told[0].notices] == [notice]
    async with bare(tenancy.relay) as relay:
        kept = await relay.fetch("select id, payload from notices where channel_id = $1", world.chess.id)
    assert [(row["id"], row["payload"]) for row in kept] == [(told[0].notices[0][0], {"body": "hello"})]


async def test_a_token_makes_its_person_the_actor(tenancy: Tenancy, world: World) -> None:
    async with tenancy.scope(world.pottery.id) as scope:
        assert await directory.admit(scope, world.pottery.sam.token) == world.pottery.sam.actor
        stranger = await directory.admit(scope, world.chess.eve.token)
        assert (stranger.person_id, stranger.role) == (world.chess.eve.person_id, None)
        with pytest.raises(SignInNeeded):
            await directory.admit(scope, "no such token")


async def test_the_audit_is_a_chain_that_shows_where_it_was_broken(
    tenancy: Tenancy, world: World, database: str
) -> None:
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        for number in range(3):
            await audit.record(scope, "member.role", world.chess.eve.member_id, number=number)
        assert await audit.first_broken(scope) is None
        assert [row["seq"] for row in await audit.page(scope)] == [3, 2, 1]
    await _tamper(database, world.chess.id)
    async with tenancy.scope(world.chess.id, acting_system("test")) as scope:
        assert await audit.first_broken(scope) == 2


async def test_appenders_wait_for_one_another_so_that_the_chain_has_no_fork(tenancy: Tenancy, world: World) -> None:
    async def append() -> None:
        async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
            await audit.record(scope, "test", "x")

    await asyncio.gather(*(append() for _ in range(12)))
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        assert await audit.first_broken(scope) is None
        assert len(await audit.page(scope)) == 12


async def _tamper(database: str, channel_id: ChannelId) -> None:
    import asyncpg

    owner = await asyncpg.connect(database)
    await owner.execute("alter table audit disable trigger all")
    await owner.execute("update audit set action = 'forged' where seq = 2 and channel_id = $1", channel_id)
    await owner.execute("alter table audit enable trigger all")
    await owner.close()
