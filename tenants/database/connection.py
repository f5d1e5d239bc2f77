"""One connection of asyncpg with its prepared statements; each runs in one round trip, with what is sent ahead of it.

asyncpg sends one statement and waits for its answer: a transaction of one statement takes it three round trips, and
half of the CPU goes into the layers around them. So this file, and no other, goes below its public face, to three
private things: `_get_statement`, `_protocol` (`bind_execute`, `close_statement`) and `_transport`. What they have to do
is written down for the next version of asyncpg in `tests/tenants/test_database.py`.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias

import asyncpg
import orjson

from tenants.database.messages import PREPARED
from tenants.database.refusals import LOST

Record: TypeAlias = asyncpg.Record
MOST_PREPARED = 250
RESET_SECONDS = 5


class Connection:
    """A connection with one user at a time."""

    __slots__ = ("_command_timeout", "_driver", "_prepared", "_protocol", "_settled", "_transport")

    def __init__(self, driver: Any, command_timeout: float) -> None:
        self._driver, self._command_timeout = driver, command_timeout
        self._protocol, self._transport = driver._protocol, driver._transport  # noqa: SLF001
        self._prepared: dict[str, Any] = {}
        self._settled = True

    @classmethod
    async def open(cls, dsn: str, patience: float, command_timeout: float) -> "Connection":
        """Connect within `patience` seconds, with what travels ahead of statements prepared."""
        driver = await asyncpg.connect(
            dsn,
            timeout=patience,
            command_timeout=command_timeout,
            server_settings={"application_name": "guildhall"},
        )
        connection = cls(driver, command_timeout)
        try:
            for kind in ("jsonb", "json"):
                await driver.set_type_codec(
                    kind, schema="pg_catalog", encoder=encoded, decoder=orjson.loads, format="text"
                )
            for name, sql in PREPARED.items():
                await connection.prepare(sql, name)
        except BaseException:
            driver.terminate()
            raise
        return connection

    def is_open(self) -> bool:
        """Whether it can be used, as far as is known here."""
        return not self._driver.is_closed()

    def is_clean(self) -> bool:
        """Whether it is open, outside of any transaction, and every statement was answered, be it with an error."""
        return self._settled and not self._driver.is_closed() and not self._driver.is_in_transaction()

    async def run(self, sql: str, arguments: Sequence[Any], ahead: bytes = b"") -> tuple[list[Record], bytes]:
        """Send what travels `ahead` (see `messages`) and a statement; its rows and its command tag.

        Raises what asyncpg raises. When that comes from here and not from the server the connection is cut off: what
        was sent ahead waits for its Sync, and must not meet the next statement.
        """
        statement = self._prepared.get(sql) or await self.prepare(sql)
        self._settled = False
        try:
            if ahead:
                self._transport.write(ahead)
            rows, tag, _ = await self._protocol.bind_execute(statement, arguments, "", 0, True, self._command_timeout)
        except TimeoutError:
            raise  # the driver has asked the server to stop it: `reset` waits until it has
        except Exception as error:
            self._settled = _is_answer(error)
            if not self._settled:
                self.terminate()
            if isinstance(error, RuntimeError):
                raise _gone(error) from error
            raise
        self._settled = True
        return rows, tag

    async def prepare(self, sql: str, name: str | None = None) -> Any:
        """Have a statement ready, from now on; of too many the oldest goes."""
        if (known := self._prepared.get(sql)) is not None:
            return known
        if len(self._prepared) >= MOST_PREPARED:
            oldest = next(each for each in self._prepared if each not in _ALWAYS)
            await self._protocol.close_statement(self._prepared.pop(oldest), self._command_timeout)
        try:
            statement = await self._driver._get_statement(  # noqa: SLF001
                sql, self._command_timeout, named=name or True, use_cache=False
            )
        except RuntimeError as refused:
            raise _gone(refused) from refused
        self._prepared[sql] = statement
        return statement

    async def reset(self) -> None:
        """End what was left open or under way; cut the connection off where that cannot be."""
        if self._driver.is_closed() or self.is_clean():
            return
        try:
            await asyncio.shield(asyncio.wait_for(self._driver.execute("ROLLBACK"), RESET_SECONDS))
            self._settled = True
        except (*LOST, TimeoutError, asyncpg.PostgresError):
            self.terminate()

    async def close(self, seconds: float) -> None:
        """Say good-bye to the server within `seconds`, else cut it off."""
        try:
            await self._driver.close(timeout=seconds)
        except (*LOST, TimeoutError, asyncpg.PostgresError):
            self.terminate()

    def terminate(self) -> None:
        """Cut it off; the server undoes what was under way."""
        self._driver.terminate()


_ALWAYS = frozenset(PREPARED.values())


def _gone(refused: RuntimeError) -> ConnectionResetError:
    """What it means that uvloop refuses to write: the connection is gone, and it has not told of the loss yet."""
    return ConnectionResetError(str(refused))


def _is_answer(error: Exception) -> bool:
    """Whether the server said so; the driver raises of the same classes for values that it cannot send."""
    return isinstance(error, asyncpg.PostgresError) and error.severity is not None


def encoded(value: Any) -> str:
    """A value as PostgreSQL takes JSON."""
    return orjson.dumps(value, default=str).decode()
