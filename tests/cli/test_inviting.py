"""`guildhall invite`: how the first people come to an installation that takes none by itself."""

import secrets
from pathlib import Path

import asyncpg

from providers.embedded import EmbeddedValkey
from tests.cli.test_commands import guildhall


async def test_the_operator_invites_by_mail(database: str, valkey: EmbeddedValkey, tmp_path: Path) -> None:
    email = f"ida-{secrets.token_hex(6)}@guildhall.example"
    own = {"DATABASE_URL": database, "REDIS_URL": valkey.redis_url, "SIGN_UP": "invite"}
    done = guildhall(tmp_path, "invite", email, "Ida", **own)
    assert done.returncode == 0, done.stderr
    owner = await asyncpg.connect(database)
    try:
        row = await owner.fetchrow(
            "select p.name, j.payload ->> 'template' as template from people p join person_jobs j on j.person_id = p.id"
            " where p.email = $1",
            email,
        )
    finally:
        await owner.close()
    assert row is not None
    assert (row["name"], row["template"]) == ("Ida", "invitation")
    wrong = guildhall(tmp_path, "invite", "no address", "Ida", **own)
    assert (wrong.returncode, "That is not an e-mail address." in wrong.stderr) == (1, True)
