"""The TCP socket of the web processes: bound once, by the parent, so that a taken port is seen at once."""

import errno
import http.client
import ipaddress
import os
import socket
from pathlib import Path

from cli.stop import Stop
from providers.embedded.home import socket_folder
from settings import Settings

WAITING = 1024


def bind(settings: Settings) -> socket.socket:
    """A bound socket that does not listen yet; Stop with cause and cure if the address cannot be had."""
    family = socket.AF_INET6 if ipaddress.ip_address(settings.bind).version == 6 else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.bind, settings.port))
    except OSError as fault:
        listener.close()
        raise refuse(settings, fault) from None
    return listener


def listen(listener: socket.socket, settings: Settings) -> None:
    """Let connections come in; Stop if another took the port since it was bound."""
    try:
        listener.listen(WAITING)
    except OSError as fault:
        raise refuse(settings, fault) from None


def refuse(settings: Settings, fault: OSError) -> Stop:
    """Why the address cannot be had, and what to do."""
    if fault.errno == errno.EADDRINUSE:
        return Stop(f"Port {settings.port} is taken: stop what listens there, or choose, say, PORT={other(settings)}.")
    if fault.errno == errno.EACCES:
        return Stop(f"Port {settings.port} is for root alone: choose one from 1024 on, such as PORT=8000.")
    if fault.errno == errno.EADDRNOTAVAIL:
        return Stop(f"{settings.bind} is no address of this machine: set BIND to one that is, such as 127.0.0.1.")
    return Stop(f"Cannot listen on {settings.bind} port {settings.port}: {os.strerror(fault.errno or 0)}.")


def other(settings: Settings) -> int:
    """The next port above, which is free more often than not."""
    return settings.port + 1 if settings.port < 65535 else 8000


def answers(settings: Settings) -> bool:
    """Whether GET /readyz is answered by 200 within a second."""
    address = ipaddress.ip_address(settings.bind)
    host = settings.bind if not address.is_unspecified else ("127.0.0.1" if address.version == 4 else "::1")
    line = http.client.HTTPConnection(host, settings.port, timeout=1)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def make_doors(home: Path, count: int) -> list[socket.socket]:
    """Listening unix sockets for so many web processes, in a folder that is the operator's alone.

    They are made by the parent, so that a process that starts again finds its door, and who knocks meanwhile waits.
    """
    doors = []
    for number in range(1, count + 1):
        path = socket_folder(home) / f"web-{number}.sock"
        path.unlink(missing_ok=True)
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(path))
        path.chmod(0o600)
        door.listen(WAITING)
        doors.append(door)
    return doors
