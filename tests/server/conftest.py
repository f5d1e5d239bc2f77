"""The school in which most of it happens, and a room of its members, made over the API."""

import pytest

from tests.server.test_community_api import make_room
from tests.webapp import Web
from tests.world import School, World


@pytest.fixture
def school(world: World) -> School:
    """The first of the two schools."""
    return world.pottery


@pytest.fixture
async def room(web: Web, school: School) -> str:
    """A room of it."""
    return await make_room(web, school)
