"""The guide to live classes: each of its commands runs as it is printed, and each field has its option."""

import asyncio
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from cli.live import connect
from providers.embedded import EmbeddedValkey
from providers.live import ADAPTERS, choose
from tests.cli.test_commands import ROOT, guildhall
from tests.providers.live_sides import SIDES
from tests.providers.test_live_bucket import service_account
from tests.webapp import settings_for
from tests.world import World

GUIDE = (ROOT / "docs" / "guide" / "live.md").read_text()
COMMANDS = re.findall(r"^ *uv run guildhall (live connect .+)$", GUIDE, re.MULTILINE)


def variables(database: str, redis_url: str, home: Path) -> dict[str, str]:
    """The environment in which the tests' own installation stands."""
    named = settings_for(database, redis_url, home, 8000)
    return {
        "SECRET_KEY": named.secret_key.get_secret_value(), "DATABASE_URL": database, "REDIS_URL": redis_url,
        "DATABASE_URL_APP": named.database_url_app, "DATABASE_URL_RELAY": named.database_url_relay,
        "BASE_URL": "https://learn.example.org", "COLUMNS": "200",
    }  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=range(len(COMMANDS)))
def test_each_command_of_the_guide_runs(
    command: str, world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    (tmp_path / "bucket.json").write_text(service_account())
    for name in ("livekit.secret", "zoom.secret", "zoom.token", "bbb.secret"):
        (tmp_path / name).write_text(f"{name}-that-is-long-enough-for-a-secret\n")
    words = [word.replace("@", f"@{tmp_path}/") if word[0] == "@" else word for word in shlex.split(command)]
    words[words.index("pottery")] = world.pottery.slug
    done = guildhall(tmp_path, *words, **variables(database, valkey.redis_url, tmp_path))
    assert done.returncode == 0, done.stderr
    assert ("/webhooks/live/" in done.stdout) == ("--provider link" not in command)
    assert ("whsec_" in done.stdout) == ("generic" in command)
    assert "long-enough" not in done.stdout


def test_the_guide_has_a_command_for_every_kind() -> None:
    assert {command.split("--provider ")[1].split()[0] for command in COMMANDS} == set(ADAPTERS)


def test_every_field_of_every_kind_has_its_option() -> None:
    options = set(connect.__annotations__)
    assert {field.name for kind in ADAPTERS for field in choose(kind).fields} <= options


async def test_a_check_asks_the_provider_and_says_what_it_found(
    world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    async with SIDES["bigbluebutton"]().serve() as far:
        about = variables(database, valkey.redis_url, tmp_path) | {"RECORDING_HOSTS": far.host}
        words = [
            "live",
            "connect",
            world.pottery.slug,
            "--provider",
            "bigbluebutton",
            "--check",
            "--url",
            far.given["url"],
        ]
        done: Any = await asyncio.to_thread(guildhall, tmp_path, *words, "--secret", far.given["secret"], **about)
        assert "accepts the secret" in done.stdout, done.stderr
        wrong: Any = await asyncio.to_thread(guildhall, tmp_path, *words, "--secret", "of-another-server", **about)
        assert "does not accept these credentials" in wrong.stdout.replace("\n", " "), wrong.stderr


def test_a_wrong_field_is_one_sentence_with_its_option(
    world: World, database: str, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    about = variables(database, valkey.redis_url, tmp_path)
    done = guildhall(
        tmp_path, "live", "connect", world.pottery.slug, "--provider", "link", "--url", "http://x", **about
    )
    assert (done.returncode, done.stderr) == (1, "✘ --url: Give the address of the meeting; it begins with https://.\n")
    missing = guildhall(tmp_path, "live", "connect", world.pottery.slug, "--secret", f"@{tmp_path}/none", **about)
    assert missing.returncode == 1
    assert missing.stderr.startswith("✘ Cannot read ")
