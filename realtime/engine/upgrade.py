"""The move of a session from polling to a WebSocket: probe, answer, upgrade; polling serves until the last step."""

import asyncio
from typing import TYPE_CHECKING

from realtime.engine import frames
from realtime.engine.roles import Link, Malformed

if TYPE_CHECKING:
    from realtime.engine.connection import Connection

UPGRADE_SECONDS = 10.0
PROBED = frames.text(b"3probe")


class Upgrade:
    """Owns a WebSocket until the session moves onto it, or the attempt is given up."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._link: Link | None = None
        self._probed = False
        connection.upgrading = True
        self._timer = asyncio.get_running_loop().call_later(UPGRADE_SECONDS, self._give_up)

    def joined(self, link: Link) -> None:
        """The handshake is done; the probe comes next."""
        self._link = link

    def receive(self, packet: str | bytes) -> None:
        """The probe, then the upgrade; Malformed for anything else."""
        if self._link is not None and packet == "2probe" and not self._probed:
            self._probed = True
            self._link.write(PROBED)
            self._connection.wake()
        elif self._link is not None and packet == "5" and self._probed:
            self.lost("")
            self._link.owner = self._connection
            self._connection.joined(self._link)
            self._connection.wake()
        else:
            raise Malformed("This is no step of an upgrade.")

    def pause(self, on: bool) -> None:
        """Next to nothing was written yet."""

    def lost(self, reason: str) -> None:  # noqa: ARG002
        """The attempt is over; the session goes on."""
        self._timer.cancel()
        self._connection.upgrading = False

    def _give_up(self) -> None:
        self.lost("")
        if self._link is not None:
            self._link.close(1000)


class Unwanted:
    """Owns a WebSocket for a session that has one already: it is closed at once."""

    def joined(self, link: Link) -> None:
        """The handshake is done, and that is all."""
        link.close(1000)

    def receive(self, packet: str | bytes) -> None:
        """Nothing is taken."""

    def pause(self, on: bool) -> None:
        """Nothing was written."""

    def lost(self, reason: str) -> None:
        """It has ended."""
