"""`guildhall up --web N`: so many web processes, whatever WEB says, all seen on the operator's page."""

import asyncio
import base64
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cli.drill.processes import free_port
from tests.cli.test_commands import ROOT, guildhall
from tests.waiting import until

OPENED = {"Authorization": "Basic " + base64.b64encode(b"operator:the-token").decode()}


@pytest.mark.parametrize("count", ["0", "33", "many"])
def test_a_number_that_is_none_is_refused_with_what_would_be_right(tmp_path: Path, count: str) -> None:
    done = guildhall(tmp_path, "up", "--web", count)
    assert done.returncode == 2
    assert "--web" in done.stderr


async def test_so_many_web_processes_serve_one_port(home: Path) -> None:
    port, folder, said = free_port(), home / "up", home / "up.log"
    folder.mkdir()
    with said.open("wb") as log:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.main", "up", "--web", "2", cwd=ROOT, stdout=log, stderr=log,
            env=_environment(folder) | {"PORT": str(port), "WEB": "1", "METRICS_TOKEN": "the-token"},
        )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as session:

            async def page() -> Any:
                assert running.returncode is None, said.read_text()[-2000:]
                try:
                    async with session.get(f"http://127.0.0.1:{port}/operator/wire", headers=OPENED) as answer:
                        told = await answer.text()
                        return told if "Every process answers" in told else None
                except aiohttp.ClientError:
                    return None

            told = await until(page, within=90, every=0.3)
        rows = [told.count(f"Process {number}</h2>") for number in (1, 2, 3)]
        assert rows == [1, 1, 0]
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


def _environment(home: Path) -> dict[str, str]:
    known = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "LANG") if name in os.environ}
    return known | {"GUILDHALL_HOME": str(home)}
