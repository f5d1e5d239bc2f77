"""Short ways through a connection: a request that came whole goes straight to its handler, in one task.

aiohttp's own loop sleeps meanwhile, and gets all that is out of the ordinary: a body still on its way, an upgrade,
`Expect`, another version of HTTP, a connection to be closed, requests that wait in a row, a path that nobody declared.
Both ways end in the same middlewares and handlers. What a short way needs of aiohttp's private parts stands in this
file, and is used only while it is as it was when this was written: `is_known` asks at the start.
"""

import asyncio
import inspect
from typing import Any

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11, RawRequestMessage, StreamWriter
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from server.ways import Way, Ways

PRIVATE = (
    "_buffer_paused", "_close", "_force_close", "_handle_request", "_keepalive_handle", "_keepalive_timeout", "_loop",
    "_manager", "_messages", "_msg_queue_resume_size", "_next_keepalive_close_time", "_parser", "_process_keepalive",
    "_request_factory", "_resume_reading_if_drained", "_waiter",
)  # fmt: skip
HANDLE = ("self", "request", "start_time", "request_handler")


def is_known() -> bool:
    """Whether this aiohttp has the private parts that a short way needs."""
    has_all = all(hasattr(RequestHandler, name) for name in PRIVATE) and hasattr(web.Request, "_match_info")
    return has_all and tuple(inspect.signature(RequestHandler._handle_request).parameters) == HANDLE  # noqa: SLF001


class ShortConnection(RequestHandler):
    """A connection that takes the short way where there is one; without `ways` it is aiohttp's."""

    __slots__ = ("_first_sleep", "_on_short_way", "_ways")

    def __init__(self, *given: Any, ways: Ways | None = None, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._ways = ways
        self._first_sleep: asyncio.Future[None]
        self._on_short_way: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let aiohttp's loop sleep from the very beginning."""
        self._waiter = self._first_sleep = self._loop.create_future()
        super().connection_made(transport)

    async def start(self) -> None:
        """Aiohttp's loop, from the first request on that has no short way."""
        try:
            await self._first_sleep
        finally:
            self._waiter = None
        await super().start()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and begin at once with a request that was waited for and came whole and alone."""
        sleeper = self._waiter
        if self._ways is None or sleeper is None or sleeper.done():
            super().data_received(data)
            return
        self._waiter = None  # or the parser's first message would wake aiohttp's loop
        try:
            super().data_received(data)
        finally:
            self._waiter = sleeper
        if not self._messages:
            return
        message, payload = self._messages[0]
        way = self._way_of(self._ways, message, payload) if len(self._messages) == 1 else None
        if way is None:
            sleeper.set_result(None)
        else:
            self._waiter = None
            self._on_short_way = self._loop.create_task(self._go(self._ways, way, sleeper))

    def _way_of(self, ways: Ways, message: Any, payload: StreamReader) -> Way | None:
        if not isinstance(message, RawRequestMessage) or message.version != HttpVersion11:
            return None
        if message.should_close or message.upgrade or not payload.is_eof() or hdrs.EXPECT in message.headers:
            return None
        return ways.find(message.method, message.path.partition("?")[0])

    async def _go(self, ways: Ways, way: Way, sleeper: "asyncio.Future[None]") -> None:
        """Answer the request, and leave the connection as aiohttp's loop would."""
        stays = False
        try:
            stays = await self._answer(ways, way)
        except ConnectionError:
            self.log_debug("nobody is there any more")
        except Exception as error:  # noqa: BLE001 - as aiohttp's loop: said, and the end of this connection alone
            self.log_exception("Unhandled exception", exc_info=error)
        finally:
            self._on_short_way, self._waiter = None, sleeper
            if stays and not self._close and not self._force_close:
                self._wait_for_more(sleeper)
            else:
                self.force_close()

    async def _answer(self, ways: Ways, way: Way) -> bool:
        """Whether the connection stays open after the answer."""
        if self._manager is None or self._request_factory is None:
            return False  # the sender left before we began
        message, payload = self._messages.popleft()
        self._manager.requests_count += 1
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        writer, task = StreamWriter(self, self._loop), asyncio.current_task()
        request: Any = self._request_factory(message, payload, self, writer, task)  # type: ignore[arg-type]
        request._match_info = match = web.UrlMappingMatchInfo(way.parts, way.route)  # noqa: SLF001
        match.add_app(ways.app)
        match.freeze()
        response, gone = await self._handle_request(request, None, way.answer)  # type: ignore[arg-type]
        return bool(response.keep_alive) and not gone

    def _wait_for_more(self, sleeper: "asyncio.Future[None]") -> None:
        """Count the time without requests from here; what has come meanwhile is for aiohttp's loop."""
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)
        if self._messages and not sleeper.done():
            sleeper.set_result(None)

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """End the connection, and what is still being done for it when the time is over."""
        await super().shutdown(timeout)
        if self._on_short_way is not None:
            self._on_short_way.cancel()
