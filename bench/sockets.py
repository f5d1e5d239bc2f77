"""CPU time per delivery, acknowledgement, connection and end of one, and memory per idle socket: our engine beside
python-socketio's own server, Node's and a C loop that does nothing but send(), in one run.
"""

import contextlib
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import peers, posting, wire_goals
from bench.cpu import cores
from bench.crowd import Crowd, build, resident_kb
from bench.peers import CHECKOUT, NoPeer, Side
from bench.report import Report
from providers.embedded import EmbeddedValkey

REPEATS, ROOM, SMALL_ROOM, IDLE, AT_ONCE = 3, 1000, 10, 2000, 64
PACED, BURST, SMALL = (60, 1), (240, 8), (2000, 1)
STALLING, STALLED = 50, (300, 1)
ACKNOWLEDGING, ACKNOWLEDGED = 100, 20_000
FEW, MANY, COLLECTED = 1000, 16_000, 10_000
COLLECT_SECONDS = 20.0
# A process that is measured only together with the one it is the second of.
SECOND = ", second"


@dataclass(slots=True)
class Taken:
    """What one side took, by figure: one number a repeat, in CPU microseconds, kilobytes or milliseconds."""

    by_figure: dict[str, list[float]] = field(default_factory=dict)

    def note(self, figure: str, value: float) -> None:
        """One more number."""
        self.by_figure.setdefault(figure, []).append(value)

    def median(self, figure: str) -> float | None:
        """The middle one of the repeats; None for what was not measured."""
        return statistics.median(self.by_figure[figure]) if figure in self.by_figure else None


async def main() -> Report | None:
    """Measure every server, interleaved; without a C compiler there is nobody to measure with."""
    if (compiler := shutil.which("cc")) is None:
        print("wire: there is no C compiler (cc) here, and the crowd is written in C.")
        return None
    app_core, rest = cores()
    os.sched_setaffinity(0, {rest})
    with tempfile.TemporaryDirectory(prefix="gb-") as home, contextlib.ExitStack() as stack:
        program = build(compiler, Path(home))
        valkey = EmbeddedValkey(Path(home) / "kv")
        valkey.start()
        stack.callback(valkey.stop)
        sides = [stack.enter_context(each) for each in _sides(program, valkey.redis_url, app_core, Path(home))]
        alone = [side for side in sides if not side.name.endswith(SECOND)]
        taken = {side.name: Taken() for side in alone}
        for repeat in range(REPEATS):
            for side in alone[repeat % len(alone) :] + alone[: repeat % len(alone)]:
                _measure(Crowd(program, [side], rest), side, taken[side.name])
            for pair in _pairs(sides):
                _measure_pair(Crowd(program, pair, rest), taken[pair[0].name])
        for side in alone:
            if side.name in wire_goals.LARGE:
                _measure_large(Crowd(program, [side], rest), side, taken[side.name], Path(home))
        posted = await posting.measure(program, app_core, rest)
    figures = {name: each.by_figure for name, each in taken.items()}
    for name, ways in posted.items():
        figures.setdefault(f"{name}, Redis", {}).update(ways)
    return wire_goals.report(figures)


def _sides(program: Path, redis_url: str, core: int, home: Path) -> Iterator[contextlib.AbstractContextManager[Side]]:
    python = [sys.executable, "-m", "bench.live.server"]
    yield _side(wire_goals.BOUND, [str(program), "bound"], core, home)
    for name, kind in ((wire_goals.OURS, "ours"), (wire_goals.STOCK, "stock"), (wire_goals.OURS + SECOND, "ours")):
        yield _side(name, [*python, kind, redis_url], core, home)
    try:
        node = peers.node()
        peers.install(node, peers.LIVE)
    except NoPeer as reason:
        print(f"wire: without Node: {reason}")
        return
    for name in (wire_goals.NODE, wire_goals.NODE + SECOND):
        yield _side(name, [node, str(peers.LIVE / "server.js"), redis_url], core, home)


@contextlib.contextmanager
def _side(name: str, words: list[str], core: int, home: Path) -> Iterator[Side]:
    with peers.running(words, core, CHECKOUT, _log(home, name)) as (pid, port):
        yield Side(name, pid, port)


def _log(home: Path, name: str) -> Path:
    return home / f"{name}.log".replace(" ", "-")


def _pairs(sides: Sequence[Side]) -> list[list[Side]]:
    """The processes that are one deployment."""
    by_name = {side.name: side for side in sides}
    return [[by_name[name], by_name[name + SECOND]] for name in by_name if name + SECOND in by_name]


def _measure(crowd: Crowd, side: Side, taken: Taken) -> None:
    first = not taken.by_figure
    crowd(f"connect {AT_ONCE} {AT_ONCE}")
    crowd("close")
    before = resident_kb(side.pid)
    taken.note("connect", crowd(f"connect {IDLE} {AT_ONCE}")[0])
    if first:
        taken.note("memory", (resident_kb(side.pid) - before) / IDLE)
    taken.note("end", crowd("close")[0])
    crowd(f"connect {ROOM} {AT_ONCE}")
    crowd("fan 20 1")
    for figure, (count, in_flight) in (("paced", PACED), ("burst", BURST)):
        spent, seen = crowd(f"fan {count} {in_flight}")
        taken.note(figure, spent)
        taken.note(f"{figure} p99 ms", seen["p99"] * 1000)
    taken.note("ack", crowd(f"ack {ACKNOWLEDGING} {ACKNOWLEDGED}")[0])
    if side.name in wire_goals.STALLING:
        taken.note("p99 ms, nobody stalls", _p99(crowd))
        crowd(f"stall {STALLING}")
        taken.note("p99 ms, some stall", _p99(crowd))
    crowd("close")
    crowd(f"connect {SMALL_ROOM} {SMALL_ROOM}")
    taken.note("small", crowd(f"fan {SMALL[0]} {SMALL[1]}")[0])
    crowd("close")
    crowd.end()


def _p99(crowd: Crowd) -> float:
    return float(crowd(f"fan {STALLED[0]} {STALLED[1]}")[1]["p99"]) * 1000


def _measure_pair(crowd: Crowd, taken: Taken) -> None:
    """The room of a thousand, half of it at each process."""
    crowd(f"connect {ROOM} {AT_ONCE}")
    crowd("fan 20 1")
    for figure, (count, in_flight) in (("paced, two", PACED), ("burst, two", BURST)):
        taken.note(figure, crowd(f"fan {count} {in_flight}")[0])
    crowd("close")
    crowd.end()


def _measure_large(crowd: Crowd, side: Side, taken: Taken, home: Path) -> None:
    """What a connection costs when there are few and when there are many, and one collection of all garbage."""
    for figure, count in (("few", FEW), ("many", MANY)):
        taken.note(f"connect, {figure}", crowd(f"connect {count} {AT_ONCE}")[0])
        taken.note(f"end, {figure}", crowd("close")[0])
    crowd(f"connect {COLLECTED} {AT_ONCE}")
    taken.note("collection", _collected(side.pid, _log(home, side.name)))
    crowd("close")
    crowd.end()


def _collected(pid: int, log: Path) -> float:
    """The milliseconds of the second of two full collections: the first one also finds what connecting left."""
    for wanted in (1, 2):
        os.kill(pid, signal.SIGUSR1)
        until = time.monotonic() + COLLECT_SECONDS
        while len(found := log.read_text().split()) < wanted and time.monotonic() < until:
            time.sleep(0.05)
    return float(found[-1])
