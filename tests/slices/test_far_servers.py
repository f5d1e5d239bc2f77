"""The whole installation over a PostgreSQL and a Redis that are elsewhere, by TLS, with a user of few rights."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.slices.far_servers import far_servers
from tests.slices.installation import Installation
from tests.waiting import until


@pytest.fixture
async def installation(
    fresh: str, postgres: EmbeddedPostgres, valkey: EmbeddedValkey, tmp_path: Path
) -> AsyncIterator[Installation]:
    async with far_servers(fresh, postgres, valkey, tmp_path) as settings:
        with tempfile.TemporaryDirectory(prefix="gh-") as home:
            installation = Installation(Path(home) / "var", GUILDHALL_DEMO="0", **settings)
            async with installation.running():
                yield installation
            assert "Traceback" not in installation.log


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
