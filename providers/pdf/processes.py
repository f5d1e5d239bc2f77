"""The processes that a browser is made of, found and ended by their parentage."""

import os
import signal
from pathlib import Path

Started = tuple[int, str]


def children(pid: int | None = None) -> set[int]:
    """The direct children of process `pid`, ours by default."""
    found: set[int] = set()
    for listing in Path(f"/proc/{pid or os.getpid()}/task").glob("*/children"):
        found |= {int(child) for child in read(listing).split()}
    return found


def family(pid: int) -> set[Started]:
    """`pid` and its descendants, each with its time of start: a number may be used again."""
    known = {(pid, started(pid))}
    for child in children(pid):
        known |= family(child)
    return known


def kill(processes: set[Started]) -> None:
    """SIGKILL to those of `processes` that still run."""
    for pid, start in processes:
        if start and started(pid) == start:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def started(pid: int) -> str:
    """When process `pid` began, in clock ticks since boot (proc(5), field 22); empty when there is none."""
    return next(iter(read(Path(f"/proc/{pid}/stat")).rpartition(") ")[2].split(" ")[19:20]), "")


def read(path: Path) -> str:
    """A file of /proc, empty when its process has just gone."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
