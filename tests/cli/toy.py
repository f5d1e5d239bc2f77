"""A small world for the supervisor: `python -m tests.cli.toy HOME` runs roles that show what they live through."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cli.roles import Role, Rolling
from cli.supervisor import Supervisor
from providers.embedded import EmbeddedValkey


def note(home: Path, name: str, what: str) -> None:
    """One more line in the diary of the role."""
    with (home / name).open("a") as diary:
        diary.write(f"{what}\n")


def calm(home: Path) -> None:
    """Wait for SIGTERM and end in order."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    note(home, "calm", str(os.getpid()))
    signal.sigwait({signal.SIGTERM})
    note(home, "calm", "ended in order")


def stubborn(home: Path) -> None:
    """Hear no SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(home, "stubborn", str(os.getpid()))
    while True:
        signal.pause()


def failing(home: Path) -> None:
    """End at once with an error."""
    note(home, "failing", str(os.getpid()))
    raise LookupError("a fault of the role")


def web(home: Path, listener: socket.socket) -> None:
    """Answer each connection with the own process id."""
    note(home, "web", str(os.getpid()))
    while True:
        line, _ = listener.accept()
        with line:
            line.sendall(str(os.getpid()).encode())


def rolling(home: Path, name: str, on_ready: Callable[[], None]) -> None:
    """Be ready a while after the start, and end in order."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    note(home, "rolling", f"{name} starts")
    time.sleep(0.3)
    note(home, "rolling", f"{name} ready")
    on_ready()
    signal.sigwait({signal.SIGTERM})
    note(home, "rolling", f"{name} ends")


def main(home: Path) -> None:
    """Run the toy world until told to end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (home / "port").write_text(str(listener.getsockname()[1]))
        valkey = EmbeddedValkey(home)
        roles = [
            Role("calm", partial(calm, home)),
            Role("stubborn", partial(stubborn, home)),
            Role("failing", partial(failing, home)),
            Role("web", partial(web, home, listener)),
            Rolling("one", partial(rolling, home, "one")),
            Rolling("two", partial(rolling, home, "two")),
        ]
        with Supervisor([valkey], roles, partial(note, home, "said")) as watch:
            note(home, "address", valkey.redis_url)
            watch.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
