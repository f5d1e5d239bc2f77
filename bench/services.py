"""What the real services cost, in one run and one table: each figure, what is aimed at, and whether it is reached.

    python -m bench services

What cannot run here (Elasticsearch without Java or Maven, nginx without nginx) is said in its row.
"""

import operator
import statistics
from dataclasses import asdict, dataclass
from typing import Any

from bench import indexing, nginx, searching, storage, webhooks
from bench.cpu import cores_kept
from bench.engine import running_engine
from bench.report import Report, platform_facts
from bench.stage import Stage, staged
from tests.standins.elasticsearch import NoEngine

COLUMNS = ["service", "figure", "measured", "aimed at", "reached"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `goal` is on the right side of `sign`."""

    service: str
    what: str
    value: float
    sign: str
    goal: float
    shown: str

    def cells(self) -> list[str]:
        """The line of the table."""
        reached = {"≥": operator.ge, "≤": operator.le}[self.sign](self.value, self.goal)
        return [self.service, self.what, self.shown, f"{self.sign} {self.goal:,g}", "yes" if reached else "no"]


async def main() -> Report:
    """Every service, one after the other."""
    rows: list[list[str]] = []
    raw: dict[str, Any] = {}
    async with staged() as stage:
        await _engine(stage, rows, raw)
        told = await webhooks.measure(stage)
    raw["webhooks"] = asdict(told)
    for name, values in asdict(told).items():
        value = statistics.median(values)
        row = Row(f"webhook, {name}", "accepted, CPU ms", value, "≤", 5, _span(values, "{:.2f}"))
        rows.append(row.cells())
    await _bucket(rows, raw)
    await _front(rows, raw)
    return Report("services", COLUMNS, rows, platform_facts(), raw)


async def _engine(stage: Stage, rows: list[list[str]], raw: dict[str, Any]) -> None:
    try:
        with running_engine() as node:
            indexed = await indexing.measure(stage, node.url)
            searched = await searching.measure(stage, node.url)
    except NoEngine as lacking:
        rows.append(["Elasticsearch", str(lacking), "", "", ""])
        return
    raw |= {"indexing": asdict(indexed), "searching": asdict(searched)}
    documents = statistics.median(indexed.followed)
    rate, split = (
        _span(indexed.followed, "{:,.0f}"),
        [statistics.median(each) for each in (searched.ours, searched.raw)],
    )
    lag = f"{indexed.lag:.2f} (at {indexed.writes:.0f} committed a second)"
    more = f"+{searched.more:.2f} ({split[0]:.2f} − {split[1]:.2f})"
    rows += [
        Row("Elasticsearch", "documents a worker-CPU-second", documents, "≥", 3000, rate).cells(),
        Row("Elasticsearch", "lag at 200 writes/s, p99 s", indexed.lag, "≤", 2, lag).cells(),
        Row("Elasticsearch", "search over the raw call, CPU ms", searched.more, "≤", 3, more).cells(),
    ]


async def _bucket(rows: list[list[str]], raw: dict[str, Any]) -> None:
    found = (await storage.main()).raw
    cpu, _, memory = found["ours"]
    raw["storage"] = found
    rows += [
        Row("Google Cloud Storage", "upload, CPU s/GB", cpu, "≤", 1.5, f"{cpu:.2f}").cells(),
        Row("Google Cloud Storage", "upload, MB more at most", memory, "≤", 100, f"{memory:.0f}").cells(),
    ]


async def _front(rows: list[list[str]], raw: dict[str, Any]) -> None:
    with cores_kept():
        report = await nginx.main()
    if report is None:
        rows.append(["nginx", "not installed", "", "", ""])
        return
    raw["nginx"] = report.raw
    rate = {way: statistics.median(figures["per_second"]) for way, figures in report.raw.items()}
    for way, goal in (("through nginx", 1 - nginx.MOST_COST), ("from its cache", nginx.LEAST_GAIN)):
        ratio = rate[way] / rate["straight"]
        rows.append(Row("nginx", f"landing page {way} ÷ straight", ratio, "≥", goal, f"{ratio:.2f}×").cells())


def _span(values: list[float], form: str) -> str:
    middle, least, most = (form.format(each(values)) for each in (statistics.median, min, max))
    return f"{middle} ({least}-{most})"
