"""A server's binary as a direct child process: unprivileged, ending with its parent, stopped with escalation."""

import functools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Literal

Mode = Literal["plain", "namespace", "nobody"]

LAUNCH = Path(__file__).with_name("launch.py")
NOBODY = 65534
LOG_BYTES = 5 * 2**20


class ServerFault(Exception):
    """An embedded server cannot run; the message is one sentence with cause and cure."""


@functools.cache
def best_mode() -> Mode:
    """How to run without root's rights: as we are, else in a user namespace, else as the user `nobody`."""
    if os.geteuid() != 0:
        return "plain"
    true = shutil.which("true") or "/bin/true"
    probe = subprocess.run(launcher("namespace", [true]), capture_output=True, check=False)
    return "namespace" if probe.returncode == 0 else "nobody"


def launcher(mode: Mode, command: Sequence[str | Path]) -> list[str]:
    """The command that becomes `command` with the credentials of `mode`."""
    return [sys.executable, "-I", "-S", str(LAUNCH), mode, str(os.getpid()), *map(str, command)]


def environment() -> dict[str, str]:
    """What a server may know of ours: no PG* variable that would lead it astray, and no secret."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C"}


def own(folder: Path, mode: Mode) -> None:
    """Make the folder and all in it belong to whom the mode runs as; costs one look when it already does."""
    if os.geteuid() != 0:
        return
    owner = NOBODY if mode == "nobody" else 0
    if folder.stat().st_uid == owner:
        return
    for path in [*folder.rglob("*"), folder]:  # the folder last: its owner says that all is done
        os.lchown(path, owner, owner)


class Child:
    """One running server; its output goes to the end of `log`."""

    def __init__(self, command: Sequence[str | Path], mode: Mode, log: Path) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start servers from the main thread: they end with the thread that started them")
        self.log = log
        with open_log(log) as output:
            self.log_start = output.tell()
            self.process = subprocess.Popen(
                launcher(mode, command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(),
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the parent, who ends things in order
            )

    @property
    def pid(self) -> int:
        """The process id, that of the server itself."""
        return self.process.pid

    def alive(self) -> bool:
        """Whether the server has not ended."""
        return self.process.poll() is None

    @property
    def fate(self) -> str:
        """How it ended: an exit code, or the name of a signal."""
        code = self.process.poll()
        if code is None:
            return "runs"
        return signal.Signals(-code).name if code < 0 else f"exit {code}"

    def stop(self, ladder: Sequence[tuple[signal.Signals, float]]) -> None:
        """End it by each signal in turn, waiting so many seconds after each; SIGKILL comes last of all."""
        for sign, seconds in ladder:
            if not self.alive():
                return
            self.process.send_signal(sign)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self.process.kill()
        self.process.wait()

    def last_words(self) -> str:
        """The last line that it wrote, the one that says why it ended."""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            lines = log.read(LOG_BYTES).decode(errors="replace").strip().splitlines()
        telling = [line for line in lines if "FATAL" in line or "rror" in line]
        return (telling or lines or ["it said nothing"])[-1].strip()


def open_log(log: Path) -> BinaryIO:
    """The log, open at its end; one that has grown large is set aside once."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    output = log.open("ab")
    output.seek(0, os.SEEK_END)
    return output


def end_leftover(pid_file: Path, mark: str) -> None:
    """End the server whose parent was killed and which still winds down; drop its pid file.

    Only while holding the claim on the home: then whoever runs there with `mark` on its command line is a leftover.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    for sign, seconds in ((signal.SIGINT, 10.0), (signal.SIGKILL, 5.0)):
        if not runs(pid, mark):
            break
        os.kill(pid, sign)
        deadline = time.monotonic() + seconds
        while runs(pid, mark) and time.monotonic() < deadline:
            time.sleep(0.01)
    pid_file.unlink(missing_ok=True)


def runs(pid: int, mark: str) -> bool:
    """Whether the process lives and has `mark` on its command line (a zombie has none)."""
    try:
        return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
