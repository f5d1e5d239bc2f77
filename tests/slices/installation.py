"""A whole installation in a process of its own, as `guildhall up` starts it, whose parts can be killed by name."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.databases import as_role
from tests.waiting import until

CHECKOUT = Path(__file__).parents[2]
GUILDHALL = str(Path(sys.executable).parent / "guildhall")
SERVERS = {"postgres": "bin/postgres", "valkey": "valkey"}


class Installation:
    """`guildhall up` on a folder and a port of its own unless PORT names one; `environment` adds settings."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = int(environment.get("PORT", 0)) or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it answers a moment later (`ready`)."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [GUILDHALL, "up"], cwd=CHECKOUT, env=self._variables, stdout=log, stderr=subprocess.STDOUT
            )

    def run(self, *words: str) -> None:
        """Do what its operator does beside it: `guildhall` with its settings."""
        done = subprocess.run(
            [GUILDHALL, *words], cwd=CHECKOUT, env=self._variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    async def ready(self, within: float = 60) -> None:
        """Wait until it says that it is ready."""

        timeout = aiohttp.ClientTimeout(total=1)
        async with aiohttp.ClientSession(timeout=timeout) as session:

            async def answers() -> bool:
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        return answer.status == 200
                except (aiohttp.ClientError, OSError):
                    return False

            await until(answers, within=within, every=0.1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ready while the block goes on; AssertionError when it does not end as it should."""
        await asyncio.to_thread(self.start)
        try:
            await self.ready()
            yield
        finally:
            code = await asyncio.to_thread(self.stop)
        assert code == 0, self.log[-3000:]

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(15)

    @property
    def _variables(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        settings = {"GUILDHALL_HOME": str(self.home), "PORT": str(self.port), "GUILDHALL_DEMO": "1"}
        return {**own, **settings, **self._environment}

    @property
    def database_url(self) -> str:
        """The owner's URL of its database."""
        return f"postgresql://guildhall_owner@/guildhall?host={self.home / 'run'}"

    def database_as(self, role: str) -> str:
        """The same database as another role."""
        return as_role(self.database_url, role)

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace")

    @property
    def _log(self) -> Path:
        return self.home.parent / f"{self.home.name}.log"

    def kill(self, part: str, sign: signal.Signals = signal.SIGKILL) -> bool:
        """Kill a part (web, render, media, index, default, steward, postgres, valkey); False when it is not there."""
        for pid in self._children():
            if self._is(pid, part):
                os.kill(pid, sign)
                return True
        return False

    async def killed(self, part: str) -> None:
        """Kill a part, waiting for it to be there first."""

        async def gone() -> bool:
            return self.kill(part)

        await until(gone, within=40, every=0.05)

    def _is(self, pid: int, part: str) -> bool:
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return False
        return SERVERS[part] in command.split("\0")[0] if part in SERVERS else name == f"gh {part}"

    def _children(self) -> list[int]:
        assert self._process is not None
        try:
            tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
            return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
        except OSError:
            return []


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
