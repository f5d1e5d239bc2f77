"""`python -m tests.api.fuzz [EXAMPLES]`: the longer run of the fuzzing of `test_schema.py`, with servers of its own."""

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from logs import set_up_logs
from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from tenants import migrations
from tests.api.fuzzing import Findings, fuzz
from tests.api.stage import set_stage
from tests.databases import Databases
from tests.webapp import serving


async def run(home: Path, database: str, redis_url: str, examples: int) -> Findings:
    """Fuzz a whole application over an empty, migrated database."""
    tenancy = Databases.tenancy(database)
    try:
        stage = await set_stage(tenancy)
        roles = {"student": stage.school.sam, "nobody": None, "owner": stage.school.ana}
        async with serving(database, redis_url, home / "var") as web:
            return await fuzz(web, stage, roles, examples)
    finally:
        await tenancy.close()


def main(examples: int) -> int:
    """Run, and say what was found; 1 when anything was wrong."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gh-") as folder:
        home = Path(folder)
        postgres, valkey = EmbeddedPostgres(home / "pg"), EmbeddedValkey(home / "kv")
        postgres.start()
        valkey.start()
        try:
            migrations.upgrade(postgres.database_url, {})
            found = asyncio.run(run(home, postgres.database_url, valkey.redis_url, examples))
        finally:
            valkey.stop()
            postgres.stop()
    for fault in found.wrong:
        print(fault, end="\n\n")
    answers = ", ".join(f"{status}: {count}" for status, count in sorted(found.statuses.items()))
    print(f"{found.calls} calls in {time.monotonic() - began:.0f} s ({answers})")
    print(f"{len(found.wrong)} failures, {sum(n for s, n in found.statuses.items() if s >= 500)} server errors")
    return int(bool(found.wrong))


if __name__ == "__main__":
    set_up_logs("console", level=logging.ERROR)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
