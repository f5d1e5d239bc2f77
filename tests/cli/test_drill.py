"""The drill, as the operator runs it: some of its faults, and a reckoning that is clean."""

import re
import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
def test_what_was_promised_is_kept_while_services_fail() -> None:
    words = [sys.executable, "-m", "cli.main", "drill", "--seed", "7"]
    faults = ("kill -9 web", "Redis stopped", "mail cannot be sent")
    done = subprocess.run(
        [*words, *(part for fault in faults for part in ("--only", fault))],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for fault in faults:
        assert re.search(rf"^{re.escape(fault)} +\d+ ", done.stdout, re.MULTILINE), done.stdout
    reckoned = dict(re.findall(r"^([a-z ]+?) +\d+ +(\d+ +\d+)$", done.stdout, re.MULTILINE))
    assert set(reckoned) == {"messages", "recordings", "certificates", "uploads", "search index"}
    assert re.search(r"^memory in MB: web \d+ → \d+, .*\(none grew by more than \d+\)$", done.stdout, re.MULTILINE)
    assert re.search(r"^breakers that opened: .*\(all are closed again\)$", done.stdout, re.MULTILINE)
    assert all(row.split() == ["0", "0"] for row in reckoned.values())
