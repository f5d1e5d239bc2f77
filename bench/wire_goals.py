"""The table of the wire: what each server took, what is aimed at beside Node and C, and whether it is reached."""

import json
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import Report, platform_facts

OURS, NODE, STOCK, BOUND = "ours, Redis", "Node, Redis", "python-socketio, Redis", "C send() loop"
STALLING = {OURS, NODE}
LARGE = {OURS}
COLUMNS = ["work", "ours", "Node", "python-socketio", "C send()", "aimed at", "got", "reached"]
LOCK = Path(__file__).parent / "live/package-lock.json"
Figures = Mapping[str, Mapping[str, list[float]]]
Found = Callable[[str, str], float | None]


@dataclass(frozen=True, slots=True)
class Goal:
    """One line: a figure, and what it is to be, from what was found of (side, figure)."""

    work: str
    figure: str
    aim: str
    got: Callable[[Found], float | None]
    enough: Callable[[float], bool]
    form: str = "{:.2f}"


def _times(figure: str, side: str = NODE) -> Callable[[Found], float | None]:
    """How many times less than another side ours took."""

    def got(found: Found) -> float | None:
        theirs, ours = found(side, figure), found(OURS, figure)
        return theirs / ours if theirs and ours else None

    return got


def _own(figure: str, under: str | None = None) -> Callable[[Found], float | None]:
    """A figure of ours, as it is or under another one."""

    def got(found: Found) -> float | None:
        value, below = found(OURS, figure), found(OURS, under) if under else 1.0
        return value / below if value is not None and below else None

    return got


GOALS = [
    Goal("room of 1000, one in flight: µs a delivery", "paced", "≥ 2× Node", _times("paced"), lambda x: x >= 2),
    Goal("", "paced", "≥ 0.85 of C", _times("paced", BOUND), lambda x: x >= 0.85),
    Goal("the same, eight in flight", "burst", "≥ 8× Node", _times("burst"), lambda x: x >= 8),
    Goal("one in flight, two processes", "paced, two", "≥ 1× Node", _times("paced, two"), lambda x: x >= 1),
    Goal("eight in flight, two processes", "burst, two", "≥ 6× Node", _times("burst, two"), lambda x: x >= 6),
    Goal("event → ack: µs", "ack", "≥ 2× Node", _times("ack"), lambda x: x >= 2),
    Goal("room of 10, one in flight: µs a delivery", "small", "≥ 1× Node", _times("small"), lambda x: x >= 1),
    Goal("post, commit, 1000 members: µs a delivery", "posted", "≥ 1.5× Node", _times("posted"), lambda x: x >= 1.5),
    Goal("idle socket: KB", "memory", "≤ 5 KB", _own("memory"), lambda x: x <= 5),
    Goal("", "memory", "≥ 3× Node", _times("memory"), lambda x: x >= 3),
    Goal("connect: µs", "connect", "≤ 200 µs", _own("connect"), lambda x: x <= 200, "{:.0f}"),
    Goal("end of a connection: µs", "end", "≤ 30 µs", _own("end"), lambda x: x <= 30, "{:.0f}"),
    Goal(
        "connect, 16,000 ÷ 1,000", "connect, many", "≤ 1.3", _own("connect, many", "connect, few"), lambda x: x <= 1.3
    ),
    Goal("end, 16,000 ÷ 1,000", "end, many", "≤ 1.3", _own("end, many", "end, few"), lambda x: x <= 1.3),
    Goal(
        "full collection, 10,000 sockets: ms", "collection", "< 50 ms", _own("collection"), lambda x: x < 50, "{:.0f}"
    ),
    Goal(
        "p99 of others, 5 % stall ÷ nobody",
        "p99 ms, some stall",
        "≤ 1.2",
        _own("p99 ms, some stall", "p99 ms, nobody stalls"),
        lambda x: x <= 1.2,
    ),
]


def report(taken: Figures) -> Report:
    """The table, by medians."""

    def found(side: str, figure: str) -> float | None:
        values = taken.get(side, {}).get(figure)
        return statistics.median(values) if values else None

    return Report("wire", COLUMNS, [_row(goal, found) for goal in GOALS], platform_facts() | _versions(), taken)


def _row(goal: Goal, found: Found) -> list[Any]:
    cells = [_shown(found(side, goal.figure), "{:.1f}") for side in (OURS, NODE, STOCK, BOUND)]
    got = goal.got(found)
    reached = "" if got is None else "yes" if goal.enough(got) else "no"
    return [goal.work, *(cells if goal.work else [""] * 4), goal.aim, _shown(got, goal.form), reached]


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _versions() -> dict[str, str]:
    packages = json.loads(LOCK.read_text())["packages"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in ("socket.io", "@socket.io/redis-adapter")}
