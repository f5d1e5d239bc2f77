"""The crowd: a client of thousands of sockets, in C, in front of one server or several that are one deployment."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cpu import cpu_seconds, on_core
from bench.peers import Side

QUIET_SECONDS, MOST_QUIET_SECONDS = 0.2, 20.0
PROGRAM = Path(__file__).parent / "live/wire.c"


def build(compiler: str, folder: Path) -> Path:
    """The program of the crowd; as a server it is the least that a send() loop costs."""
    program = folder / "wire"
    subprocess.run([compiler, "-O2", "-o", program, PROGRAM], check=True)
    return program


class Crowd:
    """Sockets spread over the servers; it obeys lines, and says what is handed in (`said`), see `live/wire.c`."""

    def __init__(self, program: Path, sides: Sequence[Side], core: int, **said: str) -> None:
        self._sides = sides
        ports = [str(side.port) for side in sides]
        with on_core(core):
            self._process = subprocess.Popen(
                [program, "load", *ports],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | said,
            )

    def __call__(self, line: str) -> tuple[float, dict[str, Any]]:
        """Obey a line: the CPU microseconds of the servers for each thing done, and what was seen."""
        assert self._process.stdin
        assert self._process.stdout
        before = self._spent()
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        if not (told := self._process.stdout.readline()):
            raise RuntimeError(f"{self._sides[0].name} has hung up on the crowd")
        seen = json.loads(told)
        for side in self._sides:
            _await_quiet(side.pid)
        if seen["faults"]:
            raise RuntimeError(f"{self._sides[0].name}: {seen['faults']} deliveries out of order or missing")
        return (self._spent() - before) * 1e6 / seen["count"], seen

    def end(self) -> None:
        """Hang up."""
        self._process.kill()
        self._process.wait()

    def _spent(self) -> float:
        return sum(cpu_seconds(side.pid) for side in self._sides)


def resident_kb(pid: int) -> float:
    """Kilobytes in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def _await_quiet(pid: int) -> None:
    """Return when a server has done what it had to do after the last answer, such as forgetting who has gone."""
    until = time.monotonic() + MOST_QUIET_SECONDS
    spent = cpu_seconds(pid)
    while time.monotonic() < until:
        time.sleep(QUIET_SECONDS)
        before, spent = spent, cpu_seconds(pid)
        if spent - before < QUIET_SECONDS / 20:
            return
