"""Engine.IO made safe: whole bodies, no compression, readers that fall behind are dropped, nothing waits for ever.

The engine names its socket class literally, so each new socket is given ours before it serves (python-engineio 4.15).
"""

import asyncio
from typing import Any

import engineio
from aiohttp import web
from engineio.async_drivers import aiohttp as driver
from engineio.async_socket import AsyncSocket
from engineio.exceptions import EngineIOError
from engineio.packet import MESSAGE, Packet

FRAME_BYTES = 64 * 1024
BEHIND_BYTES = 1024 * 1024
UPGRADE_SECONDS = 10.0
BODY_BYTES = 1024 * 1024
BODY_SECONDS = 10.0
MOST_PACKETS = 200


class Engine(engineio.AsyncServer):  # type: ignore[misc]
    """An engine whose sockets are guarded; it serves polling and WebSocket, never JSONP."""

    _async: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        super().__init__(max_http_buffer_size=FRAME_BYTES, http_compression=False, **options)
        self._async = self._async | {"websocket": PlainWebSocket}

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """One HTTP request of a client."""
        if "j" in request.query or "transport" not in request.query:
            raise web.HTTPBadRequest
        response: web.StreamResponse = await super().handle_request(request)
        return response

    def drop(self, eio_sid: str) -> None:
        """End a connection without a word; its client comes back by itself."""
        if isinstance(socket := self.sockets.get(eio_sid), GuardedSocket):
            socket.drop()

    async def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        if event == "connect":
            GuardedSocket.guard(self.sockets[args[0]], args[1]["aiohttp.request"])
        return await super()._trigger_event(event, *args, **options)


class GuardedSocket(AsyncSocket):  # type: ignore[misc]
    """A socket that counts what its reader has not taken, and reads what its client sends one after the other."""

    behind: int
    in_flight: int
    request: web.Request
    turn: asyncio.Lock
    ending: "asyncio.Future[None]"

    @classmethod
    def guard(cls, socket: AsyncSocket, request: web.Request) -> None:
        """Make a new socket one of these."""
        socket.__class__ = cls
        socket.behind = socket.in_flight = 0
        socket.request, socket.turn = request, asyncio.Lock()

    async def send(self, pkt: Packet) -> None:
        """Queue a packet; a reader more than 1 MiB behind is dropped instead."""
        self.behind += _size(pkt)
        if self.behind > BEHIND_BYTES:
            self.drop()
        else:
            await super().send(pkt)

    async def poll(self) -> list[Packet]:
        """The packets that wait; asking again means that those before have been taken."""
        self.behind, self.in_flight = max(0, self.behind - self.in_flight), 0
        packets: list[Packet] = await super().poll()
        self.in_flight = sum(map(_size, packets))
        return packets

    def drop(self) -> None:
        """Cut the connection."""
        if self.upgraded and self.request.transport is not None:
            self.request.transport.abort()
        self.ending = asyncio.ensure_future(self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR))

    async def close(self, wait: bool = False, abort: bool = False, reason: str | None = None) -> None:  # noqa: ARG002
        """Close, waking whoever waits; never waits for a queue that nobody reads."""
        was_open = not self.closed and not self.closing
        await super().close(wait=False, abort=abort, reason=reason)
        if was_open:
            self.queue.put_nowait(None)

    async def handle_post_request(self, environ: dict[str, Any]) -> None:
        """All packets of a polling client's body, read whole; EngineIOError for one that is no such thing."""
        try:
            async with asyncio.timeout(BODY_SECONDS), self.turn:
                body = await _read_whole(environ["aiohttp.request"])
                for packet in [Packet(encoded_packet=_checked(part)) for part in _parts(body)]:
                    await self.receive(packet)
        except (ValueError, OSError, TimeoutError) as error:
            raise EngineIOError(str(error)) from None

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> Any:
        if self.upgrading or self.upgraded:
            return self.server._bad_request("The session is being upgraded already")  # noqa: SLF001
        self.request = environ["aiohttp.request"]
        return await super()._upgrade_websocket(environ)

    async def _websocket_handler(self, ws: "PlainWebSocket") -> None:
        ws.socket = self
        await super()._websocket_handler(ws)


class PlainWebSocket(driver.WebSocket):  # type: ignore[misc]
    """A WebSocket without compression that hands on well-formed text packets only."""

    socket: GuardedSocket

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Upgrade the request and serve it to its end."""
        self._sock = web.WebSocketResponse(max_msg_size=FRAME_BYTES, compress=False)
        await self._sock.prepare(environ["aiohttp.request"])
        self.environ = environ
        await self.handler(self)
        return self._sock

    async def wait(self) -> str:
        """The next packet; OSError when there is none, or it is not one."""
        socket = self.socket
        try:
            data = await asyncio.wait_for(super().wait(), UPGRADE_SECONDS if socket.upgrading else None)
            return _checked(data)
        except (OSError, ValueError, TimeoutError) as error:
            socket.upgrading = False
            raise OSError(str(error)) from None


def _checked(data: Any) -> str:
    """A packet that a client may send; a message begins with a digit, so that the engine guesses no JSON in it."""
    if not isinstance(data, str) or len(data) > FRAME_BYTES or data[:1] not in {"1", "2", "3", "4", "5"}:
        raise ValueError("not a packet we take")
    if data[0] == "4" and not data[1:2].isdigit():
        raise ValueError("not a message we take")
    return data


async def _read_whole(request: web.Request) -> str:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES:
            raise ValueError("too large")
    return body.decode()


def _parts(body: str) -> list[str]:
    parts = body.split("\x1e")
    if len(parts) > MOST_PACKETS:
        raise ValueError("too many packets")
    return parts


def _size(packet: Packet | None) -> int:
    if packet is None or packet.packet_type != MESSAGE:
        return 0
    return len(packet.data) if isinstance(packet.data, str | bytes) else 0
