"""A second web process, for what must hold over several, and one whose line to Redis can be cut."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.drill.taps import Tap, tapped
from providers.embedded import EmbeddedValkey
from tests.webapp import Web, serving


@pytest.fixture
async def second(database: str, valkey: EmbeddedValkey, home: Path) -> AsyncIterator[Web]:
    """Another web process of the same deployment."""
    async with serving(database, valkey.redis_url, home / "var") as running:
        yield running


@pytest.fixture
async def line(home: Path, valkey: EmbeddedValkey) -> AsyncIterator[Tap]:
    """A line to Redis that can be cut; its near end is `home/line/valkey.sock`."""
    async with tapped(home / "line" / "valkey.sock", valkey.socket) as tap:
        yield tap


@pytest.fixture
async def far(database: str, home: Path, line: Tap) -> AsyncIterator[Web]:
    """A web process that hears the others over the line."""
    async with serving(database, f"unix://{home / 'line' / 'valkey.sock'}", home / "var") as running:
        yield running
