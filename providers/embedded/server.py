"""What both embedded servers share: a home they hold alone, a child process, a patient start and a bounded end."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from providers.embedded.child import Child, Mode, ServerFault
from providers.embedded.home import claimed, release


class EmbeddedServer(ABC):
    """A server that lives in `home` and is reached by a unix socket only.

    `start` from the main thread: the server ends with it. ServerFault says in one sentence why it cannot.
    """

    name: str
    place: str
    """The name of its folder, its log and its claim in the home."""
    patience: float
    """Seconds a start may take: a recovery after a crash can be long."""
    ending: Sequence[tuple[signal.Signals, float]]
    """Signals to end it with, each with the seconds it is given."""

    def __init__(self, home: Path, mode: Mode | None = None) -> None:
        self.home = home.resolve()
        self.data = self.home / self.place
        self.log = self.home / "log" / f"{self.place}.log"
        self.mode = mode
        self.child: Child | None = None
        self.claim: IO[str] | None = None

    @abstractmethod
    def launch(self) -> None:
        """Start the process, unless it runs, without waiting."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers."""

    @property
    def taken(self) -> bool:
        """Whether someone runs it in this home."""
        return claimed(self.home, self.place)

    def start(self, patience: float | None = None) -> None:
        """Launch it and wait until it answers, at most `patience` seconds."""
        self.launch()
        self.wait(patience)

    def wait(self, patience: float | None = None) -> None:
        """Return once it answers; ServerFault if it has ended or `patience` seconds have passed."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while not self.ready():
            if not self.alive() or time.monotonic() > deadline:
                words = self.child.last_words() if self.child else "it was never launched"
                self.stop()
                raise ServerFault(explain(self.name, words, self.log))
            time.sleep(0.005)

    def alive(self) -> bool:
        """Whether the process runs."""
        return self.child is not None and self.child.alive()

    @property
    def fate(self) -> str:
        """How the last process ended."""
        return self.child.fate if self.child else "never launched"

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Shut it down, within 2 s even if it does not want to, and let go of the home."""
        if self.child:
            self.child.stop(self.ending)
            self.child = None
        if self.claim:
            release(self.claim)
            self.claim = None


def explain(name: str, words: str, log: Path) -> str:
    """One sentence with cause and cure for why a server did not start."""
    if "No space left" in words:
        return f"{name} cannot start because the disk is full: free some space where {log.parent.parent} is."
    if "Permission denied" in words or "could not access" in words:
        return f"{name} may not enter its folder ({words}): make {log.parent.parent} and its parents accessible."
    return f"{name} did not start ({words}): see {log}."
