"""What the tests of jobs begin with: a workshop, a class that is on, a film."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from providers import ProviderDown
from providers.outbound import Limits as Patience
from tenants.errors import Conflict
from tenants.scope import Tenancy
from tests import films
from tests.tenants.live_school import Held, make_held
from tests.workers.shop import make_shop
from tests.workers.traces import Trace
from tests.world import World
from workers import recordings as performers
from workers import registry
from workers.media.ports import Limits
from workers.registry import PutOff, Work, Workshop


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264 and AAC, index last."""
    return films.make_film(tmp_path_factory.mktemp("reel") / "film.mp4")


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


@pytest.fixture
def shop(tenancy: Tenancy, tmp_path: Path) -> Workshop:
    return make_shop(tenancy, tmp_path)


@pytest.fixture
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose patience with a source in three tenths of a second, so that bad ones are given up soon."""
    monkeypatch.setattr(performers, "PATIENCE", Patience(stall=0.3, least=4096))
    monkeypatch.setattr(performers, "LIMITS", Limits(attempts=2, pause_seconds=0.01))


@pytest.fixture
def performed() -> Iterator[list[str]]:
    """The words of each Trace done; a word may name the trouble to make."""
    done: list[str] = []

    async def trace(work: Work, asked: Trace) -> None:
        troubles = {
            "down": ProviderDown("the provider sleeps"), "later": PutOff("not yet", 60),
            "refused": Conflict("it is there already"), "bug": RuntimeError("a bug"), "slow": TimeoutError(),
        }  # fmt: skip
        if asked.word in troubles:
            raise troubles[asked.word]
        done.append(asked.word)

    registry.performs(Trace)(trace)
    yield done
    del registry.PERFORMANCES["Trace"]
