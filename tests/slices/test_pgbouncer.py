"""The whole installation over a PgBouncer in transaction mode, which lends few connections to all of its processes."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from cli.server_checks import postgres_problem
from providers.embedded import EmbeddedPostgres
from tenants import relay
from tenants.scope import Tenancy
from tests.databases import bare
from tests.slices.installation import Installation
from tests.standins.pgbouncer import pooled, pooling
from tests.waiting import until
from tests.webapp import settings_for
from tests.world import make_world

LENT = 3


@pytest.fixture
async def port(postgres: EmbeddedPostgres) -> AsyncIterator[int]:
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        async with pooling(postgres.database_url, Path(folder), LENT) as port:
            yield port


@pytest.fixture
async def installation(fresh: str, port: int) -> AsyncIterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="gh-") as home:
        running = Installation(
            Path(home) / "var",
            GUILDHALL_DEMO="0",
            DATABASE_URL=fresh,
            DATABASE_URL_APP=pooled(fresh, "guildhall_app", port),
            DATABASE_URL_RELAY=pooled(fresh, "guildhall_relay", port),
        )
        running.start()
        try:
            await running.ready()
            yield running
        finally:
            assert running.stop() == 0
            assert running.log.partition("Traceback")[1:] == ("", "")


@pytest.fixture
async def tenancy(fresh: str, port: int) -> AsyncIterator[Tenancy]:
    """Scopes through the PgBouncer."""
    tenancy = Tenancy.open(pooled(fresh, "guildhall_app", port), pooled(fresh, "guildhall_relay", port))
    yield tenancy
    await tenancy.close()


async def call(session: aiohttp.ClientSession, method: str, path: str, **body: Any) -> Any:
    async with session.request(method, f"/api/v1{path}", json=body or None) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


async def in_a_school_of_their_own(url: str) -> None:
    """Sign up, make a school, post twenty messages at once, read them; what is found was indexed by a job."""
    async with aiohttp.ClientSession(url) as session:
        name, word = secrets.token_hex(4), f"wedge{secrets.token_hex(4)}"
        person = await call(
            session, "POST", "/auth/sign-up",
            email=f"{name}@guildhall.example", password="a long enough sentence", name="Ana",
        )  # fmt: skip
        session.headers["Authorization"] = f"Bearer {person['access_token']}"
        await call(session, "POST", "/channels", name="Clay", slug=f"clay-{name}")
        room = await call(session, "POST", f"/channels/clay-{name}/rooms", name="Wheel talk", kind="members")
        messages = f"/channels/clay-{name}/rooms/{room['id']}/messages"
        bodies = {f"{word} {n}" for n in range(20)}
        await asyncio.gather(*(call(session, "POST", messages, client_id=str(uuid4()), body=body) for body in bodies))
        read = (await call(session, "GET", f"{messages}?limit=100"))["items"]
        assert [each["seq"] for each in read] == list(range(1, 21))
        assert {each["body"] for each in read} == bodies

        async def found() -> bool:
            return bool((await call(session, "GET", f"/channels/clay-{name}/search?q={word}"))["items"])

        await until(found, within=30, every=0.2)


async def test_many_people_work_at_once_over_few_connections(installation: Installation, fresh: str) -> None:
    await asyncio.gather(*(in_a_school_of_their_own(installation.url) for _ in range(4)))
    owner = await asyncpg.connect(fresh)
    lent = await owner.fetch(
        "select usename, count(*) from pg_stat_activity where datname = current_database()"
        " and usename in ('guildhall_app', 'guildhall_relay') group by 1"
    )
    await owner.close()
    assert {row["usename"] for row in lent} == {"guildhall_app", "guildhall_relay"}
    assert all(row["count"] <= LENT for row in lent)


async def test_no_setting_of_one_scope_is_left_for_the_next(tenancy: Tenancy) -> None:
    world = await make_world(tenancy)
    schools = (world.pottery, world.chess)

    async def look(turn: int) -> None:
        school = schools[turn % 2]
        async with bare(tenancy.app) as driver:
            assert await driver.fetchval("select coalesce(current_setting('app.channel_id', true), '')") == ""
        async with bare(tenancy.app, channel_id=school.id) as driver:
            assert {row[0] for row in await driver.fetch("select channel_id from members")} == {school.id}

    await asyncio.gather(*(look(turn) for turn in range(60)))


async def test_a_task_is_held_by_one_and_let_go(tenancy: Tenancy) -> None:
    async def busy() -> None:
        async with bare(tenancy.relay) as driver:
            await driver.fetchval("select pg_sleep(0.05)")

    for _ in range(5):
        async with relay.alone(tenancy, "the nightly work") as got:
            assert got
            held = asyncio.gather(busy(), busy())
            async with relay.alone(tenancy, "the nightly work") as twice:
                assert not twice
            await held


async def test_what_may_lead_through_it_is_told_before_anything_starts(
    fresh: str, port: int, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    def problem(**given: str) -> str:
        return postgres_problem(settings_for(fresh, "", tmp_path, 8000, **given))

    through = {role: pooled(fresh, f"guildhall_{role}", port) for role in ("owner", "app", "relay")}
    app_and_relay = {"database_url_app": through["app"], "database_url_relay": through["relay"]}
    assert await asyncio.to_thread(lambda: problem(**app_and_relay)) == ""
    assert "name PostgreSQL itself there" in await asyncio.to_thread(lambda: problem(database_url=through["owner"]))
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        async with pooling(postgres.database_url, Path(folder), prepared=0) as old:
            lost = app_and_relay | {"database_url_relay": pooled(fresh, "guildhall_relay", old)}
            said = await asyncio.to_thread(lambda: problem(**lost))
    assert said.startswith("DATABASE_URL_RELAY ")
    assert "max_prepared_statements" in said
    assert urlsplit(fresh).path not in said
