"""Films, made once per session."""

from pathlib import Path

import pytest

from tests import films


@pytest.fixture(scope="session")
def reels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for this session's films."""
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def film(reels: Path) -> Path:
    """Four seconds of H.264 and AAC, index last."""
    return films.make_film(reels / "film.mp4")


@pytest.fixture(scope="session")
def footage(film: Path) -> bytes:
    """The bytes of that film."""
    return film.read_bytes()


@pytest.fixture(scope="session")
def big_film(reels: Path) -> Path:
    """Three hundred megabytes of the same kind."""
    return films.make_big_film(reels / "big.mp4")
