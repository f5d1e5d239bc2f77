"""`guildhall storage pass`: what it prints lets Google's own client at the files of one channel, as the guide says."""

import asyncio
import re
from pathlib import Path
from typing import Any

from providers.embedded import EmbeddedValkey
from tests.cli.test_commands import ROOT, guildhall
from tests.webapp import serving, settings_for
from tests.world import World

GUIDE = (ROOT / "docs" / "guide" / "storage.md").read_text()
(PROGRAM,) = re.findall(r"```python\n(.+?)```", GUIDE, re.DOTALL)


async def test_the_program_of_the_guide_runs_with_what_the_command_prints(
    world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    named = settings_for(database, valkey.redis_url, tmp_path, 8000)
    variables = {
        "SECRET_KEY": named.secret_key.get_secret_value(), "DATABASE_URL": database, "REDIS_URL": valkey.redis_url,
        "DATABASE_URL_APP": named.database_url_app, "DATABASE_URL_RELAY": named.database_url_relay,
        "COLUMNS": "200", "STORAGE": f"disk:{tmp_path}/files",
    }  # fmt: skip
    async with serving(database, valkey.redis_url, tmp_path, storage=f"disk:{tmp_path}/files") as web:
        given = ("storage", "pass", world.pottery.slug, "--hours", "2")
        done = await asyncio.to_thread(guildhall, tmp_path, *given, BASE_URL=web.url, **variables)
        assert done.returncode == 0, done.stderr
        said = dict(re.findall(r"│ (Endpoint|Bucket|Names begin) +│ (\S+) +│", done.stdout))
        assert said == {
            "Endpoint": f"{web.url}/storage", "Bucket": "guildhall", "Names begin": f"c/{world.pottery.id}/",
        }  # fmt: skip
        program = PROGRAM.replace("http://127.0.0.1:8000/storage", said["Endpoint"])
        program = program.replace("c/01980000-0000-7000-8000-000000000000/", said["Names begin"])
        program = program.replace("THE PASS", done.stdout.split()[-1])
        (tmp_path / "glazes.pdf").write_bytes(b"%PDF glazes")
        told: dict[str, Any] = {}
        await asyncio.to_thread(exec, program.replace('"glazes.pdf"', repr(f"{tmp_path}/glazes.pdf")), told)
        assert told["first"] == b"%PDF"


def test_there_are_no_passes_for_a_bucket_or_for_no_channel(
    database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    for storage, slug, said in (("gcs:some-bucket", "pottery", "IAM"), ("disk:files", "nowhere", "no channel")):
        done = guildhall(
            tmp_path, "storage", "pass", slug, DATABASE_URL=database, REDIS_URL=valkey.redis_url, STORAGE=storage,
            STORAGE_EMULATOR_HOST="http://127.0.0.1:1",
        )  # fmt: skip
        assert done.returncode == 1
        assert said in done.stderr
