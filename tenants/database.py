"""Connections: pools per role, and transactions begun with their settings in one round trip. Private to `scope`."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from tenants.errors import Conflict, Invalid, NotFound, Refusal, Unavailable

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    FileNotFoundError,
)
DOWN = "The database does not answer. Nothing was changed. Try again in a moment."
BUSY = "The database is busy. Nothing was changed. Try again in a moment."


class Pool:
    """Connections of one role: opened when needed, at most `size`, waiting at most `patience` seconds for a free one.

    What comes back clean is kept here and handed out again at once: the driver's own way of taking a connection back
    makes a task and a time limit of each.
    """

    def __init__(self, dsn: str, size: int, *, patience: float = 5.0, command_timeout: float = 20.0) -> None:
        self._dsn, self._size, self._patience, self._command_timeout = dsn, size, patience, command_timeout
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()
        self._clean: list[Connection] = []
        self._waiting = 0

    async def close(self) -> None:
        """Close all connections, cutting those still busy after two seconds."""
        if self._pool is not None:
            while self._clean:
                await self._release(self._clean.pop())
            try:
                await asyncio.wait_for(self._pool.close(), 2)
            except TimeoutError:
                self._pool.terminate()

    def connection(self) -> "Borrowed":
        """A connection outside of any transaction; Unavailable when there is none to be had."""
        return Borrowed(self)

    def transaction(self, begin: str) -> "Transaction":
        """A transaction begun by `begin` (`BEGIN; SET LOCAL …`), committed at the end, rolled back on any error."""
        return Transaction(self, begin)

    async def take(self) -> Connection:
        """A connection, to be given back; Unavailable when there is none to be had."""
        while self._clean:
            connection = self._clean.pop()
            if _is_open(connection):
                return connection
            await self._release(connection)
        pool = await self._opened()
        self._waiting += 1
        try:
            with refusals():
                # The driver's own time limit would make a task of each acquiring; this one makes none.
                async with asyncio.timeout(self._patience):
                    return await pool.acquire()
        finally:
            self._waiting -= 1

    async def give_back(self, connection: Connection, *, clean: bool) -> None:
        """Let others use the connection; unless it is `clean`, what it left open is ended first."""
        # Whoever waits does so in the driver's queue, which only its own release moves on.
        if clean and not self._waiting:
            self._clean.append(connection)
        else:
            await self._release(connection)

    async def _release(self, connection: Connection) -> None:
        pool = await self._opened()
        await pool.release(connection, timeout=self._patience)

    async def _opened(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await self._connect()
        return self._pool

    async def _connect(self) -> "asyncpg.Pool[asyncpg.Record]":
        with refusals():
            return await asyncpg.create_pool(
                self._dsn,
                min_size=0,
                max_size=self._size,
                max_inactive_connection_lifetime=0,
                command_timeout=self._command_timeout,
                timeout=self._patience,
                init=_prepare,
                reset=_reset,
                server_settings={"application_name": "guildhall"},
            )


class Transaction:
    """One transaction as a context: a class, for each request opens some, and generators cost more."""

    __slots__ = ("_begin", "_connection", "_pool")

    def __init__(self, pool: Pool, begin: str) -> None:
        self._pool, self._begin = pool, begin

    async def __aenter__(self) -> Connection:
        """Begin; a connection that died while idle is replaced once, as nothing has run yet."""
        try:
            return await self._begun()
        except LOST:
            with refusals():
                return await self._begun()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Commit, or roll back when the block raised; the connection goes back in any case."""
        clean = False
        try:
            if kind is not None:
                await _roll_back(self._connection)
                return
            with refusals():
                await self._connection.execute("COMMIT")
            clean = True
        finally:
            await self._pool.give_back(self._connection, clean=clean)

    async def _begun(self) -> Connection:
        self._connection = await self._pool.take()
        try:
            await self._connection.execute(self._begin)
        except BaseException:
            await self._pool.give_back(self._connection, clean=False)
            raise
        return self._connection


class Borrowed:
    """One connection as a context, outside of any transaction."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        """Take it."""
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give it back."""
        clean = kind is None and not self._connection.is_closed() and not self._connection.is_in_transaction()
        await self._pool.give_back(self._connection, clean=clean)


class _Refusals:
    """The context that `refusals` gives: one for all, for it holds nothing."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Raise the refusal that the error amounts to, if it amounts to one."""
        if error is not None and (refusal := _refusal_of(error)) is not None:
            raise refusal from error


_REFUSALS = _Refusals()


def refusals() -> contextlib.AbstractContextManager[None]:
    """Turn what PostgreSQL says into our refusals where the input or an outage is the cause; the rest stays a bug."""
    return _REFUSALS


def _refusal_of(error: BaseException) -> Refusal | None:
    return next((refuse(error) for kinds, refuse in _MEANINGS if isinstance(error, kinds)), None)


# The first that fits counts: a wrong value that we passed ourselves is a bug, though the driver derives it from LOST.
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[Any], Refusal | None]], ...] = (
    ((asyncpg.exceptions._base.DataError,), lambda _: None),  # noqa: SLF001
    (
        (asyncpg.UniqueViolationError,),
        lambda error: Conflict("That exists already.", "exists", constraint=error.constraint_name),
    ),
    ((asyncpg.ForeignKeyViolationError,), lambda _: NotFound("What that refers to is not in this channel.")),
    (
        (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError),
        lambda _: Invalid("Text may not hold the character NUL.", "unreadable_text"),
    ),
    (
        (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.QueryCanceledError),
        lambda _: Unavailable("Somebody else was changing the same thing. Try again.", "busy", 1),
    ),
    (
        (asyncpg.DiskFullError,),
        lambda _: Unavailable("The database has no space left. Tell the operator.", "disk_full", 60),
    ),
    ((TimeoutError, asyncpg.TooManyConnectionsError), lambda _: Unavailable(BUSY, "busy")),
    (LOST, lambda _: Unavailable(DOWN, "database_down")),
)


def _is_open(connection: Connection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # the driver has taken back what was cut off
        return False


async def _prepare(connection: Any) -> None:
    for kind in ("jsonb", "json"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=_encode, decoder=orjson.loads, format="text")


def _encode(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


async def _reset(connection: Any) -> None:
    # All our settings are transaction-local, so the driver's costly full reset would undo nothing more.
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


async def _roll_back(connection: Connection) -> None:
    if connection.is_closed():
        return
    try:
        await asyncio.shield(asyncio.wait_for(connection.execute("ROLLBACK"), 5))
    except (*LOST, TimeoutError, asyncpg.PostgresError):
        connection.terminate()
