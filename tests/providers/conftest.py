"""What tests of the files on disk share; other stores have fixtures of the same names in their own files."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from providers.storage.disk import DiskStore
from tests.providers.storing import served_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DiskStore]:
    """A store in a folder of its own, and its face on a port."""
    async with served_store(tmp_path / "files") as store:
        yield store


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who sends and fetches files."""
    async with aiohttp.ClientSession() as session:
        yield session
