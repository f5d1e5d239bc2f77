"""A whole installation for all tests of one file, and a real Chromium."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser

from tests.slices.people import browser
from tests.slices.town import Town, running_town
from tests.waiting import until

IDLE = "select not exists (select from jobs where state <> 'failed' and run_at < now() + interval '5 seconds')"
# What only says that servers run there, and of what they did.
PASSING = shutil.ignore_patterns("run", "log", "*.lock")


@pytest.fixture(scope="session")
async def founded(home: Path) -> Path:
    """The folder of an installation whose demo world is made, and whose jobs for it are done."""
    folder = home / "founded"
    async with running_town(folder) as made:
        owner = await asyncpg.connect(made.installation.database_url)
        await until(lambda: owner.fetchval(IDLE), within=60)
        await owner.close()
    return folder


@pytest.fixture(scope="module")
async def town(home: Path, founded: Path, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    folder = home / request.path.stem.removeprefix("test_")
    await asyncio.to_thread(shutil.copytree, founded, folder, ignore=PASSING)
    async with running_town(folder) as running:
        yield running


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


@pytest.fixture
async def place(town: Town) -> dict[str, Any]:
    """A new room."""
    return await town.place()
