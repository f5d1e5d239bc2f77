"""Both drills with some of their faults, and a reckoning that is clean: the house's, as the operator runs it, and the
one over vendors, with one bad way of each kind. `guildhall drill` and `python -m tests.drill` go through all of them.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.drill.run import run
from tests.drill.vendors import surrounded
from tests.standins.elasticsearch import Node

OF_THE_HOUSE = ("kill -9 web", "Redis stopped", "mail cannot be sent")
OF_VENDORS = (
    "Stripe acts and cuts",
    "LiveKit's webhooks among forged ones",
    "bucket cuts uploads",
)

Drill = subprocess.Popen[str]


@pytest.fixture(scope="module", autouse=True)
def drill() -> Iterator[Drill]:
    """`guildhall drill` at work beside the other: both mostly wait for breakers to rest and for things to catch up."""
    words = [sys.executable, "-m", "cli.main", "drill", "--seed", "7"]
    only = [part for fault in OF_THE_HOUSE for part in ("--only", fault)]
    with subprocess.Popen([*words, *only], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


@pytest.mark.timeout(400)
async def test_what_vendors_acknowledged_is_done_once_on_both_sides(elasticsearch: Node) -> None:
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        report = await run(Path(folder), 7, OF_VENDORS, lambda row: None, surrounded(elasticsearch, 7))
    assert [row.fault for row in report.rows if row.tally.answers["bad"]] == []
    assert sorted(row.fault for row in report.rows) == sorted(OF_VENDORS)
    assert set(report.work) == {
        "messages", "recordings", "certificates", "uploads", "purchases", "receipts", "class visits", "class films",
        "in the engine", "search index",
    }  # fmt: skip
    assert {name: counted[1:] for name, counted in report.work.items() if counted[1:] != (0, 0)} == {}
    assert [(row.fault, row.amiss) for row in report.rows if row.lost or row.doubled or row.amiss] == []
    assert {"web", "default", "index", "media", "render", "steward"} <= report.before.keys() & report.after.keys()
    assert report.grown == {}
    assert (report.failed, report.alone, report.clean) == ([], [], True)


@pytest.mark.timeout(400)
async def test_what_was_promised_is_kept_while_services_fail(drill: Drill) -> None:
    said, complained = await asyncio.to_thread(drill.communicate, timeout=380)
    assert drill.returncode == 0, said + complained
    for fault in OF_THE_HOUSE:
        assert re.search(rf"^{re.escape(fault)} +\d+ ", said, re.MULTILINE), said
    reckoned = dict(re.findall(r"^([a-z ]+?) +\d+ +(\d+ +\d+)$", said, re.MULTILINE))
    assert set(reckoned) == {"messages", "recordings", "certificates", "uploads", "search index"}
    assert re.search(r"^memory in MB: web \d+ → \d+, .*\(none grew by more than \d+\)$", said, re.MULTILINE)
    assert re.search(r"^breakers that opened: .*\(all are closed again\)$", said, re.MULTILINE)
    assert all(row.split() == ["0", "0"] for row in reckoned.values())
