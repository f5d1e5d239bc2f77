"""Each adapter of each port is under the whole contract of its port, or a line says why not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.ports import PORTS
from tests.contracts.table import Table

HERE = Path(__file__).parents[2]


pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def collected() -> str:
    """The table of what would run, as its command prints it."""
    words = [sys.executable, "-m", "tests.contracts", "--collect"]
    done = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(PORTS))
def test_every_adapter_of_a_port_is_in_its_table(collected: str, name: str) -> None:
    port = PORTS[name]
    (head,) = (line for line in collected.splitlines() if line.startswith(f"{name} ({port.path})"))
    assert head.split(")")[-1].split() == list(port.adapters)
    block = collected.split(head)[1].split("\n\n", maxsplit=1)[0]
    rows = [line.split()[-len(port.adapters) :] for line in block.splitlines() if re.search(r"[·-]$", line)]
    assert len(rows) >= 6, "a contract has more to say"
    for number, adapter in enumerate(port.adapters):
        ran = [row[number] for row in rows].count("·")
        assert ran == len(rows) or (ran and adapter in port.apart), f"{adapter} runs {ran} of {len(rows)}"


def test_contracts_of_several_folders_run_in_one_go() -> None:
    words = [sys.executable, "-m", "tests.contracts", "mail", "search"]
    done = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert re.search(r"a probe passes and sends nothing +✓ +✓$", done.stdout, re.MULTILINE)
    assert re.search(r"hostile words are words +✓ +[✓s]$", done.stdout, re.MULTILINE)


def test_what_is_missing_or_skipped_for_no_reason_is_said() -> None:
    table = Table()
    table.cells["mail"] = {
        ("test_it_goes", "folder"): ["passed"], ("test_it_goes", "smtp"): ["passed", "failed"],
        ("test_it_stays", "folder"): ["skipped"],
    }  # fmt: skip
    text = "\n".join(table.lines())
    assert re.search(r"it goes +✓ +✗$", text, re.MULTILINE)
    assert re.search(r"it stays +s +-$", text, re.MULTILINE)
    assert "  - smtp, 1 tests: WITHOUT A REASON" in text
    assert "  s folder, it stays: WITHOUT A REASON" in text
    table.reasons["mail", ("test_it_stays", "folder")] = "no disk here"
    assert "  s folder, it stays: no disk here" in "\n".join(table.lines())
