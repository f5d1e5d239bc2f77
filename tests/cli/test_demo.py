"""The demo world: two schools of one shape, planted once, with passwords that work in the demo only."""

from pathlib import Path

import asyncpg

from cli import demo
from providers.embedded import EmbeddedValkey
from tests.databases import Databases, bare
from tests.webapp import serving, settings_for


async def seeded(fresh: str, home: Path) -> None:
    import asyncio

    await asyncio.to_thread(demo.seed, settings_for(fresh, "", home, 8000))


async def test_the_demo_is_planted_once_and_its_people_sign_in(
    fresh: str, tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    for _ in range(2):
        await seeded(fresh, tmp_path)
    async with serving(fresh, valkey.redis_url, tmp_path) as web:
        for who, slug, role in (("ana", "pottery", "owner"), ("eve", "chess", "student")):
            given = {"email": f"{who}@guildhall.example", "password": "guildhall-demo"}
            token = (await web.call("POST", "/auth/sign-in", given)).json["access_token"]
            (membership,) = (await web.call("GET", "/me", token=token)).json["memberships"]
            assert (membership["channel"]["slug"], membership["role"]) == (slug, role)
    owner = await asyncpg.connect(fresh)
    shape = {
        "channels": 2, "courses": 2, "batches": 3, "billing_accounts": 1, "live_classes": 4,
        "recordings": 2, "rooms": 8,
    }  # fmt: skip
    for table, count in shape.items():
        assert await owner.fetchval(f"select count(*) from {table}") == count, table
    states = """select coalesce(to_char(expires_at, '"runs out"'), state) from certificates
      where channel_id = (select id from channels where slug = $1)"""
    for slug in ("pottery", "chess"):
        found = sorted(row[0] for row in await owner.fetch(states, slug))
        assert found == ["rendering", "revoked", "runs out", "superseded"]
    assert await owner.fetchval("select count(distinct kind) from lessons") == 9
    assert await owner.fetchval("select min(n) from (select count(*) n from messages group by channel_id) m") > 100
    await owner.close()


async def test_outside_of_the_demo_nothing_is_planted(fresh: str, tmp_path: Path) -> None:
    settings = settings_for(fresh, "", tmp_path, 8000, guildhall_demo=False, limits="standard")
    assert demo.seed(settings) is None
    tenancy = Databases.tenancy(fresh)
    async with bare(tenancy.relay) as connection:
        assert await connection.fetchval("select count(*) from jobs") == 0
    await tenancy.close()
