"""What tests of the domain share."""

from collections.abc import AsyncIterator

import pytest

from tenants.database.pool import Pool
from tenants.scope import Tenancy
from tests.databases import as_role


@pytest.fixture
async def narrow(database: str) -> AsyncIterator[Tenancy]:
    """Scopes over one connection, so that each test meets what the one before left on it; two seconds' patience."""
    app = Pool(as_role(database, "guildhall_app"), 1, patience=2, command_timeout=1)
    tenancy = Tenancy(app, Pool(as_role(database, "guildhall_relay"), 1))
    yield tenancy
    await tenancy.close()
