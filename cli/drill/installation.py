"""A scratch installation: `guildhall up` with the demo world, its PostgreSQL and Valkey behind taps."""

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cli.drill.processes import KEPT, Process, free_port
from cli.drill.servers import Servers, served
from cli.drill.waiting import until
from cli.stop import Stop

METRICS_TOKEN = secrets.token_hex()


@dataclass(frozen=True, slots=True)
class Installation:
    """What is drilled: its address and folder, the processes that can be killed, the servers that can be stopped."""

    url: str
    home: Path
    process: Process
    servers: Servers
    settings: Mapping[str, str]

    async def ready(self) -> None:
        """Wait until it says that it is ready."""
        await self.process.ready(self.url)

    async def kill(self, part: str) -> None:
        """Kill one of its processes (web, render, media, index, default, steward) as soon as it is there."""

        async def killed() -> bool:
            for pid in _children(self.process.running.pid):
                if _name(pid) == f"gh {part}":
                    os.kill(pid, signal.SIGKILL)
                    return True
            return False

        await until(killed, within=40, every=0.05)

    async def run(self, *words: str) -> None:
        """Do what its operator does beside it: `guildhall` with its settings; Stop with its words when that fails."""
        command = [sys.executable, "-m", "cli.main", *words]
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        variables = kept | dict(self.settings)
        ask = partial(subprocess.run, command, env=variables, capture_output=True, text=True, check=False)
        done = await asyncio.to_thread(ask)
        if done.returncode:
            raise Stop(f"guildhall {' '.join(words)}: {done.stdout}{done.stderr}")

    def memory(self) -> dict[str, int]:
        """What the web process and each worker has resident, in MB, by name."""
        named = {_name(pid): pid for pid in _children(self.process.running.pid)}
        return {name.removeprefix("gh "): _held(pid) for name, pid in named.items() if name.startswith("gh ")}

    def last_words(self) -> str:
        """The end of what it has said."""
        return self.process.last_words()


@contextlib.asynccontextmanager
async def installed(home: Path, settings: Mapping[str, str]) -> AsyncIterator[Installation]:
    """The installation in the folder `home`, ready; all of it has ended when the block has."""
    async with served(home) as servers:
        port = free_port()
        own = {
            "GUILDHALL_HOME": str(home / "var"),
            "GUILDHALL_DEMO": "1",
            "PORT": str(port),
            "METRICS_TOKEN": METRICS_TOKEN,
            "LOG_FORMAT": "json",
            "ACCESS_TOKEN_SECONDS": "86400",  # a drill outlasts the usual quarter of an hour
        }
        whole = own | servers.environment | dict(settings)
        process = Process.start("up", whole, home / "log")
        try:
            made = Installation(f"http://127.0.0.1:{port}", home, process, servers, whole)
            await made.ready()
            yield made
        finally:
            process.end()


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _held(pid: int) -> int:
    """Its resident set in MB; 0 when it has just ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) // 1024
    return 0


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
