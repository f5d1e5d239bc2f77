"""Connections: pools per role, and transactions begun with their settings in one round trip. Private to `scope`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from tenants.errors import Conflict, Invalid, NotFound, Unavailable

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
    """Connections of one role: lazily opened, bounded, waiting at most `patience` seconds for a free one."""

    def __init__(self, dsn: str, size: int, *, patience: float = 5.0, command_timeout: float = 20.0) -> None:
        self._dsn, self._size, self._patience, self._command_timeout = dsn, size, patience, command_timeout
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """Close all connections, cutting those still busy after two seconds."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 2)
            except TimeoutError:
                self._pool.terminate()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside of any transaction; Unavailable when there is none to be had."""
        connection = await self.take()
        try:
            yield connection
        finally:
            await self.give_back(connection)

    def transaction(self, begin: str) -> "Transaction":
        """A transaction begun by `begin` (`BEGIN; SET LOCAL …`), committed at the end, rolled back on any error."""
        return Transaction(self, begin)

    async def take(self) -> Connection:
        """A connection, to be given back; Unavailable when there is none to be had."""
        pool = await self._opened()
        with refusals():
            # The driver's own time limit would make a task of each acquiring; this one makes none.
            async with asyncio.timeout(self._patience):
                return await pool.acquire()

    async def give_back(self, connection: Connection) -> None:
        """Let others use the connection; what it left open is rolled back."""
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
                max_inactive_connection_lifetime=300,
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
        try:
            if kind is not None:
                await _roll_back(self._connection)
                return
            with refusals():
                await self._connection.execute("COMMIT")
        finally:
            await self._pool.give_back(self._connection)

    async def _begun(self) -> Connection:
        self._connection = await self._pool.take()
        try:
            await self._connection.execute(self._begin)
        except BaseException:
            await self._pool.give_back(self._connection)
            raise
        return self._connection


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Turn what PostgreSQL says into our refusals where the input or an outage is the cause; the rest stays a bug."""
    try:
        yield
    except asyncpg.exceptions._base.DataError:  # noqa: SLF001
        raise
    except asyncpg.UniqueViolationError as error:
        raise Conflict("That exists already.", "exists", constraint=error.constraint_name) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound("What that refers to is not in this channel.") from error
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise Invalid("Text may not hold the character NUL.", "unreadable_text") from error
    except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.QueryCanceledError) as error:
        raise Unavailable("Somebody else was changing the same thing. Try again.", "busy", 1) from error
    except asyncpg.DiskFullError as error:
        raise Unavailable("The database has no space left. Tell the operator.", "disk_full", 60) from error
    except (TimeoutError, asyncpg.TooManyConnectionsError) as error:
        raise Unavailable(BUSY, "busy") from error
    except LOST as error:
        raise Unavailable(DOWN, "database_down") from error


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
