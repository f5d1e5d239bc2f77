"""Real servers for the tests: one PostgreSQL and one Valkey per worker, a migrated database, a small named world."""

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tenants import migrations
from tenants.scope import Tenancy
from tests.databases import Databases
from tests.standins.elasticsearch import Node, NoEngine, build_beside
from tests.standins.postgres import take_named
from tests.webapp import Web, serving
from tests.world import School, World, make_world

take_named()


def pytest_configure(config: pytest.Config) -> None:
    """Build Elasticsearch beside the first tests, once for all workers, which wait for it when they need it."""
    if getattr(config.option, "dist", "no") != "no" and "PYTEST_XDIST_WORKER" not in os.environ:
        config.add_cleanup(build_beside())


LOOPBACK = ("127.", "::1", "localhost", "::ffff:127.")


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test reached for {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A short-named folder for this worker's servers (a socket's path may not be long)."""
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    """A running PostgreSQL of this test worker."""
    server = EmbeddedPostgres(home / "pg")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(home: Path) -> Iterator[EmbeddedValkey]:
    """A running Valkey of this test worker."""
    server = EmbeddedValkey(home / "kv")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mortal(home: Path) -> Iterator[EmbeddedValkey]:
    """A running Valkey of one test, which may be killed."""
    with tempfile.TemporaryDirectory(dir=home) as folder:
        server = EmbeddedValkey(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def elasticsearch(home: Path) -> Iterator[Node]:
    """A running Elasticsearch of this test worker; skipped where it cannot be built, but never in CI."""
    try:
        node = Node(home / "es")
    except NoEngine as lacking:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(lacking))
    node.start()
    yield node
    node.kill()


@pytest.fixture(scope="session")
async def databases(postgres: EmbeddedPostgres) -> Databases:
    """Databases made from one migrated template."""
    await asyncio.to_thread(migrations.upgrade, postgres.database_url, {})
    databases = Databases(postgres.database_url)
    await databases.hurry()
    return databases


@pytest.fixture(scope="session")
async def database(databases: Databases) -> str:
    """The owner's URL of a database that all tests of this worker share; each test makes its own channels in it."""
    return await databases.make()


@pytest.fixture(scope="session")
async def tenancy(database: str) -> AsyncIterator[Tenancy]:
    """Scopes over the shared database, as the application's role."""
    tenancy = Databases.tenancy(database)
    yield tenancy
    await tenancy.close()


@pytest.fixture
async def fresh(databases: Databases) -> AsyncIterator[str]:
    """The owner's URL of a database of this test's own, for what looks across channels."""
    url = await databases.make()
    yield url
    await databases.drop(url)


@pytest.fixture
async def own(fresh: str) -> AsyncIterator[Tenancy]:
    """Scopes over a database of this test's own, for what looks across channels."""
    tenancy = Databases.tenancy(fresh)
    yield tenancy
    await tenancy.close()


@pytest.fixture
async def here(own: Tenancy) -> World:
    """The world, in a database of this test's own."""
    return await make_world(own)


@pytest.fixture
async def world(tenancy: Tenancy) -> World:
    """Two channels of one shape, `world.pottery` and `world.chess`, with named people."""
    return await make_world(tenancy)


@pytest.fixture
def school(world: World) -> School:
    """The one in which most of it happens."""
    return world.pottery


@pytest.fixture(scope="session")
async def web(database: str, valkey: EmbeddedValkey, home: Path) -> AsyncIterator[Web]:
    """The whole web application of the product, on a real socket, over the shared database."""
    async with serving(database, valkey.redis_url, home / "var") as running:
        yield running
