"""What tests over the API share."""

import pytest

from tests.server.test_community_api import make_room
from tests.webapp import Web
from tests.world import School


@pytest.fixture
async def room(web: Web, school: School) -> str:
    """A room of its members."""
    return await make_room(web, school)
