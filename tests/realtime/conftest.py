"""A second web process, for what must hold over several."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from providers.embedded import EmbeddedValkey
from tests.webapp import Web, serving


@pytest.fixture
async def second(database: str, valkey: EmbeddedValkey, home: Path) -> AsyncIterator[Web]:
    """Another web process of the same deployment."""
    async with serving(database, valkey.redis_url, home / "var") as running:
        yield running
