"""A scratch installation: `guildhall up` with the demo world, its PostgreSQL and Valkey behind taps."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from cli.drill.taps import Tap, tapped
from cli.drill.waiting import until
from cli.stop import Stop
from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from providers.embedded.home import socket_folder

READY_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Installation:
    """What is drilled: its address and folder, the processes that can be killed, the servers that can be stopped."""

    url: str
    home: Path
    process: "subprocess.Popen[bytes]"
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    postgres_tap: Tap
    valkey_tap: Tap

    async def ready(self) -> None:
        """Wait until it says that it is ready."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:

            async def answers() -> bool:
                if self.process.poll() is not None:
                    raise Stop("The scratch installation ended: " + self.last_words())
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        return answer.status == 200
                except (aiohttp.ClientError, OSError, TimeoutError):
                    return False

            await until(answers, within=READY_SECONDS, every=0.1)

    async def kill(self, part: str) -> None:
        """Kill one of its processes (web, render, media, index, default, steward) as soon as it is there."""

        async def killed() -> bool:
            for pid in _children(self.process.pid):
                if _name(pid) == f"gh {part}":
                    os.kill(pid, signal.SIGKILL)
                    return True
            return False

        await until(killed, within=40, every=0.05)

    def last_words(self) -> str:
        """The end of what it has said."""
        return (self.home / "log").read_text(errors="replace")[-1500:]


@contextlib.asynccontextmanager
async def installed(home: Path, recording_host: str) -> AsyncIterator[Installation]:
    """The installation in the folder `home`, ready; all of it has ended when the block has."""
    postgres, valkey = EmbeddedPostgres(home / "pg"), EmbeddedValkey(home / "kv")
    with contextlib.ExitStack() as ending:
        for server in (postgres, valkey):
            server.start()
            ending.callback(server.stop)
        source = socket_folder(home / "pg") / ".s.PGSQL.5432"
        async with (
            tapped(home / "taps" / ".s.PGSQL.5432", source) as postgres_tap,
            tapped(home / "taps" / "valkey.sock", valkey.socket) as valkey_tap,
        ):
            port = free_port()
            process = _start(home, port, postgres_tap, valkey_tap, recording_host)
            ending.callback(_end, process)
            made = Installation(f"http://127.0.0.1:{port}", home, process, postgres, valkey, postgres_tap, valkey_tap)
            await made.ready()
            yield made


def _start(home: Path, port: int, postgres: Tap, valkey: Tap, recording_host: str) -> "subprocess.Popen[bytes]":
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    settings = {
        "GUILDHALL_HOME": str(home / "var"),
        "GUILDHALL_DEMO": "1",
        "PORT": str(port),
        "DATABASE_URL": f"postgresql://guildhall_owner@/guildhall?host={postgres.source.parent}",
        "REDIS_URL": f"unix://{valkey.source}",
        "RECORDING_HOSTS": recording_host,
        "LOG_FORMAT": "json",
    }
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up"], env=kept | settings, stdout=log, stderr=subprocess.STDOUT
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
