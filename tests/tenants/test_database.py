"""Transactions in few round trips: nothing sent ahead of a statement outlives it, whatever becomes of the statement.

The first tests are also the contract with asyncpg, below whose public face `tenants.database.connection` reaches.
"""

import asyncio

import asyncpg
import pytest
from sqlalchemy import bindparam, insert, select, update

from tenants.errors import Conflict, Invalid, Unavailable
from tenants.jobs import Job
from tenants.members.members import MEMBERS
from tenants.notices import Notice
from tenants.scope import Tenancy
from tenants.statements import Scoped, scoped
from tests.databases import bare
from tests.world import World

NAMES = scoped(select(MEMBERS.c.name).order_by(MEMBERS.c.name))
RENAME = scoped(update(MEMBERS).where(MEMBERS.c.id == bindparam("id")).values(name=bindparam("name")))
SLEEP = Scoped("select pg_sleep($2), $1::uuid", ("channel_id", "seconds"), {})
LEFT = "select current_setting('app.channel_id', true), current_setting('transaction_read_only')"
CHESS, POTTERY = ["Eve", "Otto"], ["Ana", "Ben", "Mia", "Sam", "Zoe"]


async def backend(tenancy: Tenancy) -> int:
    return int((await tenancy.app.ask("select pg_backend_pid()"))[0][0])


async def left_over(tenancy: Tenancy) -> tuple[str, str]:
    """What the next user of the connection finds set on it."""
    ((channel, readonly),) = await tenancy.app.ask(LEFT)
    return channel or "", readonly


async def test_a_reading_statement_leaves_nothing_behind(narrow: Tenancy, world: World) -> None:
    first = await backend(narrow)
    async with narrow.scope(world.chess.id, readonly=True) as scope:
        assert [row["name"] for row in await scope.all(NAMES)] == CHESS
        assert await left_over_here(scope) == (str(world.chess.id), "on")
    assert await left_over(narrow) == ("", "off")
    assert await backend(narrow) == first


async def left_over_here(scope: object) -> tuple[str, str]:
    ((channel, readonly),), _ = await scope._transaction.run(LEFT, [])  # type: ignore[attr-defined]
    return channel, readonly


async def test_a_scope_that_only_reads_neither_writes_nor_locks_nor_leaves_notices(
    narrow: Tenancy, world: World
) -> None:
    ana = world.pottery.ana.member_id
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with narrow.scope(world.pottery.id, readonly=True) as scope:
            await scope.run(RENAME, id=ana, name="Anna")
    with pytest.raises(TypeError, match="holds no locks"):
        async with narrow.scope(world.pottery.id, readonly=True) as scope:
            await scope.serialise("a", "b")
    with pytest.raises(TypeError, match="outbox"):
        async with narrow.scope(world.pottery.id, readonly=True) as scope:
            scope.reindex("member", ana)
    assert await left_over(narrow) == ("", "off")


async def test_a_transaction_ends_with_its_scope(narrow: Tenancy, world: World) -> None:
    async with narrow.scope(world.pottery.id) as scope:
        assert await left_over_here(scope) == (str(world.pottery.id), "off")
        assert await scope.run(RENAME, id=world.pottery.ana.member_id, name="Anna") == 1
    assert await left_over(narrow) == ("", "off")
    async with narrow.scope(world.pottery.id, readonly=True) as scope:
        assert [row["name"] for row in await scope.all(NAMES)] == ["Anna", *POTTERY[1:]]


async def test_a_scope_without_statements_only_fills_the_outbox(narrow: Tenancy, world: World) -> None:
    async with narrow.scope(world.pottery.id):
        pass
    async with narrow.scope(world.pottery.id) as scope:
        scope.announce(Notice("room.message", {"x": 1}))
    async with bare(narrow.app, channel_id=world.pottery.id) as connection:
        assert await connection.fetchval("select count(*) from notices") == 1


@pytest.mark.parametrize("readonly", [True, False])
async def test_an_error_in_the_first_statement_leaves_nothing_behind(
    narrow: Tenancy, world: World, *, readonly: bool
) -> None:
    first = await backend(narrow)
    broken = Scoped("select 1 / 0, $1::uuid", ("channel_id",), {})
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with narrow.scope(world.chess.id, readonly=readonly) as scope:
            await scope.first(broken)
    assert await left_over(narrow) == ("", "off")
    assert await backend(narrow) == first


@pytest.mark.parametrize("readonly", [True, False])
async def test_a_value_that_cannot_be_sent_costs_the_connection_and_nothing_else(
    narrow: Tenancy, world: World, *, readonly: bool
) -> None:
    first = await backend(narrow)
    with pytest.raises(asyncpg.DataError):
        async with narrow.scope(world.chess.id, readonly=readonly) as scope:
            await scope.first(SLEEP, seconds="soon")
    assert await left_over(narrow) == ("", "off")
    assert await backend(narrow) != first


@pytest.mark.parametrize("readonly", [True, False])
async def test_what_is_cancelled_is_not_answered_to_the_next(narrow: Tenancy, world: World, *, readonly: bool) -> None:
    async def slow() -> None:
        async with narrow.scope(world.chess.id, readonly=readonly) as scope:
            await scope.first(SLEEP, seconds=0.5)

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await left_over(narrow) == ("", "off")
    async with narrow.scope(world.pottery.id, readonly=True) as scope:
        assert [row["name"] for row in await scope.all(NAMES)] == POTTERY


@pytest.mark.parametrize("readonly", [True, False])
async def test_a_statement_that_takes_too_long_is_stopped(narrow: Tenancy, world: World, *, readonly: bool) -> None:
    with pytest.raises(Unavailable) as caught:
        async with narrow.scope(world.chess.id, readonly=readonly) as scope:
            await scope.first(SLEEP, seconds=30)
    assert caught.value.code == "busy"
    assert await left_over(narrow) == ("", "off")


async def test_when_the_outbox_refuses_nothing_stands(narrow: Tenancy, world: World) -> None:
    async def announce_nul() -> None:
        async with narrow.scope(world.pottery.id) as scope:
            await scope.run(RENAME, id=world.pottery.ana.member_id, name="Anna")
            scope.announce(Notice("room.message", {"x": "\0"}))

    with pytest.raises(Invalid, match="NUL"):
        await announce_nul()
    async with narrow.scope(world.pottery.id, readonly=True) as scope:
        assert [row["name"] for row in await scope.all(NAMES)] == POTTERY


async def test_a_failure_that_was_swallowed_is_not_taken_for_a_commit(narrow: Tenancy, world: World) -> None:
    again = scoped(insert(MEMBERS).values(id=bindparam("id"), person_id=bindparam("person"), role="student", name="x"))
    ana = world.pottery.ana

    async def go_on() -> None:
        async with narrow.scope(world.pottery.id) as scope:
            await scope.run(RENAME, id=ana.member_id, name="Anna")
            with pytest.raises(Conflict):
                await scope.run(again, id=ana.member_id, person=ana.person_id)

    with pytest.raises(RuntimeError, match="nothing of it stands"):
        await go_on()
    assert await left_over(narrow) == ("", "off")


async def test_nor_is_one_of_the_first_statement(narrow: Tenancy, world: World) -> None:
    async def go_on() -> None:
        async with narrow.scope(world.pottery.id) as scope:
            with pytest.raises(asyncpg.DivisionByZeroError):
                await scope.first(Scoped("select 1 / 0, $1::uuid", ("channel_id",), {}))

    with pytest.raises(RuntimeError, match="nothing of it stands"):
        await go_on()
    assert await left_over(narrow) == ("", "off")


@pytest.mark.parametrize("readonly", [True, False])
async def test_a_limit_of_time_holds_for_what_follows_in_its_scope(
    narrow: Tenancy, world: World, *, readonly: bool
) -> None:
    async def hurry() -> None:
        async with narrow.scope(world.chess.id, readonly=readonly) as scope:
            scope.limit_time(0.1)
            await scope.all(NAMES)
            await scope.first(SLEEP, seconds=0.5)

    with pytest.raises(Unavailable):
        await hurry()
    assert (await narrow.app.ask("show statement_timeout"))[0][0] == "0"


async def test_connections_lost_while_idle_are_replaced_unseen(narrow: Tenancy, world: World, database: str) -> None:
    for readonly in (True, False):
        await cut(database, await backend(narrow))
        async with narrow.scope(world.chess.id, readonly=readonly) as scope:
            assert [row["name"] for row in await scope.all(NAMES)] == CHESS


async def test_a_transaction_cut_in_its_middle_is_refused_and_leaves_nothing(
    narrow: Tenancy, world: World, database: str
) -> None:
    async def change() -> None:
        async with narrow.scope(world.pottery.id) as scope:
            await scope.run(RENAME, id=world.pottery.ana.member_id, name="Anna")
            ((pid,),), _ = await scope._transaction.run("select pg_backend_pid()", [])
            await cut(database, pid)
            await scope.all(NAMES)

    with pytest.raises(Unavailable, match="Nothing was changed"):
        await change()
    async with narrow.scope(world.pottery.id, readonly=True) as scope:
        assert [row["name"] for row in await scope.all(NAMES)] == POTTERY


async def test_a_commit_whose_answer_is_lost_says_that_it_may_stand(
    narrow: Tenancy, world: World, database: str
) -> None:
    async def change() -> None:
        async with narrow.scope(world.pottery.id) as scope:
            ((pid,),), _ = await scope._transaction.run("select pg_backend_pid()", [])
            await scope.run(RENAME, id=world.pottery.ana.member_id, name="Anna")
            await cut(database, pid)

    with pytest.raises(Unavailable, match="before you try again") as caught:
        await change()
    assert caught.value.code == "database_down"


async def cut(database: str, pid: int) -> None:
    owner = await asyncpg.connect(database)
    try:
        await owner.execute("select pg_terminate_backend($1)", pid)
    finally:
        await owner.close()
    await asyncio.sleep(0.05)


async def test_a_person_s_jobs_are_committed_with_what_asked_for_them(narrow: Tenancy, world: World) -> None:
    async with narrow.person(world.chess.eve.person_id) as person:
        person.enqueue(Job())
    async with bare(narrow.app, person_id=world.chess.eve.person_id) as connection:
        assert await connection.fetchval("select count(*) from person_jobs") == 1
