"""Processes of a drilled installation: started with a clean environment, waited for, killed, ended."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from cli.drill.waiting import until
from cli.stop import Stop

READY_SECONDS = 90.0
KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}


@dataclass(frozen=True, slots=True)
class Process:
    """A running `guildhall` command; what it says goes to `log`."""

    running: "subprocess.Popen[bytes]"
    log: Path

    @classmethod
    def start(cls, command: str, settings: Mapping[str, str], log: Path) -> "Process":
        """Run a subcommand with these settings and no others."""
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        with log.open("ab") as said:
            running = subprocess.Popen(
                [sys.executable, "-m", "cli.main", command],
                env={**kept, **settings},
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        return cls(running, log)

    async def ready(self, url: str) -> None:
        """Wait until it says at its address that it is ready; Stop with its last words when it has ended."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:

            async def answers() -> bool:
                if self.running.poll() is not None:
                    raise Stop("The scratch installation ended: " + self.last_words())
                try:
                    async with session.get(f"{url}/readyz") as answer:
                        return answer.status == 200
                except (aiohttp.ClientError, OSError, TimeoutError):
                    return False

            await until(answers, within=READY_SECONDS, every=0.1)

    def ask_to_end(self) -> None:
        """Have it end as Ctrl-C does."""
        self.running.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """The same, and wait for it, by force when that takes long."""
        self.ask_to_end()
        try:
            self.running.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, without a word."""
        self.running.kill()
        self.running.wait()

    def last_words(self) -> str:
        """The end of what it has said."""
        return self.log.read_text(errors="replace")[-1500:]


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
