"""Pools: connections of one role, opened when needed, lent to one user at a time."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from tenants.database.connection import Connection, Record
from tenants.database.refusals import refusals

CLOSING_SECONDS, LOOK_SECONDS = 2, 0.02


@dataclass(frozen=True, slots=True)
class Lent:
    """How a pool stands: connections lent now, the most there may be, callers that wait; and all waits until now."""

    in_use: int
    size: int
    waiting: int
    waits: int
    waited_seconds: float


class Pool:
    """Connections of one role: at most `size`; who finds none free waits in line, at most `patience` seconds.

    asyncpg's own pool makes a task and a time limit of each lending; this one makes none while a connection is free.
    """

    def __init__(self, dsn: str, size: int, *, patience: float = 5.0, command_timeout: float = 20.0) -> None:
        self._dsn, self._size, self._patience, self._command_timeout = dsn, size, patience, command_timeout
        self._all: set[Connection] = set()
        self._free: list[Connection] = []
        self._opening = self._waits = 0
        self._waited_seconds = 0.0
        self._line: deque[asyncio.Future[Connection | None]] = deque()

    @property
    def lent(self) -> Lent:
        """How it stands."""
        waiting = sum(not place.done() for place in self._line)
        return Lent(len(self._all) - len(self._free), self._size, waiting, self._waits, self._waited_seconds)

    async def ask(self, sql: str, *arguments: Any) -> list[Record]:
        """The rows of one statement, a transaction of its own; raises refusals."""
        async with self.connection() as connection:
            with refusals():
                return (await connection.run(sql, arguments))[0]

    def connection(self) -> "Borrowed":
        """A connection outside of any transaction, as a context; Unavailable when there is none to be had."""
        return Borrowed(self)

    async def take(self) -> Connection:
        """A connection, to be given back; Unavailable when there is none to be had."""
        while self._free:
            connection = self._free.pop()
            if connection.is_open():
                return connection
            self._all.discard(connection)
        with refusals():
            if len(self._all) + self._opening < self._size:
                return await self._opened()
            given = await self._in_line()
        return given or await self.take()

    async def give_back(self, connection: Connection) -> None:
        """Let others use the connection; what was left open or under way on it is ended first."""
        if not connection.is_clean():
            await connection.reset()
        if not connection.is_open():
            self._all.discard(connection)
            self._hand_on(None)
        elif not self._hand_on(connection):
            self._free.append(connection)

    async def close(self) -> None:
        """Close all connections, cutting off those still busy after two seconds."""
        time = asyncio.get_running_loop().time
        deadline = time() + CLOSING_SECONDS
        while self._all:
            while self._free:
                connection = self._free.pop()
                self._all.discard(connection)
                await connection.close(CLOSING_SECONDS)
            if time() > deadline:
                for connection in self._all:
                    connection.terminate()
                self._all.clear()
            elif self._all:
                await asyncio.sleep(LOOK_SECONDS)

    async def _opened(self) -> Connection:
        self._opening += 1
        try:
            connection = await Connection.open(self._dsn, self._patience, self._command_timeout)
            self._all.add(connection)
        except BaseException:
            self._hand_on(None)
            raise
        finally:
            self._opening -= 1
        return connection

    async def _in_line(self) -> Connection | None:
        """A connection as soon as one is given back, or None when there is room to open one."""
        place: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        self._waits += 1
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._patience):
                return await place
        except BaseException:
            if place.done() and not place.cancelled():
                await self._pass_on(place.result())
            raise
        finally:
            self._waited_seconds += time.perf_counter() - began

    async def _pass_on(self, given: Connection | None) -> None:
        """What somebody was handed who had just left the line."""
        if given is None:
            self._hand_on(None)
        else:
            await self.give_back(given)

    def _hand_on(self, given: Connection | None) -> bool:
        """Give a connection, or the room for one, to the first in the line; False when nobody waits."""
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(given)
                return True
        return False


class Borrowed:
    """One connection as a context, outside of any transaction."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        """Take it."""
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        """Give it back."""
        await self._pool.give_back(self._connection)
