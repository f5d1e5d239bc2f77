"""The pool: who waits, how long, what comes back from misfortune; and that channels on few connections stay apart."""

import asyncio
import random

import pytest
import uvloop

from tenants.database.connection import MOST_PREPARED
from tenants.database.pool import Pool
from tenants.errors import Unavailable
from tenants.ids import ChannelId
from tenants.scope import Tenancy
from tenants.statements import Scoped
from tests.databases import as_role
from tests.tenants.test_database import CHESS, NAMES, POTTERY, SLEEP, backend, cut, left_over
from tests.world import World


async def test_the_server_keeps_a_bounded_number_of_statements(narrow: Tenancy, world: World) -> None:
    async with narrow.scope(world.chess.id, readonly=True) as scope:
        for number in range(MOST_PREPARED + 20):
            assert await scope.value(Scoped(f"select {number}, $1::uuid", ("channel_id",), {})) == number
        assert await scope.value(Scoped("select 0, $1::uuid", ("channel_id",), {})) == 0
    ((kept,),) = await narrow.app.ask("select count(*) from pg_prepared_statements")
    assert MOST_PREPARED - 10 <= kept <= MOST_PREPARED + 1


async def test_who_finds_no_connection_waits_in_line_and_not_for_ever(narrow: Tenancy, world: World) -> None:
    order: list[int] = []

    async def user(number: int) -> None:
        async with narrow.scope(world.chess.id) as scope:
            await scope.first(SLEEP, seconds=0.02)
            order.append(number)

    await asyncio.gather(*(user(number) for number in range(20)))
    assert order == list(range(20))
    async with narrow.app.connection():
        with pytest.raises(Unavailable) as caught:
            await narrow.app.take()
    assert caught.value.code == "busy"
    assert await left_over(narrow) == ("", "off")


async def test_who_leaves_the_line_takes_no_connection_along(narrow: Tenancy, world: World) -> None:
    async with narrow.app.connection():
        waiting = [asyncio.create_task(narrow.app.take()) for _ in range(3)]
        await asyncio.sleep(0.01)
    # The first in line has been handed the connection, and is cancelled before it could know.
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await left_over(narrow) == ("", "off")


async def test_a_database_that_is_away_is_refused_and_then_found_again(world: World, database: str) -> None:
    pool = Pool("postgresql://nobody@127.0.0.1:1/none", 1, patience=1)
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            await pool.take()
        assert caught.value.code == "database_down"
    pool._dsn = as_role(database, "guildhall_app")
    assert (await pool.ask("select 1"))[0][0] == 1
    await pool.close()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("readonly", [True, False])
def test_on_the_loop_of_the_web_a_connection_lost_before_a_statement_is_replaced_unseen(
    database: str, world: World, *, readonly: bool, known: bool
) -> None:
    async def play() -> list[str]:
        app = Pool(as_role(database, "guildhall_app"), 1, patience=2)
        tenancy = Tenancy(app, Pool(as_role(database, "guildhall_relay"), 1))
        if known:
            async with tenancy.scope(world.chess.id, readonly=readonly) as scope:
                await scope.all(NAMES)
        pid = await backend(tenancy)
        async with tenancy.scope(world.chess.id, readonly=readonly) as scope:
            await cut(database, pid)
            names = [row["name"] for row in await scope.all(NAMES)]
        await tenancy.close()
        return names

    assert uvloop.run(play()) == CHESS


async def test_two_channels_on_few_connections_never_see_each_other(database: str, world: World) -> None:
    """Readers, writers, errors, cancellations and cut connections at once, on a seed."""
    chance = random.Random(7)
    tenancy = Tenancy(Pool(as_role(database, "guildhall_app"), 3, patience=10), Pool(database, 1))
    seen: dict[ChannelId, set[str]] = {world.chess.id: set(), world.pottery.id: set()}

    async def visit(channel: ChannelId) -> None:
        async with tenancy.scope(channel, readonly=chance.random() < 0.6) as scope:
            for _ in range(chance.randint(1, 3)):
                seen[channel] |= {row["name"] for row in await scope.all(NAMES)}
                await misfortune(scope)

    async def misfortune(scope: object) -> None:
        kind = chance.random()
        if kind < 0.1:
            await scope.first(Scoped("select 1 / 0, $1::uuid", ("channel_id",), {}))  # type: ignore[attr-defined]
        elif kind < 0.2:
            await scope.first(SLEEP, seconds=0.05)  # type: ignore[attr-defined]
        elif kind < 0.23:
            await scope.first(SLEEP, seconds="soon")  # type: ignore[attr-defined]
        elif kind < 0.26:
            await scope.first(Scoped("select pg_terminate_backend(pg_backend_pid()), $1::uuid", ("channel_id",), {}))  # type: ignore[attr-defined]

    async def one() -> None:
        task = asyncio.create_task(visit(chance.choice(list(seen))))
        if chance.random() < 0.2:
            await asyncio.sleep(chance.random() * 0.02)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(40):
        await asyncio.gather(*(one() for _ in range(12)))
    assert seen == {world.chess.id: set(CHESS), world.pottery.id: set(POTTERY)}
    assert {tuple(row) for row in await asyncio.gather(*(left_over(tenancy) for _ in range(9)))} == {("", "off")}
    await tenancy.close()
