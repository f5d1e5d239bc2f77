"""Roles started one by one, as containers start them: none but `migrate` is told the owner of the database."""

import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp

from providers.embedded import EmbeddedValkey
from tests.databases import as_role
from tests.slices.installation import free_port
from tests.waiting import until

COMMAND = Path(sys.executable).with_name("guildhall")
ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started(settings: dict[str, str], folder: Path, *words: str) -> Iterator[None]:
    """One role, until the block ends."""
    with (folder / f"{words[-1]}.log").open("wb") as log:
        process = subprocess.Popen([COMMAND, *words], cwd=ROOT, env=settings, stdout=log, stderr=log)
    try:
        yield
        assert process.poll() is None, (folder / f"{words[-1]}.log").read_text()[-2000:]
    finally:
        process.terminate()
        process.wait(15)


@contextlib.asynccontextmanager
async def asking() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that waits for a moment only."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


async def test_the_serving_roles_work_without_the_owner_of_the_database(
    fresh: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    port, app = free_port(), as_role(fresh, "guildhall_app")
    known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    settings = known | {
        "GUILDHALL_HOME": str(tmp_path / "var"),
        "PORT": str(port),
        "SECRET_KEY": "k" * 40,
        "DATABASE_URL": app,
        "DATABASE_URL_APP": app,
        "DATABASE_URL_RELAY": as_role(fresh, "guildhall_relay"),
        "REDIS_URL": valkey.redis_url,
        "SIGN_UP": "confirm",
    }
    url = f"http://127.0.0.1:{port}"
    with (
        started(settings, tmp_path, "web"),
        started(settings, tmp_path, "steward"),
        started(settings, tmp_path, "worker", "default"),
    ):
        async with asking() as session:

            async def ready() -> bool:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{url}/readyz") as answer:
                        return answer.status == 200
                return False

            await until(ready, within=60, every=0.1)
            given = {"email": "new@guildhall.example", "password": "a long enough one", "name": "New"}
            async with session.post(f"{url}/api/v1/auth/sign-up", json=given) as answer:
                assert answer.status == 202

            async def mailed() -> bool:
                return any((tmp_path / "var" / "mail").glob("*.eml"))

            await until(mailed, within=60, every=0.1)
