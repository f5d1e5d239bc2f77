"""Socket.IO made strict: one namespace, text only, events one after the other and answered; the rest ends."""

import asyncio
from typing import Any, Protocol

import structlog
from aiohttp import web
from socketio.exceptions import ConnectionRefusedError as Refused

from realtime.engine import Manager, Server
from realtime.engine.codec import Codec
from realtime.engine.connection import Connection
from realtime.engine.roles import REASON, Malformed
from realtime.figures import Figures
from realtime.rooms import NAMESPACE
from realtime.wire import UNREADABLE, Json, refused, turned_away
from tenants.errors import Invalid, Refusal

log = structlog.get_logger("realtime.protocol")

FRAME_BYTES = 64 * 1024
BODY_BYTES = 1024 * 1024
MOST_REFUSED_CONNECTS = 3
PACKETS = frozenset("0123")  # CONNECT, DISCONNECT, EVENT and ACK: what follows them brings attachments


class Door(Protocol):
    """Whom the server asks: who may come in, what to do with their events, and that they left."""

    async def admit(self, sid: str, request: web.Request, auth: Any) -> None:
        """Let a client in under `sid`, or raise the refusal that it is told."""

    async def welcome(self, sid: str) -> None:
        """The client is in; it hears so before anything else."""

    async def answer(self, sid: str, event: str, arguments: list[Any]) -> dict[str, Any]:
        """The acknowledgement of an event; never raises."""

    async def leave(self, sid: str) -> None:
        """The client is gone, or has been sent away."""


class StrictServer(Server):
    """A Socket.IO server of the namespace NAMESPACE for one door."""

    def __init__(self, door: Door, manager: Manager, figures: Figures, *, connect_seconds: float = 10.0) -> None:
        super().__init__(
            client_manager=manager, namespaces=[NAMESPACE], cors_allowed_origins=[], async_handlers=False,
            connect_timeout=connect_seconds, max_http_buffer_size=FRAME_BYTES, http_compression=False, logger=_Quiet(),
            engineio_logger=_Quiet(),
        )  # fmt: skip
        # Not as `json`: python-socketio takes that for all servers and clients of the process.
        self.codec = manager.codec = Codec(Json)
        self.eio.max_body_bytes = BODY_BYTES
        self._door, self._figures = door, figures
        self.on("connect", self._admit, NAMESPACE)
        self.on("disconnect", self._leave, NAMESPACE)
        self.on("*", self._hear, NAMESPACE)

    async def dismiss(self, sid: str) -> None:
        """Disconnect the namespace: the client is told, and stays away."""
        await self.disconnect(sid, NAMESPACE, ignore_queue=True)

    def send_away(self, sid: str) -> None:
        """Close the transport: the client comes back by itself."""
        self.cut(sid, NAMESPACE)

    def heard(self, connection: Connection, data: str | bytes) -> None:
        """Take a message of text without attachments; Malformed for any other."""
        if not isinstance(data, str) or data[:1] not in PACKETS:
            raise Malformed("This is no packet that we take.")
        super().heard(connection, data)

    async def ended(self, connection: Connection, reason: str) -> None:
        """Count how a session ended, and forget its members."""
        self._figures.ended[reason] += 1
        await super().ended(connection, reason)

    async def _admit(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        try:
            await self._door.admit(sid, environ["aiohttp.request"], auth or {})
        except Refusal as refusal:
            self._count_refusal(sid, environ)
            said = turned_away(refusal)
            raise Refused(said["message"], said["data"]) from None
        await self._door.welcome(sid)

    def _count_refusal(self, sid: str, environ: dict[str, Any]) -> None:
        environ["guildhall.refused"] = environ.get("guildhall.refused", 0) + 1
        member = self.manager.members.get(sid, NAMESPACE)
        if member is not None and environ["guildhall.refused"] >= MOST_REFUSED_CONNECTS:
            # Once it has been told.
            asyncio.get_running_loop().call_soon(member.connection.close, REASON.SERVER_DISCONNECT)

    async def _hear(self, event: str, sid: str, *arguments: Any) -> dict[str, Any]:
        if event == UNREADABLE:
            return refused(Invalid("This is nested too deeply, or holds half characters."))
        return await self._door.answer(sid, event, list(arguments))

    async def _leave(self, sid: str, _reason: str) -> None:
        await self._door.leave(sid)


class _Quiet:
    """A logger that keeps what clients do wrong out of the log, for they could fill it; faults of ours are kept."""

    level = 100

    def debug(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    info = warning = error = log = debug

    def exception(self, words: str, *_: Any, **__: Any) -> None:
        """A fault with its traceback."""
        log.exception("socket server", words=words)
