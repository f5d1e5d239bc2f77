"""Socket.IO made strict: one namespace, events by allow-list, one after the other, answered; the rest ends.

python-socketio dispatches whatever a client names, `connect` and `disconnect` too; here no name reaches a handler but
through the door's own list, and CONNECT is answered before anything else is sent (python-socketio 5.18).
"""

import asyncio
from collections import Counter
from typing import Any, Protocol

import socketio
import structlog
from aiohttp import web
from socketio import packet

from realtime.rooms import NAMESPACE
from realtime.transport import Engine
from realtime.wire import EVENT, Frame, Heard, Malformed, Unreadable, hear, refused, turned_away
from tenants.errors import Invalid, Refusal

log = structlog.get_logger("realtime.protocol")

MOST_REFUSED_CONNECTS = 3


class Door(Protocol):
    """Whom the server asks: who may come in, what to do with their events, and that they left."""

    async def admit(self, sid: str, request: web.Request, auth: Any) -> None:
        """Let a client in under `sid`, or raise the refusal that it is told."""

    async def welcome(self, sid: str) -> None:
        """The client has been told that it is in."""

    async def answer(self, sid: str, event: Any, arguments: list[Any]) -> dict[str, Any]:
        """The acknowledgement of an event; never raises."""

    async def leave(self, sid: str) -> None:
        """The client is gone, or has been sent away."""


class StrictServer(socketio.AsyncServer):  # type: ignore[misc]
    """A Socket.IO server of the namespace NAMESPACE for one door."""

    def __init__(self, door: Door, manager: Any, *, connect_seconds: float = 10.0, **options: Any) -> None:
        super().__init__(
            async_mode="aiohttp", client_manager=manager, serializer=Frame, namespaces=[NAMESPACE],
            cors_allowed_origins=[], async_handlers=False, logger=_Quiet(), engineio_logger=_Quiet(), **options,
        )  # fmt: skip
        self._door = door
        self._connect_seconds = connect_seconds
        self._sids: dict[str, str] = {}
        self._refusals: Counter[str] = Counter()

    async def dismiss(self, sid: str) -> None:
        """Disconnect the namespace: the client is told, and stays away."""
        eio_sid = self.manager.eio_sid_from_sid(sid, NAMESPACE)
        if eio_sid in self._sids:
            await self._send_packet(eio_sid, Frame(packet.DISCONNECT, namespace=NAMESPACE))
            await self._forget(eio_sid)
            self._give_time(eio_sid)

    def cut(self, sid: str) -> None:
        """Close the transport: the client comes back by itself."""
        if eio_sid := self.manager.eio_sid_from_sid(sid, NAMESPACE):
            self.eio.drop(eio_sid)

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        self.environ[eio_sid] = environ
        self._give_time(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, _reason: str) -> None:
        self.environ.pop(eio_sid, None)
        self._refusals.pop(eio_sid, None)
        await self._forget(eio_sid)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        try:
            await self._take(eio_sid, hear(data))
        except Malformed:
            self.eio.drop(eio_sid)

    async def _take(self, eio_sid: str, heard: Heard) -> None:
        if heard.kind == packet.CONNECT:
            await self._connect(eio_sid, heard)
        elif eio_sid not in self._sids or heard.namespace != NAMESPACE:
            raise Malformed("nothing is taken before CONNECT")
        elif heard.kind == packet.DISCONNECT:
            await self._forget(eio_sid)
            self._give_time(eio_sid)
        elif heard.kind == EVENT:
            await self._answer(eio_sid, heard)

    async def _connect(self, eio_sid: str, heard: Heard) -> None:
        if heard.namespace != NAMESPACE:
            error = {"message": "Invalid namespace"}
            await self._send_packet(eio_sid, Frame(packet.CONNECT_ERROR, data=error, namespace=heard.namespace))
            return
        if eio_sid in self._sids or (heard.data is not None and not isinstance(heard.data, dict)):
            raise Malformed("a second CONNECT, or one without an object")
        sid = await self.manager.pre_connect(eio_sid, NAMESPACE)
        try:
            await self._door.admit(sid, self.environ[eio_sid]["aiohttp.request"], heard.data or {})
        except Refusal as refusal:
            await self._turn_away(eio_sid, sid, refusal)
            return
        self._sids[eio_sid] = sid
        if eio_sid not in self.environ:
            await self._forget(eio_sid)
            return
        await self._send_packet(eio_sid, Frame(packet.CONNECT, {"sid": sid}, namespace=NAMESPACE))
        await self.manager.connect(sid, NAMESPACE)
        await self._door.welcome(sid)

    async def _turn_away(self, eio_sid: str, sid: str, refusal: Refusal) -> None:
        await self.manager.disconnect(sid, NAMESPACE, ignore_queue=True)
        await self._send_packet(eio_sid, Frame(packet.CONNECT_ERROR, turned_away(refusal), namespace=NAMESPACE))
        self._refusals[eio_sid] += 1
        if self._refusals[eio_sid] >= MOST_REFUSED_CONNECTS:
            raise Malformed("refused too often")

    async def _answer(self, eio_sid: str, heard: Heard) -> None:
        if heard.data is Unreadable:
            acknowledgement = refused(Invalid("This is nested too deeply, or holds half characters."))
        elif not isinstance(heard.data, list) or not heard.data or not isinstance(heard.data[0], str):
            raise Malformed("an event is a list that begins with its name")
        else:
            acknowledgement = await self._door.answer(self._sids[eio_sid], heard.data[0], heard.data[1:])
        if heard.id is not None and eio_sid in self._sids:
            ack = Frame(packet.ACK, namespace=NAMESPACE, id=heard.id, data=[acknowledgement])
            await self._send_packet(eio_sid, ack)

    async def _forget(self, eio_sid: str) -> None:
        if sid := self._sids.pop(eio_sid, None):
            await self.manager.disconnect(sid, NAMESPACE, ignore_queue=True)
            await self._door.leave(sid)

    def _give_time(self, eio_sid: str) -> None:
        """A connection that is in no namespace when its time is up ends."""
        asyncio.get_running_loop().call_later(self._connect_seconds, self._check_connected, eio_sid)

    def _check_connected(self, eio_sid: str) -> None:
        if eio_sid not in self._sids:
            self.eio.drop(eio_sid)


class _Quiet:
    """A logger that keeps what clients do wrong out of the log, for they could fill it; faults of ours are kept."""

    level = 100

    def debug(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    info = warning = error = log = debug

    def exception(self, words: str, *_: Any, **__: Any) -> None:
        """A fault with its traceback."""
        log.exception("socket server", words=words)
