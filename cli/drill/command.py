"""`guildhall drill`: the table of faults, and the reckoning; exit 1 when anything was lost, doubled or unexplained."""

import asyncio
import tempfile
from pathlib import Path

from cli.console import OUT, say
from cli.drill.run import Report, Row, run
from cli.drill.surroundings import Surrounded, embedded
from cli.stop import Stop

HEAD = (
    f"{'fault':<28}{'good':>6}{'refused':>9}{'silent':>8}{'bad':>5}{'slowest':>9}{'waited':>8}{'caught up':>11}  readyz"
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
    for name in report.alone:
        say(f"still left alone: {name}")
    if report.memory:
        say(f"memory: {report.memory[0]} MB after the first fault, {report.memory[-1]} MB after the last.")
    conclude(report)


def line_of(row: Row) -> str:
    """One fault in one line: answers by how they ended, the slowest, what waited, and how soon it was done."""
    good, said, none, bad = (row.tally.answers[outcome] for outcome in ("good", "said", "none", "bad"))
    times = f"{row.tally.slowest:>8.2f}s{row.waited:>8}{row.caught_up:>10.1f}s"
    alone = f" ({', '.join(row.alone)} left alone)" if row.alone else ""
    return f"{row.fault:<28}{good:>6}{said:>9}{none:>8}{bad:>5}{times}  {row.standing}{alone}"


def conclude(report: Report) -> None:
    """Say how it went; Stop when it did not go well."""
    OUT.print(f"{len(report.rows)} faults, {sum(sum(row.tally.answers.values()) for row in report.rows)} looks.")
    if not report.clean:
        raise Stop("Something was lost, done twice, or refused without a reason: the table above says where.")
