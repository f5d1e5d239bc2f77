"""The product behind nginx, once for all tests of a worker."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from providers.embedded import EmbeddedValkey
from tests.nginx.front import Ports, Running, fronting, program
from tests.webapp import Web, serving, settings_for

CUSTOM = "school.example"


@pytest.fixture(scope="session")
def ports() -> Ports:
    """The ports of the shared nginx."""
    program()
    return Ports()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of an nginx of this test's own, which another account can reach."""
    with tempfile.TemporaryDirectory(prefix="gn-") as made:
        yield Path(made)


@pytest.fixture(scope="session")
async def behind(database: str, valkey: EmbeddedValkey, home: Path, ports: Ports) -> AsyncIterator[Web]:
    """The whole application, which believes the one proxy in front of it."""
    async with serving(database, valkey.redis_url, home / "var", base_url=ports.origin, trusted_proxies=1) as running:
        yield running


@pytest.fixture(scope="session")
async def front(behind: Web, ports: Ports, database: str, home: Path) -> AsyncIterator[Running]:
    """nginx before it."""
    port = int(behind.url.rpartition(":")[2])
    settings = settings_for(database, "", home / "var", port, base_url=ports.origin, trusted_proxies=1)
    with tempfile.TemporaryDirectory(prefix="gn-") as made:
        async with fronting(settings, ports, Path(made), CUSTOM) as running:
            yield running
