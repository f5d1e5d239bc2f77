"""The ground a command stands on: Python, a folder to write in, room on the disk."""

import shutil
import sys
import tempfile
from pathlib import Path

from cli.stop import Stop

OLDEST_PYTHON = (3, 11)
FREE_BYTES = 200 * 2**20


def check_ground(home: Path) -> None:
    """Stop with cause and cure if nothing could run here."""
    for problem in (old_python(), unwritable(home), full(home)):
        if problem:
            raise Stop(problem)


def old_python() -> str:
    """What is wrong with this Python, or nothing."""
    if sys.version_info >= OLDEST_PYTHON:
        return ""
    return f"Python {sys.version_info.major}.{sys.version_info.minor} is too old: install Python 3.11 or newer."


def unwritable(home: Path) -> str:
    """Why the home cannot be written in, or nothing."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=home).close()
    except OSError as fault:
        return (
            f"Cannot write in {home} ({fault.strerror}): make it writable, or set GUILDHALL_HOME to a folder that is."
        )
    return ""


def full(home: Path) -> str:
    """How little room is left on the disk of the home, or nothing."""
    free = shutil.disk_usage(home).free
    if free >= FREE_BYTES:
        return ""
    need = FREE_BYTES // 2**20
    return (
        f"Only {free // 2**20} MB are free where {home} is: make it {need} MB, or set GUILDHALL_HOME to another disk."
    )
