"""The command as the shell meets it: each failure one sentence with cause and cure, and an exit code."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gh-"))
    yield folder
    shutil.rmtree(folder)


def guildhall(home: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """One run of the command, knowing nothing of this process's settings."""
    known = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=ROOT,
        env=known | {"GUILDHALL_HOME": str(home)} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_all_wrong_settings_are_named_at_once_with_what_would_be_right(empty_home: Path) -> None:
    done = guildhall(empty_home, "up", PORT="eighty", SIGN_UP="maybe", REDIS_URL="localhost:6379")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "✘ PORT is wrong: give a number from 1 to 65535.",
        "✘ REDIS_URL is wrong: give redis://, rediss:// or unix://….",
        "✘ SIGN_UP is wrong: give open, confirm or invite.",
    ]


def test_a_secret_that_only_its_provider_can_tell_to_be_wrong_stops_the_start(empty_home: Path) -> None:
    stripe = {"PAYMENTS": "stripe", "STRIPE_SECRET_KEY": "None", "STRIPE_WEBHOOK_SECRET": "None"}
    for command in (("up",), ("web",), ("worker", "default"), ("migrate",)):
        done = guildhall(empty_home, *command, PORT=free_port(), **stripe)
        assert (done.returncode, done.stderr.startswith("✘ STRIPE_SECRET_KEY should be sk_live_")) == (2, True)
        assert "Traceback" not in done.stderr


def test_a_taken_port_is_one_sentence_with_a_cure(empty_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = guildhall(empty_home, "up", PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"✘ Port {port} is taken: stop what listens there, or choose, say, PORT=")
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_written_in_is_one_sentence(empty_home: Path) -> None:
    (empty_home / "file").write_text("in the way")
    done = guildhall(empty_home / "file" / "var", "up")
    assert done.returncode == 2
    assert "make it writable, or set GUILDHALL_HOME" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_demo_world_is_only_made_in_demo_mode(empty_home: Path) -> None:
    done = guildhall(empty_home, "demo")
    assert done.returncode == 1
    assert done.stderr == "✘ The demo world exists only in demo mode: set GUILDHALL_DEMO=1.\n"


def test_shown_settings_hide_every_secret(empty_home: Path) -> None:
    database = "postgresql://guildhall_owner:hush@db.example/guildhall"
    done = guildhall(empty_home, "config", "show", SECRET_KEY="s" * 40, DATABASE_URL=database, METRICS_TOKEN="quiet")
    assert done.returncode == 0
    assert "DATABASE_URL=postgresql://guildhall_owner:***@db.example/guildhall" in done.stdout.splitlines()
    assert not any(secret in done.stdout for secret in ("hush", "ssss", "quiet"))


def test_the_doctor_names_what_is_missing_and_is_content_after_the_cure(empty_home: Path) -> None:
    ill = guildhall(empty_home, "doctor", PORT=free_port())
    assert ill.returncode == 1
    cure = "it lacks guildhall_app, guildhall_backup, guildhall_relay: run `guildhall migrate`."
    assert f"✘ PostgreSQL: {cure}" in ill.stdout.splitlines()

    assert guildhall(empty_home, "migrate").returncode == 0
    well = guildhall(empty_home, "doctor", PORT=free_port())
    ground = {"✔ Python", "✔ Folder", "✔ Disk", "✔ Port", "✔ Proxy", "✔ PostgreSQL", "✔ Redis"}
    assert ground | {"✔ Storage (STORAGE)", "✔ Mail (MAIL)"} <= set(well.stdout.splitlines())


def test_the_doctor_tells_which_setting_a_service_that_is_away_has_and_what_is_lost(empty_home: Path) -> None:
    done = guildhall(empty_home, "doctor", PORT=free_port(), MAIL=f"smtp://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "✘ Mail (MAIL): The mail relay 127.0.0.1:" in done.stdout
    assert "Until then: Mails wait and go out when it is back." in done.stdout.replace("\n", " ")


def test_the_doctor_knows_that_https_means_a_proxy(empty_home: Path) -> None:
    done = guildhall(empty_home, "doctor", PORT=free_port(), BASE_URL="https://learn.example")
    assert "Set TRUSTED_PROXIES=1." in done.stdout.replace("\n", " ")
    done = guildhall(empty_home, "doctor", PORT=free_port(), BASE_URL="https://learn.example", TRUSTED_PROXIES="1")
    assert "✔ Proxy" in done.stdout


def test_the_doctor_tells_of_servers_that_cannot_be_reached(empty_home: Path) -> None:
    nowhere = free_port()
    done = guildhall(
        empty_home,
        "doctor",
        PORT=free_port(),
        DATABASE_URL=f"postgresql://guildhall_owner@127.0.0.1:{nowhere}/guildhall",
        REDIS_URL=f"redis://127.0.0.1:{nowhere}",
    )
    assert done.returncode == 1
    assert "check that it runs and that DATABASE_URL is right." in done.stdout
    assert "check that it runs and that REDIS_URL is right." in done.stdout


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
