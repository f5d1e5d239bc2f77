"""A scratch installation: `guildhall up` with the demo world, its PostgreSQL and Valkey behind taps."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from cli.drill.taps import Tap, tapped
from cli.drill.waiting import until
from cli.stop import Stop
from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from providers.embedded.home import socket_folder

READY_SECONDS = 90.0
METRICS_TOKEN = secrets.token_hex()


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
    variables: Mapping[str, str]
    """The environment of its processes."""

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

    async def run(self, *words: str) -> None:
        """Do what its operator does beside it: `guildhall` with its settings; Stop with its words when that fails."""
        command = [sys.executable, "-m", "cli.main", *words]
        ask = partial(subprocess.run, command, env=dict(self.variables), capture_output=True, text=True, check=False)
        done = await asyncio.to_thread(ask)
        if done.returncode:
            raise Stop(f"guildhall {' '.join(words)}: {done.stdout}{done.stderr}")

    def memory(self) -> int:
        """What its processes hold, in MB, each shared page counted once (PSS)."""
        family, found = [self.process.pid], 0
        while family:
            pid = family.pop()
            family += _children(pid)
            found += _held(pid)
        return found // 1024

    def last_words(self) -> str:
        """The end of what it has said."""
        return (self.home / "log").read_text(errors="replace")[-1500:]


@contextlib.asynccontextmanager
async def installed(home: Path, settings: Mapping[str, str]) -> AsyncIterator[Installation]:
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
            variables = {**_variables(home, port, postgres_tap, valkey_tap), **settings}
            process = _start(home, variables)
            ending.callback(_end, process)
            url = f"http://127.0.0.1:{port}"
            made = Installation(url, home, process, postgres, valkey, postgres_tap, valkey_tap, variables)
            await made.ready()
            yield made


def _variables(home: Path, port: int, postgres: Tap, valkey: Tap) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return kept | {
        "GUILDHALL_HOME": str(home / "var"),
        "GUILDHALL_DEMO": "1",
        "PORT": str(port),
        "DATABASE_URL": f"postgresql://guildhall_owner@/guildhall?host={postgres.source.parent}",
        "REDIS_URL": f"unix://{valkey.source}",
        "METRICS_TOKEN": METRICS_TOKEN,
        "LOG_FORMAT": "json",
    }


def _start(home: Path, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up"], env=dict(variables), stdout=log, stderr=subprocess.STDOUT
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


def _held(pid: int) -> int:
    """In kB; a Chromium that lives in namespaces of its own keeps it to itself."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


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
