"""One connection to Redis, spoken to directly: what is sent leaves at once, each answer is handed on as it comes.

redis-py makes the connection, with all it knows of TLS, sentinels and passwords. Then it would spend more on each
command than all else of the bus, so the connection is taken out of its hands; `Plain` is for versions of it that do
not let go.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import Any, Protocol, cast

import hiredis
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import ResponseError

from realtime.engine.bus.redis import AWAY
from realtime.engine.tasks import stop

Hear = Callable[[Any], None]
log = logging.getLogger("realtime.engine.bus")


class Line(Protocol):
    """A connection; `heard` is when it last brought something (monotonic seconds), `ended` has the reason."""

    heard: float
    ended: "asyncio.Future[None]"

    def send(self, command: bytes) -> None:
        """Send a command of `pack`."""

    def close(self, fault: Exception | None = None) -> None:
        """End it."""

    async def gone(self) -> None:
        """Wait until nothing is left of it."""


def pack(*words: bytes) -> bytes:
    """A command as Redis reads it."""
    packed: bytes = hiredis.pack_command(cast(Any, words))
    return packed


async def open_line(redis: "Redis", hear: Hear) -> Line:
    """A new connection; `hear` is given each answer, errors too. One of AWAY is raised where none can be had."""
    made = redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
    await made.connect()
    try:
        return Taken(made, hear)
    except AttributeError as fault:
        log.warning("redis-py keeps its connections, and the bus costs more: %s", fault)
        return Plain(made, hear)


class Taken(asyncio.Protocol):
    """A connection taken out of redis-py's hands; AttributeError where the installed version is not as expected."""

    def __init__(self, made: AbstractConnection, hear: Hear) -> None:
        self._hear, self._reader = hear, hiredis.Reader(replyError=ResponseError)
        self._writer = cast(Any, made._writer)  # noqa: SLF001  # kept, for it would end the connection if it went
        self._transport: asyncio.Transport = self._writer.transport
        self._transport.set_protocol(self)
        made._reader = made._writer = None  # noqa: SLF001
        self.heard = time.monotonic()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, command: bytes) -> None:
        """Send a command; one that meets a connection which is gone ends it."""
        try:
            self._transport.write(command)
        except RuntimeError as refused:
            self.close(LostConnection(str(refused)))

    def close(self, fault: Exception | None = None) -> None:
        """End it."""
        _end(self.ended, fault)
        self._transport.abort()

    async def gone(self) -> None:
        """It is gone as soon as it was closed."""

    def data_received(self, data: bytes) -> None:
        """Hand on the answers that are whole."""
        self.heard = time.monotonic()
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not False and not self.ended.done():
                self._hear(answer)
        except hiredis.HiredisError as fault:
            self.close(LostConnection(str(fault)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Redis is gone."""
        _end(self.ended, exc or LostConnection("Redis has hung up"))


class Plain:
    """A connection of redis-py, over its public parts only."""

    def __init__(self, made: AbstractConnection, hear: Hear) -> None:
        self._made, self._hear = made, hear
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self.heard = time.monotonic()
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._tasks = [loop.create_task(self._until_it_ends(each)) for each in (self._read, self._write)]

    def send(self, command: bytes) -> None:
        """Send a command."""
        self._waiting.put_nowait(command)

    def close(self, fault: Exception | None = None) -> None:
        """End it."""
        _end(self.ended, fault)
        for task in self._tasks:
            task.cancel()

    async def gone(self) -> None:
        """Wait until nothing is left of it."""
        await stop(*self._tasks)
        await self._made.disconnect(nowait=True)

    async def _until_it_ends(self, work: Callable[[], Any]) -> None:
        try:
            while True:
                await work()
        except AWAY as fault:
            _end(self.ended, fault)

    async def _read(self) -> None:
        try:
            answer = await self._made.read_response(timeout=math.inf, disconnect_on_error=False, push_request=True)
        except ResponseError as refused:
            answer = refused
        self.heard = time.monotonic()
        self._hear(answer)

    async def _write(self) -> None:
        await self._made.send_packed_command(await self._waiting.get(), check_health=False)


def _end(ended: "asyncio.Future[None]", fault: Exception | None) -> None:
    if not ended.done():
        if fault is None:
            ended.set_result(None)
        else:
            ended.set_exception(fault)
            ended.exception()  # whoever does not ask is not told at the end either
