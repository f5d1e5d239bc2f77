"""Kill parts of a running installation at random while it works; print what was tried, and what was lost or doubled.

`python -m tests.kills [--seed 1] [--rounds 24]`; exit 1 when anything acknowledged was lost or done twice.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.kills.run import run


def main() -> int:
    """The command."""
    asked = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--rounds", type=int, default=24)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        report = asyncio.run(run(Path(folder), random.Random(given.seed), given.rounds))
    print("\n".join(report.table()))
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
