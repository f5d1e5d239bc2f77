"""The image and the compose file, read and held against the code: no engine is needed, and no image is built here."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import app
from settings import Settings
from tenants.jobs import QUEUES
from tests.infra.test_terraform import SECRET

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "infra" / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if str(each["image"]).startswith("guildhall:")}
ENDS = {"migrate", "site"}
PINNED = re.compile(r"[\w./-]+:\d+(\.\d+)*(-\w+)*$|.*@sha256:[0-9a-f]{64}$")
BUILDERS = re.compile(r"\b(gcc|g\+\+|make|build-essential|nodejs|npm|git|pip install|uv )\b")


def instructions() -> Iterator[tuple[int, str, str]]:
    """Each instruction of the Dockerfile: its stage, its word, the rest."""
    text = re.sub(r"^\s*#.*\n", "", (FOLDER / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stage = -1
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        yield stage, word, re.sub(r"\s+", " ", rest)


STEPS = list(instructions())
LAST = max(stage for stage, _, _ in STEPS)


def test_bases_are_pinned() -> None:
    bases = [rest.split(" ")[0] for _, word, rest in STEPS if word == "FROM"]
    assert len(bases) == 2
    assert all(
        PINNED.match(base)
        for base in [*bases, *(each["image"] for each in SERVICES.values() if each not in OURS.values())]
    )


def test_what_runs_is_no_root_and_has_nothing_to_build_with() -> None:
    last = [(word, rest) for stage, word, rest in STEPS if stage == LAST]
    (user,) = [rest for word, rest in last if word == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert [rest for word, rest in last if word == "RUN" and BUILDERS.search(rest)] == []
    assert not [rest for word, rest in last[[word for word, _ in last].index("USER") :] if rest.startswith("RUN")]
    assert all(
        "--no-install-recommends" in rest and "rm -rf /var/lib/apt/lists" in rest
        for _, rest in last
        if "apt-get" in rest
    )


def test_everything_copied_exists_and_is_not_ignored() -> None:
    ignore = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [
        source for _, word, rest in STEPS if word == "COPY" and "--from" not in rest for source in rest.split(" ")[:-1]
    ]
    assert [each for each in copied if not (ROOT / each).exists()] == []
    assert {f"!{each}" for each in copied} == {line for line in ignore if line.startswith("!")}


def test_everything_the_wheel_is_made_of_is_copied() -> None:
    wheel = re.search(r"only-include = (\[.*\])", (ROOT / "pyproject.toml").read_text())
    assert wheel is not None
    copied = {source for _, word, rest in STEPS if word == "COPY" for source in rest.split(" ")}
    assert set(json.loads(wheel[1])) <= copied


def test_the_image_holds_no_secret_and_only_settings_that_exist() -> None:
    names = {name.upper() for name in Settings.model_fields} | {"PATH", "PYTHONUNBUFFERED"}
    (given,) = [rest for stage, word, rest in STEPS if word == "ENV" and stage == LAST]
    found = set(re.findall(r"(\w+)=", given))
    assert found <= names
    assert not found & SECRET
    assert not [rest for _, word, rest in STEPS if word == "ARG"]


def test_it_has_an_end_of_signals_and_is_looked_at() -> None:
    words = {word: rest for stage, word, rest in STEPS if stage == LAST}
    assert json.loads(words["ENTRYPOINT"]) == ["tini", "--", "guildhall"]
    assert json.loads(words["CMD"]) == ["web"]
    assert "/livez" in words["HEALTHCHECK"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_limits_a_look_a_restart_and_kept_logs(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["healthcheck"] == ({"disable": True} if name in ENDS else service["healthcheck"])
    assert "test" in service["healthcheck"] or name in ENDS
    assert service["restart"] == ("no" if name in ENDS else "unless-stopped")
    assert service["logging"]["options"]["max-size"]
    named = {volume.partition(":")[0] for volume in service["volumes"]}
    assert {volume for volume in named if not volume.startswith(".")} <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_role_is_given_settings_that_exist_and_no_right_it_needs_not(name: str) -> None:
    service = OURS[name]
    assert set(service["environment"]) <= {name.upper() for name in Settings.model_fields}
    assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    owners = {key for key, value in service["environment"].items() if "OWNER" in str(value) or "BACKUP" in str(value)}
    assert owners == ({"DATABASE_URL", "DATABASE_URL_BACKUP"} if name == "migrate" else set())


def test_every_role_is_there_once_and_is_a_command() -> None:
    commands = {command.name for command in app.registered_commands}
    assert {each["command"][0] for each in OURS.values()} <= commands
    assert {each["command"][1] for each in OURS.values() if each["command"][0] == "worker"} == set(QUEUES)
    assert {"web", "steward", "migrate", "site", *QUEUES} == set(OURS)


def test_the_settings_of_a_role_are_right_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"SITE_HOST": "learn.example.org", "SECRET_KEY": "k" * 40} | dict.fromkeys(
        ("OWNER_PASSWORD", "APP_PASSWORD", "RELAY_PASSWORD", "BACKUP_PASSWORD"), "p" * 20
    )
    for service in OURS.values():
        said = {name: filled(str(value), given) for name, value in service["environment"].items()}
        made = Settings.model_validate({name.lower(): value for name, value in said.items() if value})
        assert made.base_url == "https://learn.example.org"
        assert made.trusted_proxies == 1


def filled(text: str, given: dict[str, str]) -> str:
    """The text with its variables, as compose fills them in."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", lambda found: given.get(found[1], found[2] or ""), text)


def test_valkey_keeps_what_it_is_given_and_only_nginx_has_doors() -> None:
    command = SERVICES["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--appendonly") + 1] == "yes"
    assert [name for name, each in SERVICES.items() if "ports" in each] == ["nginx"]
