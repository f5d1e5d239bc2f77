"""The main job, in real browsers over the whole product, twice: over its defaults, and over every real service."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.films import make_big_film
from tests.nginx.front import program
from tests.slices.far_house import FarSides, Services, far_house
from tests.slices.houses import House, embedded
from tests.slices.journey import journey
from tests.slices.sold import ByStripe
from tests.standins.elasticsearch import Node
from tests.standins.recordings import RecordingServer, recording_server

MEGABYTES = 200


@pytest.fixture
def pictures(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where pictures of the journey go: JOURNEY_PICTURES if it is set, for people to look at."""
    folder = Path(os.environ.get("JOURNEY_PICTURES", str(tmp_path / "pictures"))) / str(request.node.name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
async def film(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RecordingServer]:
    """A recording of some hundred megabytes, its index last, on a plain HTTP server."""
    path = await asyncio.to_thread(make_big_film, tmp_path_factory.mktemp("film") / "recording.mp4", MEGABYTES)
    async with recording_server(path) as server:
        yield server


@pytest.mark.timeout(400)
async def test_over_what_serves_when_nothing_is_set(
    home: Path, film: RecordingServer, tmp_path: Path, pictures: Path
) -> None:
    async with embedded(home / "journey", film) as house:
        await journey(house, tmp_path, pictures)


@pytest.fixture
def services(postgres: EmbeddedPostgres, valkey: EmbeddedValkey, elasticsearch: Node) -> Services:
    """The real servers of the second journey; where one cannot be had CI fails, and elsewhere it is skipped."""
    program()
    return Services(postgres, valkey, elasticsearch)


@pytest.mark.timeout(400)
async def test_over_every_real_service(
    home: Path, fresh: str, services: Services, film: RecordingServer, tmp_path: Path, pictures: Path
) -> None:
    async with far_house(home / "far", fresh, services, film) as (house, sides):
        await journey(house, tmp_path, pictures)
        _reckon(house, sides, film)
    assert "Traceback" not in house.installation.log


def _reckon(house: House, sides: FarSides, film: RecordingServer) -> None:
    """Each service did its part, and did it once."""
    assert isinstance(house.selling, ByStripe)
    house.selling.reckon()
    films = [kept for kept in sides.storage.objects.values() if len(kept.data) >= film.path.stat().st_size]
    assert len(films) == 1
    assert all(upload.object for upload in sides.storage.uploads.values())
    assert len(sides.livekit.rooms) == 1
    with urlopen(f"{sides.indexes}/_count", timeout=10) as answer:
        assert json.load(answer)["count"] > 100
