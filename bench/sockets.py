"""CPU time per delivery, acknowledgement, connection and end of one, and memory per idle socket: our engine beside
python-socketio's own server, Node's and a C loop that does nothing but send(), in one run.
"""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import peers
from bench.cpu import cores, cpu_seconds, on_core
from bench.peers import CHECKOUT, NoPeer, Side
from bench.report import Report, platform_facts
from providers.embedded import EmbeddedValkey

LIVE = Path(__file__).parent / "live"
REPEATS, ROOM, IDLE, AT_ONCE = 3, 1000, 2000, 64
DELIVERIES = {"paced": (60, 1), "burst": (120, 8)}
ACKNOWLEDGING, ACKNOWLEDGED = 100, 10_000
QUIET_SECONDS, MOST_QUIET_SECONDS = 0.2, 20.0
FIGURES = ("paced", "burst", "ack", "connect", "disconnect", "memory")
COLUMNS = [
    "server",
    "µs, one in flight",
    "µs, eight",
    "µs per ack",
    "µs to connect",
    "µs to end",
    "KB idle",
    "paced",
    "burst",
]


@dataclass(slots=True)
class Taken:
    """What one side took: CPU microseconds, and kilobytes, one number per repeat."""

    by_figure: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in FIGURES})
    p99_ms: list[float] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """The middle one of the repeats."""
        return statistics.median(self.by_figure[figure] or [0.0])


class Crowd:
    """The client of thousands of sockets, in front of one server."""

    def __init__(self, program: Path, side: Side, core: int) -> None:
        self._side = side
        with on_core(core):
            self._process = subprocess.Popen(
                [program, "load", str(side.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )

    def __call__(self, line: str) -> tuple[float, dict[str, Any]]:
        """Obey a line: the CPU microseconds of the server for each thing done, and what was seen."""
        assert self._process.stdin
        assert self._process.stdout
        before = cpu_seconds(self._side.pid)
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        if not (told := self._process.stdout.readline()):
            raise RuntimeError(f"{self._side.name} has hung up on the crowd")
        seen = json.loads(told)
        _await_quiet(self._side.pid)
        if seen["faults"]:
            raise RuntimeError(f"{self._side.name}: {seen['faults']} deliveries out of order or missing")
        return (cpu_seconds(self._side.pid) - before) * 1e6 / seen["count"], seen

    def end(self) -> None:
        """Hang up."""
        self._process.kill()
        self._process.wait()


async def main() -> Report | None:
    """Measure every server, interleaved; without a C compiler there is nobody to measure with."""
    if (compiler := shutil.which("cc")) is None:
        print("wire: there is no C compiler (cc) here, and the crowd is written in C.")
        return None
    app_core, rest = cores()
    os.sched_setaffinity(0, {rest})
    with tempfile.TemporaryDirectory(prefix="gb-") as home, contextlib.ExitStack() as stack:
        program = Path(home) / "wire"
        _compile(compiler, program)
        valkey = EmbeddedValkey(Path(home) / "kv")
        valkey.start()
        stack.callback(valkey.stop)
        sides = [stack.enter_context(each) for each in _sides(program, valkey.redis_url, app_core, Path(home))]
        taken = {side.name: Taken() for side in sides}
        for repeat in range(REPEATS):
            for side in sides[repeat % len(sides) :] + sides[: repeat % len(sides)]:
                _measure(Crowd(program, side, rest), side, taken[side.name])
    return _report(taken)


def _compile(compiler: str, program: Path) -> None:
    subprocess.run([compiler, "-O2", "-o", program, LIVE / "wire.c"], check=True)


def _sides(program: Path, redis_url: str, core: int, home: Path) -> Iterator[contextlib.AbstractContextManager[Side]]:
    python = [sys.executable, "-m", "bench.live.server"]
    yield _side("C send() loop", [str(program), "bound"], core, home)
    for name, kind in (("ours", "ours"), ("python-socketio", "stock")):
        yield _side(name, [*python, kind, "-"], core, home)
        yield _side(f"{name}, Redis", [*python, kind, redis_url], core, home)
    try:
        node = peers.node()
        peers.install(node, LIVE)
    except NoPeer as reason:
        print(f"wire: without Node: {reason}")
        return
    yield _side("Node", [node, str(LIVE / "server.js"), "-"], core, home)
    yield _side("Node, Redis", [node, str(LIVE / "server.js"), redis_url], core, home)


@contextlib.contextmanager
def _side(name: str, words: list[str], core: int, home: Path) -> Iterator[Side]:
    with peers.running(words, core, CHECKOUT, home / f"{name}.log".replace(" ", "-")) as (pid, port):
        yield Side(name, pid, port)


def _measure(crowd: Crowd, side: Side, taken: Taken) -> None:
    first = not taken.by_figure["paced"]
    crowd(f"connect {AT_ONCE} {AT_ONCE}")
    crowd("close")
    before = _resident(side.pid)
    figures = {"connect": crowd(f"connect {IDLE} {AT_ONCE}")[0]}
    if first:
        figures["memory"] = (_resident(side.pid) - before) / IDLE
    figures["disconnect"] = crowd("close")[0]
    crowd(f"connect {ROOM} {AT_ONCE}")
    crowd("fan 20 1")
    for name, (count, in_flight) in DELIVERIES.items():
        figures[name], seen = crowd(f"fan {count} {in_flight}")
        taken.p99_ms.append(seen["p99"] * 1000)
    figures["ack"] = crowd(f"ack {ACKNOWLEDGING} {ACKNOWLEDGED}")[0]
    crowd("close")
    crowd.end()
    for name, value in figures.items():
        taken.by_figure[name].append(value)


def _await_quiet(pid: int) -> None:
    """Return when a server has done what it had to do after the last answer, such as forgetting who has gone."""
    until = time.monotonic() + MOST_QUIET_SECONDS
    spent = cpu_seconds(pid)
    while time.monotonic() < until:
        time.sleep(QUIET_SECONDS)
        before, spent = spent, cpu_seconds(pid)
        if spent - before < QUIET_SECONDS / 20:
            return


def _resident(pid: int) -> float:
    """Kilobytes in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def _report(taken: dict[str, Taken]) -> Report:
    peer = taken.get("Node, Redis")
    rows = []
    for name, each in taken.items():
        ratios = [f"{peer.median(kind) / each.median(kind):.2f}x Node" if peer else "" for kind in DELIVERIES]
        rows.append([name, *(f"{each.median(figure):.2f}" for figure in FIGURES), *ratios])
    facts = platform_facts() | _versions()
    raw = {name: each.by_figure | {"p99_ms": each.p99_ms} for name, each in taken.items()}
    return Report("wire", COLUMNS, rows, facts, raw)


def _versions() -> dict[str, str]:
    packages = json.loads((LIVE / "package-lock.json").read_text())["packages"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in ("socket.io", "@socket.io/redis-adapter")}
