"""Becomes a server's binary: drops root, ties its life to the parent, execs; run by `python -I -S`, not imported.

Usage: launch.py plain|namespace|nobody PARENT_PID BINARY [ARGUMENT ...]
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

NOBODY = 65534
CLONE_NEWUSER = 0x10000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Replace this process by the binary, with the asked credentials and no signal blocked or ignored."""
    mode, parent, *command = sys.argv[1:]
    if mode == "namespace":
        enter_namespace()
    elif mode == "nobody":
        become_nobody()
    # A shell has what it runs in the background ignore SIGINT: the end of the parent would go unheard until the server
    # listens for it.
    for each in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(each, signal.SIG_DFL)
    end_with(int(parent))
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execv(command[0], command)  # noqa: S606 (to be that program is the point)


def enter_namespace() -> None:
    """Become `nobody` in a user namespace in which that name stands for the caller, who keeps owning the files."""
    user, group = os.geteuid(), os.getegid()
    call_libc("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")


def become_nobody() -> None:
    """Give up root for the unprivileged user of the system."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def end_with(parent: int) -> None:
    """Have the kernel send SIGINT when the parent ends; exit at once if it already has."""
    if sys.platform != "linux":
        return
    # After the credentials have changed, never before: that change clears the wish.
    call_libc("prctl", PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        raise SystemExit("the parent has ended")


def call_libc(name: str, *arguments: int) -> None:
    """One call of the C library; OSError when it answers other than 0."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


if __name__ == "__main__":
    main()
