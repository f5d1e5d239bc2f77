"""Connections with limits: how long headers and bodies may take, how much is drained, how many there may be."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from aiohttp import hdrs, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from server.headers import SERVER_NAME
from server.problems import PROBLEM_JSON, SPOKEN_TO_PROGRAMS, plain_page, title_of
from server.sender import accept_request_id
from server.shortcuts import ShortConnection, is_known
from server.ways import Ways
from tenants.errors import Refusal

log = structlog.get_logger("server.deadlines")

TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_FOR_PROGRAMS = tuple(path.encode() for path in SPOKEN_TO_PROGRAMS)
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds, bytes and counts a connection is held to."""

    headers: float = 10.0
    stalled_body: float = 30.0
    stalled_reader: float = 60.0
    keep_alive: float = 75.0
    linger: float = 2.0
    drained_bytes: int = 16 * 1024 * 1024
    line_bytes: int = 8190
    header_count: int = 100
    connections: int = 10_000
    sweep: float = 1.0


def is_address_of_page(line: str | bytes | bytearray) -> bool:
    """Whether what was too long is an address that people read, and no header or address of the API."""
    return isinstance(line, bytes | bytearray) and line.startswith(b"/") and not line.startswith(_FOR_PROGRAMS)


def _answer_page(request: web.BaseRequest) -> web.Response:
    """A page that says that its own address is too long; of what was asked nothing else is known."""
    said = "The address of this page is longer than 8 KB, more than we read. Go back and ask for something shorter."
    request_id = accept_request_id(request)
    headers = {hdrs.CONTENT_TYPE: "text/html; charset=utf-8", hdrs.SERVER: SERVER_NAME, "X-Request-ID": request_id}
    page = plain_page("Address too long", said, request_id)
    response = web.Response(status=431, body=page.encode(), headers=headers)
    response.force_close()
    return response


class Connection(ShortConnection):
    """One connection that knows since when it waits for what, so that a sweep can end it."""

    __slots__ = ("_asked_at", "_body", "_deadlines", "_drained", "_heard_at", "_unread_at", "_unread_bytes")

    def __init__(self, server: "Listener", deadlines: Deadlines, **settings: Any) -> None:
        super().__init__(server, **settings)
        self._deadlines = deadlines
        self._body: StreamReader | None = None
        self._asked_at: float | None = None
        self._heard_at = 0.0
        self._drained = 0
        self._unread_at = 0.0
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a first request, or say at once that the house is full."""
        super().connection_made(transport)
        self._asked_at = self._heard_at = self._loop.time()
        if self._manager is not None and len(self._manager.connections) > self._deadlines.connections:
            self._end_with(FULL)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and note what the connection waits for from here on."""
        before = self._request_count
        super().data_received(data)
        if not data:
            return
        self._heard_at = self._loop.time()
        if self._request_count > before and self._messages:
            self._asked_at, self._drained, self._body = None, 0, self._messages[-1][1]
        elif self._is_mid_body():
            self._drain(len(data))
        elif self._asked_at is None and not self._upgraded:
            self._asked_at = self._heard_at

    def _drain(self, size: int) -> None:
        """Count what still comes of a body nobody reads any more; stop listening when that is too much."""
        if self._current_request is None and not self._messages:
            self._drained += size
            if self._drained > self._deadlines.drained_bytes:
                self.force_close()

    def _is_mid_body(self) -> bool:
        return self._body is not None and not self._body.is_eof() and self._body.exception() is None

    def sweep(self, now: float) -> None:
        """End what has waited too long: headers by 408, a body by failing its reader, an unread answer by aborting."""
        if self.transport is None or self._upgraded or self._payload_parser is not None:
            return
        if self._reading_paused:
            self._heard_at = now
        if self._asked_at is not None and now - self._asked_at > self._deadlines.headers:
            self._give_up_headers()
        elif self._is_mid_body() and now - self._heard_at > self._deadlines.stalled_body:
            self._give_up_body()
        elif self._is_unread(now):
            self.transport.abort()

    def _give_up_headers(self) -> None:
        if self._request_in_progress or self._messages:
            self.close()
        else:
            self._end_with(TIMED_OUT if self._heard_at != self._asked_at or self._request_count else b"")

    def _give_up_body(self) -> None:
        self.close()
        if self._body is not None:
            stalled = Refusal(408, "too_slow", "The body stopped coming. Send it again.")
            self._body.set_exception(stalled)
            self._body.feed_eof()

    def _is_unread(self, now: float) -> bool:
        """Whether the other side has taken nothing of a waiting answer for too long."""
        waiting = self.transport.get_write_buffer_size() if self.transport is not None and self.writing_paused else 0
        if not waiting or waiting != self._unread_bytes:
            self._unread_bytes, self._unread_at = waiting, now
        return bool(waiting) and now - self._unread_at > self._deadlines.stalled_reader

    def _end_with(self, answer: bytes) -> None:
        if self.transport is not None and answer:
            self.transport.write(answer)
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP, or failed outside every handler, as a problem; only the latter is an error of ours."""
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionResetError("nobody is there any more, or the answer has begun") from exc
        if isinstance(exc, LineTooLong):
            if is_address_of_page(exc.args[0]):
                return _answer_page(request)
            status, message = 431, "The request line or a header is longer than 8 KB."
        if status >= 500:
            log.error("a request failed outside its handler", exc_info=exc)
            message = "Something went wrong on our side."
        detail = (message or "This is not a well-formed HTTP request.").partition("\n")[0].rstrip(":.")
        code = {400: "malformed_request", 431: "headers_too_large"}.get(status, "internal")
        request_id = accept_request_id(request)
        problem = {"type": "about:blank", "title": title_of(status), "status": status, "code": code}
        problem |= {"detail": f"{detail}.", "request_id": request_id}
        headers = {hdrs.CONTENT_TYPE: PROBLEM_JSON, hdrs.SERVER: SERVER_NAME, "X-Request-ID": request_id}
        response = web.Response(status=status, body=orjson.dumps(problem), headers=headers)
        response.force_close()
        return response


class Listener(web.Server):
    """Makes the connections of one process."""

    def __init__(self, deadlines: Deadlines, ways: Ways | None, handler: Any, **settings: Any) -> None:
        self._deadlines, self._ways = deadlines, ways
        super().__init__(handler, **settings)

    def __call__(self) -> RequestHandler:
        """A new connection, held to the deadlines."""
        return Connection(self, self._deadlines, ways=self._ways, loop=self._loop, **self._kwargs)

    async def sweep(self) -> None:
        """End overdue connections, for ever."""
        while True:
            await asyncio.sleep(self._deadlines.sweep)
            now = self._loop.time()
            for connection in self.connections:
                if isinstance(connection, Connection):
                    connection.sweep(now)


class GuardedRunner(web.AppRunner):
    """aiohttp's runner, with our connections and without its own access log."""

    __slots__ = ("_deadlines", "_sweeping")

    def __init__(self, app: web.Application, deadlines: Deadlines, **settings: Any) -> None:
        super().__init__(
            app,
            access_log=None,
            keepalive_timeout=deadlines.keep_alive,
            lingering_time=deadlines.linger,
            max_line_size=deadlines.line_bytes,
            max_field_size=deadlines.line_bytes,
            max_headers=deadlines.header_count,
            auto_decompress=False,
            **settings,
        )
        self._deadlines = deadlines
        self._sweeping: asyncio.Task[None] | None = None

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        listener = Listener(
            self._deadlines,
            Ways(self.app) if is_known() else None,
            plain.request_handler,
            request_factory=plain.request_factory,
            **self._kwargs,
        )
        self._sweeping = asyncio.create_task(listener.sweep(), name="sweep connections")
        return listener

    async def _cleanup_server(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        await super()._cleanup_server()
