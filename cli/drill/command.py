"""`guildhall drill`: the table of faults, and the reckoning; exit 1 when anything was lost, doubled or unexplained."""

import asyncio
import tempfile
from pathlib import Path

from cli.console import OUT, say
from cli.drill.run import GROWTH_MB, Report, Row, run
from cli.drill.surroundings import Surrounded, embedded
from cli.stop import Stop

HEAD = (
    f"{'fault':<36}{'good':>6}{'refused':>9}{'silent':>8}{'bad':>5}{'slowest':>9}{'waited':>8}{'caught up':>11}"
    f"{'lost':>6}{'twice':>7}{'MB':>6}  readyz"
)


def drill(seed: int, only: list[str], surrounded: Surrounded = embedded) -> None:
    """Run the drill in a temporary folder and print it; Stop when it did not go well."""
    say(HEAD)
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        report = asyncio.run(run(Path(folder), seed, only, lambda row: say(line_of(row)), surrounded))
    say("")
    say(f"{'work':<14}{'acknowledged':>14}{'lost':>8}{'doubled':>9}")
    for name, (done, lost, doubled) in report.work.items():
        say(f"{name:<14}{done:>14}{lost:>8}{doubled:>9}")
    for reason in report.failed:
        say(f"given up: {reason}")
    say(breakers_of(report))
    say(memory_of(report))
    conclude(report)


def line_of(row: Row) -> str:
    """One fault in one line: answers by how they ended, what waited and how soon it was done, and the reckoning."""
    good, said, none, bad = (row.tally.answers[outcome] for outcome in ("good", "said", "none", "bad"))
    times = f"{row.tally.slowest:>8.2f}s{row.waited:>8}{row.caught_up:>10.1f}s"
    alone = f" (left alone: {', '.join(row.alone)})" if row.alone else ""
    amiss = f" (amiss: {', '.join(row.amiss)})" if row.amiss else ""
    counted = f"{row.lost:>6}{row.doubled:>7}{row.memory:>6}"
    return f"{row.fault:<36}{good:>6}{said:>9}{none:>8}{bad:>5}{times}{counted}  {row.standing}{alone}{amiss}"


def breakers_of(report: Report) -> str:
    """Which breakers opened, and whether all are closed again."""
    opened = sorted({name for row in report.rows for name in row.alone})
    verdict = f"STILL OPEN: {', '.join(report.alone)}" if report.alone else "all are closed again"
    return f"breakers that opened: {', '.join(opened) or 'none'} ({verdict})"


def memory_of(report: Report) -> str:
    """What each process held before and after, and whether that is too much more."""
    held = ", ".join(f"{name} {was} → {report.after.get(name, 0)}" for name, was in report.before.items())
    verdict = f"GREW: {', '.join(report.grown)}" if report.grown else f"none grew by more than {GROWTH_MB}"
    return f"memory in MB: {held} ({verdict})"


def conclude(report: Report) -> None:
    """Say how it went; Stop when it did not go well."""
    OUT.print(f"{len(report.rows)} faults, {sum(sum(row.tally.answers.values()) for row in report.rows)} looks.")
    if not report.clean:
        raise Stop("Something was lost, done twice, or refused without a reason: the table above says where.")
