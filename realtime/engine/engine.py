"""The Engine.IO server: sessions over polling and WebSocket, a drop-in for `engineio.AsyncServer` on aiohttp."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import engineio
import orjson
from aiohttp import web
from engineio import packet

from realtime.engine import attached, frames, polling
from realtime.engine.asking import Refused, find_fault, session_cookie
from realtime.engine.connection import Connection
from realtime.engine.environs import environ_of
from realtime.engine.handlers import Handlers
from realtime.engine.origins import headers
from realtime.engine.roles import REASON, Listener, Malformed, Owner
from realtime.engine.tasks import start
from realtime.engine.tick import Tick
from realtime.engine.upgrade import Unwanted, Upgrade
from realtime.engine.wheel import Wheel

MOST_AT_ONCE = 64
CLOSED_SECONDS = 5.0
log = logging.getLogger("realtime.engine")
Elsewhere = Callable[[web.Request, str], Awaitable[web.StreamResponse | None]]
Serve = Callable[[web.Request, Owner, int], Awaitable[web.StreamResponse]]


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """An Engine.IO server for aiohttp; `fallback` says why connections stay with aiohttp, empty when they need not.

    All arguments are those of `engineio.AsyncServer`; `max_decode_packets` bounds the packets of one polling
    body, `max_body_bytes` its size where that may be more than one packet's (`max_http_buffer_size`).
    Of several processes each has a `sid_prefix`; `elsewhere` is asked about sessions that are not known here.
    """

    max_decode_packets = 10_000
    max_body_bytes: int | None = None
    sid_prefix = ""
    elsewhere: Elsewhere | None = None

    def __init__(self, async_mode: str | None = None, **options: Any) -> None:
        if async_mode not in {None, "aiohttp"}:
            raise ValueError("This server runs on aiohttp only.")
        super().__init__(async_mode="aiohttp", monitor_clients=False, **options)
        self.sockets: dict[str, Connection] = {}
        self.at_once = MOST_AT_ONCE if self.async_handlers else 1
        self.listener: Listener = Handlers(self)
        self.tick = Tick()
        self.wheel = Wheel(min(0.25, max(0.005, min(self.ping_interval, self.ping_timeout) / 20)))
        self.fallback = "not examined yet"
        self._serve: Serve | None = None

    def attach(self, app: web.Application, engineio_path: str = "engine.io") -> None:
        """Serve under a path of an application, from its start to its shutdown."""
        app.router.add_route("*", f"/{engineio_path.strip('/')}/", self.handle_request)

        async def begin(_app: web.Application) -> None:
            await self.examine()

        async def end(_app: web.Application) -> None:
            await self.shutdown()

        app.on_startup.append(begin)
        app.on_shutdown.append(end)

    async def examine(self) -> Serve:
        """Choose how WebSockets are served: detached, or attached where the installed aiohttp does not let go."""
        if self._serve is None:
            try:
                from realtime.engine import detached, hooks  # noqa: PLC0415

                self.fallback = await hooks.examine()
                self._serve = attached.serve if self.fallback else detached.serve
            except ImportError as fault:
                self.fallback, self._serve = str(fault), attached.serve
            if self.fallback:
                log.warning("WebSockets stay with aiohttp: %s", self.fallback)
        return self._serve

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request of a client, or serve its WebSocket."""
        try:
            if (answer := await self._answer_of_another(request)) is not None:
                return answer
            find_fault(self, request)
            if request.method == "OPTIONS":
                return self._answer(request, "ok")
            sid = request.query.get("sid")
            return await (self._open(request) if sid is None else self._continue(request, self.sockets[sid]))
        except Refused as refused:
            return self._answer(request, refused.body, status=400)
        except Malformed:
            return self._answer(request, Refused.of(3, "Bad request").body, status=400)

    async def send(self, sid: str, data: Any) -> None:
        """Send a message: text, bytes, or what becomes JSON."""
        await self.send_packet(sid, packet.Packet(packet.MESSAGE, data=data))

    async def send_packet(self, sid: str, pkt: Any) -> None:
        """Send a packet of `engineio.packet`; to a session that has ended, nothing."""
        if (connection := self.sockets.get(sid)) is not None:
            encoded = pkt.encode()
            connection.send(frames.text(encoded.encode()) if isinstance(encoded, str) else frames.binary(encoded))

    async def get_session(self, sid: str) -> dict[str, Any]:
        """The application's own data of a session; KeyError when it has ended."""
        connection = self.sockets[sid]
        if connection.session is None:
            connection.session = {}
        return connection.session

    async def save_session(self, sid: str, session: dict[str, Any]) -> None:
        """Replace the application's own data of a session; KeyError when it has ended."""
        self.sockets[sid].session = session

    def transport(self, sid: str) -> str:
        """`polling` or `websocket`; KeyError when the session has ended."""
        return "polling" if self.sockets[sid].link is None else "websocket"

    async def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all of them; the client is told."""
        for connection in list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]:
            if connection is not None:
                connection.close(REASON.SERVER_DISCONNECT)

    def cut(self, sid: str) -> None:
        """End a session without a word; its client comes back by itself."""
        if (connection := self.sockets.get(sid)) is not None:
            connection.cut()

    async def shutdown(self, within: float = 0.0) -> None:
        """End all sessions with 1001, spread over `within` seconds; clients come back by themselves, elsewhere."""
        connections = list(self.sockets.values())
        random.shuffle(connections)
        for connection in connections:
            connection.close(REASON.SERVER_DISCONNECT, code=1001)
            await asyncio.sleep(within / len(connections))
        self.wheel.stop()

    def ended(self, connection: Connection, reason: str) -> None:
        """A session has ended: tell who listens, then forget it."""
        start(self._bury(connection, reason))

    async def _bury(self, connection: Connection, reason: str) -> None:
        await self.listener.ended(connection, reason)
        if connection.backlog:
            # Who polls and is not asking just now takes the rest with the next poll, if that comes soon.
            await asyncio.sleep(CLOSED_SECONDS)
        self.sockets.pop(connection.sid, None)
        connection.forget()

    async def _open(self, request: web.Request) -> web.StreamResponse:
        connection = Connection(self, self.generate_id())
        self.sockets[connection.sid] = connection
        by_websocket = request.query["transport"] == "websocket"
        connection.send(frames.text(b"0" + orjson.dumps(self._greeting(connection.sid, by_websocket))))
        answer = await self.listener.opened(connection, request)
        if answer is not None and answer is not True:
            connection.closed = True
            self.wheel.clear(connection, connection.spoke)
            del self.sockets[connection.sid]
            return self._answer(request, orjson.dumps(answer or "Unauthorized").decode(), status=401)
        if by_websocket:
            return await self._websocket(request, connection)
        extra = session_cookie(self.cookie, connection.sid) if self.cookie else {}
        return self._answer(request, await polling.poll(connection, request), extra)

    async def _continue(self, request: web.Request, connection: Connection) -> web.StreamResponse:
        if request.query["transport"] == "websocket":
            wanted = connection.link is None and not connection.upgrading and self.allow_upgrades
            return await self._websocket(request, Upgrade(connection) if wanted else Unwanted())
        if connection.link is not None:
            raise Refused.of(3, "Bad request")
        if request.method == "POST":
            await polling.post(connection, request, self._limits())
            return self._answer(request, "ok")
        return self._answer(request, await polling.poll(connection, request))

    async def _websocket(self, request: web.Request, owner: Owner) -> web.StreamResponse:
        serve = self._serve or await self.examine()
        try:
            return await serve(request, owner, self.max_http_buffer_size)
        except (web.HTTPBadRequest, ConnectionError):
            owner.lost(REASON.TRANSPORT_ERROR)
            raise Refused.of(3, "Bad request") from None

    def generate_id(self) -> str:
        """An id for a session, which says whose it is."""
        return self.sid_prefix + str(super().generate_id())

    async def _answer_of_another(self, request: web.Request) -> web.StreamResponse | None:
        sid = request.query.get("sid")
        if sid is None or sid in self.sockets or self.elsewhere is None:
            return None
        return await self.elsewhere(request, sid)

    def _limits(self) -> polling.Limits:
        most = self.max_http_buffer_size
        return polling.Limits(self.max_body_bytes or most, most, self.max_decode_packets)

    def _greeting(self, sid: str, by_websocket: bool) -> dict[str, Any]:
        upgradable = not by_websocket and self.allow_upgrades and "websocket" in self.transports
        return {
            "sid": sid,
            "upgrades": ["websocket"] if upgradable else [],
            "pingTimeout": round(self.ping_timeout * 1000),
            "pingInterval": round((self.ping_interval + self.ping_interval_grace_period) * 1000),
            "maxPayload": self.max_http_buffer_size,
        }

    def _answer(
        self, request: web.Request, body: str, extra: dict[str, str] | None = None, status: int = 200
    ) -> web.Response:
        cross = headers(self.cors_allowed_origins, self.cors_credentials, environ_of(request))
        answer = web.Response(text=body, status=status, headers=cross | (extra or {}))
        if self.http_compression and len(body) >= self.compression_threshold:
            answer.enable_compression()
        return answer
