"""What the Socket.IO server knows of one session: its members by namespace, and a packet that is not whole yet."""

from collections.abc import Set
from typing import Any

from realtime.engine.codec import Packet, check
from realtime.engine.connection import Connection
from realtime.engine.members import Member
from realtime.engine.roles import REASON, Malformed

NOBODY: frozenset[str] = frozenset()


class Client:
    """One session; `joining` are the namespaces whose CONNECT is not answered yet, `reason` says why it ended.

    `patience` is its place on the wheel of those who are in no namespace.
    """

    __slots__ = ("_attachments", "_partial", "connection", "joining", "members", "patience", "reason")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.members: dict[str, Member] = {}
        self.joining: Set[str] = NOBODY
        self.patience: int | None = None
        self.reason: str = REASON.TRANSPORT_CLOSE
        self._partial: Packet | None = None
        self._attachments: list[bytes] | None = None

    def ring(self) -> None:
        """It has been in no namespace for too long."""
        self.patience = None
        if not self.members:
            self.connection.close(REASON.SERVER_DISCONNECT)

    def assemble(self, codec: Any, data: str | bytes) -> Packet | None:
        """The packet that a message completes, if it does; Malformed for one that has no place here."""
        if self._partial is None:
            packet: Packet = codec.decode(data)
            if not packet.waits_for:
                return check(packet)
            self._partial, self._attachments = packet, []
            return None
        if not isinstance(data, bytes) or self._attachments is None:
            raise Malformed("An attachment was to come.")
        self._attachments.append(data)
        if len(self._attachments) < self._partial.waits_for:
            return None
        packet, self._partial = self._partial, None
        return check(codec.complete(packet, self._attachments))
