"""Another PostgreSQL than the wheel's for a whole run of the tests: `TEST_POSTGRES=/usr/lib/postgresql/16 pytest …`."""

import os
import subprocess
from pathlib import Path

from providers.embedded import EmbeddedPostgres, postgres

# The built-in locale came with 17; the settings of input and of autovacuum's slots with 18.
LOCALE_BEFORE_17 = ("--locale-provider=libc", "--locale=C.UTF-8")
ONLY_SINCE_18 = ("io_method", "autovacuum_worker_slots")


def take_named() -> None:
    """Have every embedded PostgreSQL of this process be the one that was asked for, if one was."""
    if named := os.environ.get("TEST_POSTGRES"):
        folder = Path(named)
        said = subprocess.run([folder / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True)
        _take(folder, int(said.stdout.split()[2].partition(".")[0]))


def _take(folder: Path, version: int) -> None:
    postgres.binary = lambda name: folder / "bin" / name
    setattr(EmbeddedPostgres, "check_version", lambda _self: None)  # noqa: B010
    for name in ONLY_SINCE_18 if version < 18 else ():
        del postgres.SETTINGS[name]
    if version < 17:
        words = [word for word in postgres.INITDB if "locale" not in word]
        postgres.INITDB = (*words, *LOCALE_BEFORE_17)  # type: ignore[assignment]
