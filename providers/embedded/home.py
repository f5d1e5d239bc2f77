"""The folder an embedded server lives in: one holder at a time, sockets in a private place."""

import fcntl
import os
import stat
import tempfile
from pathlib import Path
from typing import IO

from providers.embedded.child import Mode, ServerFault, own

SOCKET_FOLDER_CHARACTERS = 85  # a socket's whole path may have 107 bytes (unix(7)); the longest name takes 14


def claim(home: Path, name: str) -> IO[str]:
    """Hold the home for this server until the returned file is closed; ServerFault if another holds it."""
    lock = home / f"{name}.lock"
    try:
        home.mkdir(parents=True, exist_ok=True)
        held = lock.open("a")
    except OSError as fault:
        raise ServerFault(
            f"Cannot write in {home} ({fault.strerror}): make it writable or set GUILDHALL_HOME."
        ) from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise ServerFault(f"Guildhall already runs in {home}: stop it, or set another GUILDHALL_HOME.") from None
    return held


def release(held: IO[str]) -> None:
    """Let go of the home, also where forked processes still hold copies of the file."""
    fcntl.flock(held, fcntl.LOCK_UN)
    held.close()


def claimed(home: Path, name: str) -> bool:
    """Whether a server of that name is held in the home by anyone."""
    try:
        release(claim(home, name))
    except ServerFault:
        return True
    return False


def socket_folder(home: Path, mode: Mode = "plain") -> Path:
    """A folder of mode 0700 for sockets: `run` in the home, or a short one elsewhere that `run` points to."""
    run = home.resolve() / "run"
    if len(os.fsencode(run)) <= SOCKET_FOLDER_CHARACTERS:
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = run
    else:
        folder = distant_folder(run)
    folder.chmod(0o700)
    own(folder, mode)
    return folder


def distant_folder(run: Path) -> Path:
    """Where the link `run` points, if that is still ours alone; else a new temporary folder, and the link to it."""
    run.parent.mkdir(parents=True, exist_ok=True)
    if run.is_symlink():
        target = run.readlink()
        if is_private(target):
            return target
        run.unlink()
    made = Path(tempfile.mkdtemp(prefix="guildhall-"))
    run.symlink_to(made)
    return made


def is_private(folder: Path) -> bool:
    """Whether it is a folder (no link) that only we, or the user whom our servers run as, may enter."""
    try:
        seen = folder.lstat()
    except OSError:
        return False
    ours = seen.st_uid == os.geteuid() or os.geteuid() == 0
    return stat.S_ISDIR(seen.st_mode) and stat.S_IMODE(seen.st_mode) == 0o700 and ours
