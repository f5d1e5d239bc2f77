"""A role: one forked process of this program, which ends when the parent does."""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from cli.stop import Stop

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_NAME = 15


class Role:
    """A function that runs in a process of its own, forked from this one each time it is launched.

    Fork while there are no threads, event loops or connections: the child would inherit their locks, not their life.
    """

    def __init__(self, name: str, target: Callable[[], object]) -> None:
        self.name = name
        self.target = target
        self.pid = 0
        self.status: int | None = None

    @property
    def fate(self) -> str:
        """How the last process ended."""
        return describe(self.status)

    def launch(self) -> None:
        """Fork the process; returns in the parent only."""
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            become(self.name, self.target, parent)

    def alive(self) -> bool:
        """Whether the process has not ended."""
        if self.pid and self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.status = os.waitstatus_to_exitcode(status)
        return bool(self.pid) and self.status is None

    def wait(self) -> int:
        """The exit code (or minus the signal) of the process, once it has ended."""
        if self.alive():
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status if self.status is not None else 1

    def ask_to_end(self) -> None:
        """Let it finish what it does: SIGTERM."""
        if self.alive():
            os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> None:
        """End it now, whatever it does."""
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            self.wait()


class Rolling(Role):
    """A role that says when it is ready, so that its like can be replaced one after the other.

    The target is given what it must call once it serves.
    """

    def __init__(self, name: str, target: Callable[[Callable[[], None]], object]) -> None:
        super().__init__(name, lambda: target(self.say_ready))
        self.asked = self.heard = False
        self.reader = self.writer = -1

    def launch(self) -> None:
        """Fork the process with a pipe on which it says that it is ready."""
        if self.reader >= 0:
            os.close(self.reader)
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.asked = self.heard = False
        super().launch()
        os.close(self.writer)

    def replace(self) -> None:
        """Ask it to end; that it then has ended is no failure."""
        self.asked = True
        self.ask_to_end()

    def say_ready(self) -> None:
        """In the process itself: it serves."""
        os.write(self.writer, b"1")

    def ready(self) -> bool:
        """Whether the process that runs now has said so and was not asked to end."""
        if not self.heard and self.reader >= 0:
            try:
                self.heard = os.read(self.reader, 1) == b"1"
            except BlockingIOError:
                return False
        return self.heard and not self.asked and self.alive()


def become(name: str, target: Callable[[], object], parent: int) -> NoReturn:
    """Be that role until the target returns; the process then ends without unwinding what it inherited."""
    code = 1
    try:
        leave_parent(name, parent)
        target()
        code = 0
    except Stop as stop:
        print(f"{name}: {stop}", file=sys.stderr)
        code = stop.code
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 (the outermost frame: nothing above could hear it)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def leave_parent(name: str, parent: int) -> None:
    """Own session, so that Ctrl-C reaches the parent alone; own signals; and death with the parent."""
    os.setsid()
    for sign in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(sign, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NAME, f"gh {name}".encode()[:15])
    if os.getppid() != parent:
        raise Stop("the parent has ended")


def describe(status: int | None) -> str:
    """An exit code, or minus a signal, in words."""
    if status is None:
        return "runs"
    return signal.Signals(-status).name if status < 0 else f"exit {status}"


def run_apart(name: str, target: Callable[[], object]) -> str:
    """What the target returns, as text, from a process of its own: this one stays small and free of connections.

    Stop if it fails; it has then said why on stderr.
    """
    reader, writer = os.pipe()
    role = Role(name, lambda: answer(target, writer))
    try:
        role.launch()
        os.close(writer)
        with os.fdopen(reader) as pipe:
            said = pipe.read()
        if role.wait() != 0:
            raise Stop(f"{name} failed ({role.fate}): its last words are above.")
        return said
    finally:
        role.stop()


def answer(target: Callable[[], object], writer: int) -> None:
    """Run the target and write what it returns."""
    result = target()
    if result is not None:
        os.write(writer, str(result).encode())
