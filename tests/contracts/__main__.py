"""`python -m tests.contracts [PORT]…`: runs the contracts of the ports, and prints adapters by tests."""

import argparse
import sys

import pytest

from tests.contracts.ports import PORTS
from tests.contracts.table import Table


def main() -> int:
    """The exit code: pytest's, or 1 when something did not run and nobody says why."""
    asked = argparse.ArgumentParser(prog="python -m tests.contracts")
    asked.add_argument("ports", nargs="*", choices=[*PORTS, []], metavar="PORT", help=", ".join(PORTS))
    asked.add_argument("--collect", action="store_true", help="what would run, without running it")
    given = asked.parse_args()
    table, paths = Table(), [PORTS[name].path for name in given.ports or PORTS]
    words = ["-q", "--no-header", "--show-capture=no", *(["--collect-only", "-qq"] if given.collect else [])]
    code = int(pytest.main([*words, *paths], plugins=[table]))
    text = "\n".join(table.lines())
    print(f"\n✓ passed   ✗ failed   s skipped   - none of its business   · not run\n\n{text}")
    return code or int("WITHOUT A REASON" in text)


if __name__ == "__main__":
    sys.exit(main())
