"""Settings: read once, all wrong ones named, the secret key kept, the demo's privileges never outside the demo."""

import os
import stat
from pathlib import Path

import pytest

from cli.config import shown
from settings import DATABASE_ROLES, Settings, SettingsFault, load_settings


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("GUILDHALL_HOME", str(tmp_path))


def wrong(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsFault) as fault:
        load_settings()
    return fault.value.problems


def test_a_bare_machine_gets_embedded_defaults_under_its_home(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.base_url == "http://127.0.0.1:8000"
    assert (settings.storage, settings.mail) == (f"disk:{tmp_path}/files", f"folder:{tmp_path}/mail")
    assert (settings.database_url, settings.redis_url, settings.limits) == ("", "", "standard")


def test_the_secret_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first, second = load_settings().secret_key, load_settings().secret_key
    assert first == second
    assert len(first.get_secret_value()) >= 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_reading_settings_leaves_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    load_settings()
    assert dict(os.environ) == before


def test_the_mailbox_that_login_shells_export_is_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL", "/var/mail/ana")
    assert load_settings().mail == f"folder:{tmp_path}/mail"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert load_settings().port == 8000


def test_each_wrong_setting_is_named_with_what_would_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = wrong(
        monkeypatch, PORT="0", WEB="99", BIND="example.org", RECORDING_HOSTS="https://a.example", SECRET_KEY="short"
    )
    assert [problem.split(" is wrong: ")[0] for problem in problems] == [
        "BIND",
        "PORT",
        "WEB",
        "SECRET_KEY",
        "RECORDING_HOSTS",
    ]
    assert "short" not in " ".join(problems)


def test_the_demo_is_refused_beyond_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    [problem] = wrong(monkeypatch, GUILDHALL_DEMO="1", BIND="0.0.0.0")
    assert problem.startswith("GUILDHALL_DEMO is wrong: the demo is only for this machine")


def test_relaxed_limits_come_with_the_demo_and_never_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUILDHALL_DEMO", "1")
    assert load_settings().limits == "relaxed"
    [problem] = wrong(monkeypatch, GUILDHALL_DEMO="0", LIMITS="relaxed")
    assert problem.startswith("LIMITS is wrong: relaxed limits are for the demo")


def test_stripe_needs_its_two_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    [problem] = wrong(monkeypatch, PAYMENTS="stripe", STRIPE_SECRET_KEY="sk_test_x")
    assert problem == "PAYMENTS is wrong: also set STRIPE_WEBHOOK_SECRET, or take PAYMENTS=sandbox."


def test_roles_enter_the_same_database_by_passwords_that_the_secret_key_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://guildhall_owner:p@db.example:5433/guildhall?sslmode=require")
    monkeypatch.setenv("DATABASE_URL_RELAY", "postgresql://guildhall_relay:gi%2Fven@db.example/guildhall")
    settings = load_settings()
    passwords = settings.role_passwords()
    assert set(passwords) == set(DATABASE_ROLES)
    assert len(set(passwords.values())) == 3
    assert passwords["guildhall_relay"] == "gi/ven"
    assert settings.role_url("guildhall_app") == (
        f"postgresql://guildhall_app:{passwords['guildhall_app']}@db.example:5433/guildhall?sslmode=require"
    )
    assert settings.role_url("guildhall_relay") == "postgresql://guildhall_relay:gi%2Fven@db.example/guildhall"


def test_nothing_secret_is_in_what_a_settings_object_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL", "smtp://postmaster:hush@mail.example:587")
    monkeypatch.setenv("DATABASE_URL", "postgresql://guildhall_owner:hush@db.example/guildhall")
    settings = load_settings()
    assert "hush" not in repr(settings) + "".join(shown(settings).values())
    assert settings.secret_key.get_secret_value() not in repr(settings) + "".join(shown(settings).values())
