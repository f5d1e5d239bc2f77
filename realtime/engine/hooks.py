"""The one place that touches what aiohttp keeps private: its frame reader, taking a connection out of its hands, and
making a request anew from its head.

`examine` tries both on the installed version. Where it finds a fault, connections stay with aiohttp (`links.Attached`,
public parts only): the same protocol and the same shared frames, with more memory for each connection.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from aiohttp import WSMsgType, web
from aiohttp.http_parser import HttpRequestParser
from aiohttp.http_websocket import WebSocketReader
from aiohttp.streams import EMPTY_PAYLOAD

from aiohttp._websocket.reader import WebSocketDataQueue  # isort: skip

PATIENCE_SECONDS = 5.0
MOST_HEAD = 2**16
TRIED_WITH = "aiohttp 3.14"


class Intake(WebSocketDataQueue):
    """Where the reader puts messages: a list that is emptied after each read, not a queue with a waiting task."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.fault: Exception | None = None

    def feed_data(self, data: Any, size: int) -> None:  # noqa: ARG002
        """Keep one message."""
        self.messages.append(data)

    def emptied(self) -> tuple[list[Any], Exception | None]:
        """The messages of what was just read, and what was wrong after them."""
        found = self.messages, self.fault
        self.messages, self.fault = [], None
        return found

    def set_exception(self, exc: BaseException, exc_cause: Any = None) -> None:  # noqa: ARG002
        """Keep what was wrong with the bytes."""
        self.fault = cast(Exception, exc)


def reader(intake: Intake, most_bytes: int) -> Callable[[bytes], Any]:
    """What is fed the bytes of a WebSocket and puts its messages into `intake`, each of at most `most_bytes`."""
    feed: Callable[[bytes], Any] = WebSocketReader(intake, most_bytes + 1, False, True).feed_data
    return feed


def detach(request: web.BaseRequest, protocol: asyncio.Protocol) -> bytes:
    """Give the connection of a request to `protocol`; what had been read beyond the request."""
    handler, transport = request.protocol, request.transport
    if transport is None:
        raise ConnectionResetError("The client has gone.")
    tail, handler._message_tail = handler._message_tail, b""  # noqa: SLF001
    handler.transport = None
    transport.set_protocol(protocol)
    handler.connection_lost(None)
    transport.resume_reading()
    return bytes(tail)


def descriptor(transport: asyncio.Transport) -> int:
    """The socket that may be written to past a transport that holds nothing back; -1 where there is none, as with TLS.

    The transport says so at once (`pause_writing`) when it does hold something, and closes the socket only after
    `connection_lost`.
    """
    transport.set_write_buffer_limits(0)
    socket = transport.get_extra_info("socket")
    return -1 if socket is None or transport.get_extra_info("ssl_object") else int(socket.fileno())


class Past:
    """In place of the protocol and the transport of a request whose connection is another's by now."""

    ssl_context = None

    def __init__(self, address: str, port: str, secure: bool) -> None:
        self.transport, self.peername, self.sockname = self, (address, int(port)), None
        self._info = {"peername": self.peername, "sslcontext": secure or None}

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What was known of the connection."""
        return self._info.get(name, default)


def past_request(head: bytes, address: str, port: str, secure: bool, match: Any) -> web.Request:
    """A request as it was, from its head; without body and connection."""
    loop, past = asyncio.get_running_loop(), cast(Any, Past(address, port, secure))
    parser = HttpRequestParser(past, loop, MOST_HEAD, max_line_size=MOST_HEAD, max_field_size=MOST_HEAD)
    message = parser.feed_data(head)[0][0][0]
    request = web.Request(message, EMPTY_PAYLOAD, past, cast(Any, None), cast(Any, asyncio.current_task()), loop)
    request._match_info = match  # noqa: SLF001
    return request


class Gone(web.StreamResponse):
    """What a handler returns when its connection has been detached: there is nothing for aiohttp to write."""

    def __init__(self) -> None:
        super().__init__(status=101)
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing."""

    async def write_eof(self, data: Any = b"") -> None:
        """Nothing."""


async def examine() -> str:
    """What keeps the installed aiohttp from being used this way, in a sentence; empty when all is as expected."""
    try:
        _read()
        _remember()
        await _detach()
    except Exception as fault:  # noqa: BLE001
        return f"aiohttp is not as expected ({TRIED_WITH}): {type(fault).__name__}: {fault}"
    return ""


def _read() -> None:
    intake = Intake()
    feed = reader(intake, 100)
    feed(b"\x81\x82\0\0\0\0hi")
    _expect([tuple(each)[:2] for each in intake.messages] == [(WSMsgType.TEXT, "hi")], "a frame was not read")
    feed(b"\x81\xfe\x00\xff\0\0\0\0")
    _expect(getattr(intake.fault, "code", 0) == 1009, "a frame that is too large was taken")


def _remember() -> None:
    request = past_request(b"GET /a?b=c HTTP/1.1\r\nHost: d\r\nCookie: e=f\r\n\r\n", "10.0.0.1", "7", False, None)
    found = (request.method, request.path_qs, request.host, request.cookies.get("e"), request.remote, request.secure)
    _expect(found == ("GET", "/a?b=c", "d", "f", "10.0.0.1", False), "a request was not made anew from its head")


async def _detach() -> None:
    taken, transport, protocol = asyncio.get_running_loop().create_future(), _Probe(), asyncio.Protocol()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            taken.set_result(detach(request, protocol))
        except Exception as fault:  # noqa: BLE001
            taken.set_exception(fault)
        return Gone()

    server = web.Server(handle)
    handler = server()
    handler.connection_made(transport)
    await asyncio.sleep(0)
    handler.data_received(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\ntail"
    )
    _expect(await asyncio.wait_for(taken, PATIENCE_SECONDS) == b"tail", "bytes after the handshake were lost")
    for _ in range(10):
        await asyncio.sleep(0)
    _expect(transport.protocol is protocol, "the connection was not given over")
    _expect(not transport.written and not transport.ended, "the connection was written to or closed")
    _expect(not server.connections, "the connection is still counted")


def _expect(true: bool, otherwise: str) -> None:
    if not true:
        raise AssertionError(otherwise)


class _Probe(asyncio.Transport):
    """A connection that leads nowhere and notes what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: asyncio.BaseProtocol | None = None
        self.written, self.ended = b"", False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.ended

    def pause_reading(self) -> None:
        """Nothing."""

    def resume_reading(self) -> None:
        """Nothing."""
