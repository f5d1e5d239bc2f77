"""How long it takes from typing the command to the first page: with nothing there, and the next time."""

import statistics
import tempfile
from pathlib import Path

from bench.house import running_house
from bench.report import Report, platform_facts

REPEATS = 3
GOAL_SECONDS = 3.0


async def main() -> Report:
    """One first start, then some later ones over what it left."""
    with tempfile.TemporaryDirectory(prefix="gb-") as folder:
        seconds = [_start(Path(folder) / "var") for _ in range(1 + REPEATS)]
    first, later = seconds[0], seconds[1:]
    span = f"{statistics.median(later):.2f} ({min(later):.2f}-{max(later):.2f})"
    rows = [
        ["first start: databases made, demo seeded", f"{first:.2f}", ""],
        ["second start", span, f"≤ {GOAL_SECONDS:g}"],
    ]
    figures = {"first": first, "later": later}
    return Report("start", ["`guildhall up` to first page", "seconds", "goal"], rows, platform_facts(), figures)


def _start(home: Path) -> float:
    with running_house(home) as house:
        return house.first_page
