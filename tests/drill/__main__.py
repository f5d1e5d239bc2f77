"""`python -m tests.drill [--seed N] [--only WORDS]…`: the table of `guildhall drill` over vendors."""

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path

from cli.drill.command import drill
from cli.stop import Stop
from tests.drill.vendors import surrounded
from tests.standins.elasticsearch import Node


def main() -> int:
    """The exit code: 0 when nothing acknowledged was lost or done twice."""
    asked = argparse.ArgumentParser(prog="python -m tests.drill")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", action="append", default=[])
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="gn-") as home:
        node = Node(Path(home))
        node.start()
        try:
            drill(given.seed, given.only, surrounded(node, given.seed))
        except Stop as stop:
            print(stop, file=sys.stderr)
            return 1
        finally:
            node.kill()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "160")
    # That a caller gave up waiting is what a slow vendor is for.
    for vendor in ("aiohttp.server", "mail.log"):
        logging.getLogger(vendor).setLevel(logging.CRITICAL)
    sys.exit(main())
