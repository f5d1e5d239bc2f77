"""A whole installation and a real Chromium, for all tests of one file."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.slices.people import browser
from tests.slices.town import Town, running_town


@pytest.fixture(scope="module")
async def town(home: Path, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    async with running_town(home / request.path.stem.removeprefix("test_")) as running:
        yield running


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


@pytest.fixture
async def place(town: Town) -> dict[str, Any]:
    """A new room."""
    return await town.place()
