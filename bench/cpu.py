"""Cores and CPU time: who runs where, and what a process has spent."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

NS = 1_000_000_000
BUSY = 1.5


def cores() -> tuple[int, int]:
    """The core of the application measured, and that of everything else; the same one where there is no second."""
    all_of_them = sorted(os.sched_getaffinity(0))
    return all_of_them[-1], all_of_them[0]


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started within the block runs on that core alone; so do its threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def cores_kept() -> Iterator[None]:
    """Where this process may run is afterwards as it was."""
    before = os.sched_getaffinity(0)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """CPU time that the living threads of a process have spent, from the scheduler's own account."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / NS


def speed_said() -> str:
    """How fast a core is just now, so that figures of two runs can be told apart from those of two hours."""
    began = time.thread_time()
    sum(range(10_000_000))
    return f"ten million additions {(time.thread_time() - began) * 1000:.0f} ms"


def load_said() -> str:
    """The load average, and a warning when it makes the figures doubtful."""
    load = os.getloadavg()[0]
    warning = ": this machine is busy, figures vary; ratios hold better than they do" if load > BUSY else ""
    return f"load {load:.2f}{warning}"
