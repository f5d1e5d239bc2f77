"""The guides' commands, run where they can be, and held against the code where they cannot."""

import grp
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hcl2.api import loads

from cli.main import app
from tests.infra.hcl import Module
from tests.infra.test_docker import COMPOSE, SERVICES
from tests.nginx.front import Ports, program, running

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
PAGES = ("nginx", "docker", "google-cloud")
# What changes the machine itself, or asks somebody else.
ELSEWHERE = ("apt-get", "systemctl", "certbot", "rm -f", "nginx -t", "nginx -s")


def blocks(page: str, language: str) -> list[str]:
    """The code of one language on a page."""
    return re.findall(rf"```{language}\n(.*?)```", (GUIDE / f"{page}.md").read_text(), re.DOTALL)


def commands(page: str) -> list[list[str]]:
    """Every line of shell on a page and every command in its sentences, as words."""
    text = (GUIDE / f"{page}.md").read_text()
    inline = re.findall(r"`((?:docker|guildhall|terraform|gcloud) [^`]+)`", text)
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [shlex.split(line) for line in [*inline, *lines] if line and not line.startswith(("#", "cat ", "END"))]


def run(script: str, folder: Path, **settings: str) -> None:
    """Run shell in `folder`, with this checkout's `guildhall`; it must succeed."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "GUILDHALL_HOME": str(folder / "var")} | settings
    words = ["sh", "-eu", "-c", script]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder that stands for the machine's root; other accounts can reach it."""
    with tempfile.TemporaryDirectory(prefix="gn-") as made:
        for each in ("etc/nginx/conf.d", "usr/local/sbin", "var/www/html", "var/cache", "var/log/nginx"):
            (Path(made) / each).mkdir(parents=True)
        yield Path(made)


def moved(script: str, ground: Path) -> str:
    """The script with the machine's folders below `ground`, without what changes the machine itself."""
    kept = [line for line in script.splitlines() if not line.startswith(ELSEWHERE)]
    group = grp.getgrgid(os.getgid()).gr_name
    text = re.sub(r"(?<![\w.])/(etc|usr|var)/", rf"{ground}/\1/", "\n".join(kept))
    return text.replace("-g www-data", f"-g {group}")


def test_the_nginx_guide_leads_to_a_site_that_nginx_takes(ground: Path) -> None:
    program()
    (settings,) = blocks("nginx", "ini")
    given = dict(line.split("=", 1) for line in settings.splitlines())
    first, hook, *_ = blocks("nginx", "sh")
    run(moved(first, ground), ground, **given)
    site = (ground / "etc/nginx/conf.d/guildhall.conf").read_text()
    lineage = ground / "etc/letsencrypt/live/learn.example.org"
    lineage.mkdir(parents=True)
    kept = ground / "etc/guildhall/certificates/learn.example.org"
    for name in ("fullchain.pem", "privkey.pem"):
        (lineage / name).write_bytes((kept / name).read_bytes())
        (kept / name).unlink()
    run(moved(hook, ground), ground, RENEWED_LINEAGE=str(lineage))
    assert {each.name for each in kept.iterdir()} == {"fullchain.pem", "privkey.pem"}

    ports = Ports()
    there = re.sub(r"(?<![\w.])/(etc|var)/", rf"{ground}/\1/", site)
    there = re.sub(r"^ *listen \[::\].*\n", "", there, flags=re.MULTILINE)
    there = there.replace("listen 80 ", f"listen {ports.http} ").replace("listen 443 ", f"listen {ports.https} ")
    (ground / "guildhall.conf").write_text(there)
    with running(ground, ports):
        pass


def test_the_docker_guide_makes_every_secret_that_compose_asks_for(tmp_path: Path) -> None:
    (tmp_path / "infra/docker").mkdir(parents=True)
    secrets, certificate, start = blocks("docker", "sh")
    run(secrets, tmp_path)
    run(certificate, tmp_path / "infra/docker")
    made = dict(line.split("=", 1) for line in (tmp_path / "infra/docker/.env").read_text().splitlines())
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "infra/docker/compose.yaml").read_text()))
    assert asked <= set(made)
    assert all(made.values())
    assert len({made[name] for name in made if name.endswith(("_PASSWORD", "_KEY", "_TOKEN"))}) == 6
    assert (tmp_path / "infra/docker/certificates" / made["SITE_HOST"] / "privkey.pem").is_file()
    assert start.startswith("docker compose up ")


def test_the_docker_guide_names_services_volumes_and_variables_that_exist() -> None:
    text = (GUIDE / "docker.md").read_text()
    variables = set(re.findall(r"\$\{(\w+)", (ROOT / "infra/docker/compose.yaml").read_text()))
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`", text)) <= variables
    known = {*SERVICES, *COMPOSE["volumes"]}
    for words in commands("docker"):
        if words[:2] == ["docker", "compose"]:
            named = [word.partition("=")[0] for word in words[3:] if not word.startswith("-")]
            assert not named or named[0] in {*known, "up"}, words


def test_the_cloud_guide_gives_variables_and_modules_that_exist() -> None:
    root = Module(ROOT / "infra/terraform/production")
    (given,) = blocks("google-cloud", "hcl")
    variables = set(loads(given))
    assert root.required <= variables <= set(root.named("variable"))
    targets = re.findall(r"-target=module\.guildhall\.module\.(\w+)", (GUIDE / "google-cloud.md").read_text())
    assert targets
    assert set(targets) <= set(Module(ROOT / "infra/terraform/installation").calls)
    outputs = [words[2] for words in commands("google-cloud") if words[:2] == ["terraform", "output"]]
    assert outputs == ["address"]
    assert set(outputs) <= set(root.named("output"))


def test_the_cloud_guide_names_what_terraform_makes() -> None:
    text = (GUIDE / "google-cloud.md").read_text()
    name = Module(ROOT / "infra/terraform/production").calls["guildhall"]["name"]
    assert f"gcloud run jobs execute {name}-migrate " in text
    assert f"gcloud secrets versions add {name}-mail " in text
    listed = set(re.findall(r"`([A-Z]+_?[A-Z_]+)`", text.split("`given` names")[1].split("The others")[0]))
    installation = Module(ROOT / "infra/terraform/installation").locals
    generated = set(re.findall(r"\w+", installation["generated"])) - {"toset"}
    assert listed == set(installation["secrets"]) - generated


@pytest.mark.parametrize("page", PAGES)
def test_guides_name_commands_and_files_that_exist(page: str) -> None:
    text = (GUIDE / f"{page}.md").read_text()
    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    named = re.findall(r"(?<![\w/-])guildhall ([a-z]+)", text)
    assert set(named) <= known
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (GUIDE / link).exists(), link
