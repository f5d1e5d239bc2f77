"""What tests of the domain share."""

from collections.abc import AsyncIterator

import pytest

from tenants.database.pool import Pool
from tenants.ids import RoomId
from tenants.scope import Tenancy
from tests.databases import as_role
from tests.tenants.test_community import make_room
from tests.world import School


@pytest.fixture
async def narrow(database: str) -> AsyncIterator[Tenancy]:
    """Scopes over one connection, so that each test meets what the one before left on it; two seconds' patience."""
    app = Pool(as_role(database, "guildhall_app"), 1, patience=2, command_timeout=1)
    tenancy = Tenancy(app, Pool(as_role(database, "guildhall_relay"), 1))
    yield tenancy
    await tenancy.close()


@pytest.fixture
async def room(tenancy: Tenancy, school: School) -> RoomId:
    """A room of its members."""
    return await make_room(tenancy, school)
