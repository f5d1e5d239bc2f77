"""What the whole embedded product holds when nobody asks for anything: proportional set size, process by process."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench.house import running_house
from bench.report import Report, platform_facts
from providers.embedded import EmbeddedPostgres
from tests.waiting import until

ALL_MB, WEB_MB = 350.0, 120.0
SETTLE_SECONDS, PRINTING_SECONDS = 8.0, 120.0
WEB = "gh web"
NONE_LEFT = "select count(*) = 0 from jobs where state <> 'failed'"


async def main() -> Report:
    """Have the demo's certificates printed, start everything again, let it come to rest, and weigh it."""
    with tempfile.TemporaryDirectory(prefix="gb-") as folder:
        home = Path(folder) / "var"
        with running_house(home):
            await all_jobs_done(home)
        with running_house(home) as house:
            await asyncio.sleep(SETTLE_SECONDS)
            weights = [(name_of(pid), weigh(pid)) for pid in family(house.pid)]
    total, web = sum(weight for _, weight in weights), max(weight for name, weight in weights if name == WEB)
    rows = [[*each] for each in grouped(weights)]
    rows += [["all together", len(weights), f"{total:.0f}", f"≤ {ALL_MB:.0f}"]]
    rows = [[*row, f"≤ {WEB_MB:.0f}" if row[0] == WEB else ""] if len(row) == 3 else row for row in rows]
    figures = {"total_mb": total, "web_mb": web, "processes": weights}
    return Report(
        "memory", ["process (idle, no Chromium)", "how many", "MB (PSS)", "goal"], rows, platform_facts(), figures
    )


async def all_jobs_done(home: Path) -> None:
    """Return when no job is left to be done, for the printing of certificates starts a Chromium."""
    owner = await asyncpg.connect(EmbeddedPostgres(home).database_url)
    await until(lambda: owner.fetchval(NONE_LEFT), within=PRINTING_SECONDS, every=0.5)
    await owner.close()


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from family(int(child))


def name_of(pid: int) -> str:
    """What the kernel calls the process."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def weigh(pid: int) -> float:
    """Proportional set size in MB: shared pages are divided among those who share them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def grouped(weights: list[tuple[str, float]]) -> list[tuple[str, int, str]]:
    """Processes of one name together, heaviest first."""
    names = {name: [weight for each, weight in weights if each == name] for name, _ in weights}
    ordered = sorted(names.items(), key=lambda each: -sum(each[1]))
    return [(name, len(each), f"{sum(each):.0f}") for name, each in ordered]
