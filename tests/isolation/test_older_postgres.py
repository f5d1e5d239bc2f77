"""Every route, event, job and statement on each PostgreSQL that we promise to run on, not only on the wheel's."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.standins.node import NoNode
from tests.standins.older import MAJORS, older_postgres

ROOT = Path(__file__).parents[2]
EVERYTHING = (
    "tests/isolation/test_proofs.py::test_nothing_of_the_other_channel_comes_out_of_any_route_event_or_job",
    "tests/search/test_engines.py",
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("major", MAJORS)
async def test_everything_holds_on(major: int) -> None:
    try:
        folder = await asyncio.to_thread(older_postgres, major)
    except NoNode as why:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(why))
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *EVERYTHING, "-k", "not elastic"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = await asyncio.to_thread(
        subprocess.run,
        words,
        cwd=ROOT,
        env={**kept, "TEST_POSTGRES": str(folder)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    said = done.stdout.splitlines()[-1]
    assert " passed" in said
    assert "skipped" not in said
