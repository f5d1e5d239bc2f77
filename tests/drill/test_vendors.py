"""The drill over vendors: one bad way of each kind, and a reckoning that is clean on both sides.

`python -m tests.drill` goes through all of them.
"""

import tempfile
from pathlib import Path

import pytest

from cli.drill.run import run
from tests.drill.vendors import surrounded
from tests.standins.elasticsearch import Node

FAULTS = (
    "Stripe acts and cuts",
    "LiveKit's webhooks among forged ones",
    "bucket cuts uploads",
)


@pytest.mark.timeout(400)
async def test_what_was_acknowledged_is_done_once_on_both_sides(elasticsearch: Node) -> None:
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        report = await run(Path(folder), 7, FAULTS, lambda row: None, surrounded(elasticsearch, 7))
    assert [row.fault for row in report.rows if row.tally.answers["bad"]] == []
    assert sorted(row.fault for row in report.rows) == sorted(FAULTS)
    assert set(report.work) == {
        "messages", "recordings", "certificates", "uploads", "purchases", "receipts", "class visits", "class films",
        "in the engine", "search index",
    }  # fmt: skip
    assert {name: counted[1:] for name, counted in report.work.items() if counted[1:] != (0, 0)} == {}
    assert [(row.fault, row.amiss) for row in report.rows if row.lost or row.doubled or row.amiss] == []
    assert {"web", "default", "index", "media", "render", "steward"} <= report.before.keys() & report.after.keys()
    assert report.grown == {}
    assert (report.failed, report.alone, report.clean) == ([], [], True)
