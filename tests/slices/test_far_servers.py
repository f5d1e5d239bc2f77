"""The whole installation over a PostgreSQL and a Redis that are elsewhere, by TLS, with a user of few rights."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import aiohttp
import pytest
from redis import Redis

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.slices.installation import Installation
from tests.standins.certificates import make_certificate
from tests.standins.tls import tls_postgres, tls_redis
from tests.waiting import until

USER, PASSWORD = "guildhall-far", "a pass:word@"


@pytest.fixture
async def installation(
    fresh: str, postgres: EmbeddedPostgres, valkey: EmbeddedValkey, tmp_path: Path
) -> AsyncIterator[Installation]:
    authority, context = make_certificate(tmp_path, "localhost")
    with Redis.from_url(valkey.redis_url) as redis:
        rights = ("+@all", "~rq:*", "~guildhall*", "&rq:*", "&guildhall*")
        redis.execute_command("ACL", "SETUSER", USER, "on", f">{PASSWORD}", *rights)
    folder = Path(urlsplit(postgres.database_url).query.removeprefix("host="))
    async with tls_postgres(folder / ".s.PGSQL.5432", context) as pg, tls_redis(valkey.socket, context) as kv:
        database = f"postgresql://guildhall_owner@localhost:{pg}{urlsplit(fresh).path}"
        with tempfile.TemporaryDirectory(prefix="gh-") as home:
            running = Installation(
                Path(home) / "var",
                GUILDHALL_DEMO="0",
                DATABASE_URL=f"{database}?sslmode=verify-full&sslrootcert={authority}",
                REDIS_URL=f"rediss://{USER}:{quote(PASSWORD, safe='')}@localhost:{kv}?ssl_ca_certs={authority}",
            )
            running.start()
            try:
                await running.ready()
                yield running
            finally:
                assert running.stop() == 0
                assert "Traceback" not in running.log


async def test_a_message_is_posted_and_found(installation: Installation) -> None:
    async with aiohttp.ClientSession(installation.url) as session:

        async def call(method: str, path: str, **body: Any) -> Any:
            async with session.request(method, f"/api/v1{path}", json=body or None) as answer:
                assert answer.status < 300, await answer.text()
                return await answer.json()

        email, slug = f"ana-{secrets.token_hex(4)}@guildhall.example", f"clay-{secrets.token_hex(4)}"
        ana = await call("POST", "/auth/sign-up", email=email, password="a long enough sentence", name="Ana")
        session.headers["Authorization"] = f"Bearer {ana['access_token']}"
        await call("POST", "/channels", name="Clay", slug=slug)
        room = await call("POST", f"/channels/{slug}/rooms", name="Wheel talk", kind="members")
        await call(
            "POST", f"/channels/{slug}/rooms/{room['id']}/messages", client_id=str(uuid4()), body="wedge it well"
        )

        async def found() -> bool:
            return bool((await call("GET", f"/channels/{slug}/search?q=wedge"))["items"])

        await until(found, within=30, every=0.2)
