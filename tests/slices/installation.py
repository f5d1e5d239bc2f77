"""A whole installation in a process of its own, as `guildhall up` starts it, whose parts can be killed by name."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp

from tests.databases import as_role
from tests.waiting import until

CHECKOUT = Path(__file__).parents[2]
SERVERS = {"postgres": "bin/postgres", "valkey": "valkey"}


class Installation:
    """`guildhall up` on a folder and a port of its own; `environment` adds settings."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it answers a moment later (`ready`)."""
        own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        settings = {"GUILDHALL_HOME": str(self.home), "PORT": str(self.port), "GUILDHALL_DEMO": "1"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(Path(sys.executable).parent / "guildhall"), "up"],
                cwd=CHECKOUT,
                env={**own, **settings, **self._environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

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

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(15)

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
