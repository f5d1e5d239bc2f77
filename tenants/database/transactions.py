"""What a scope runs in: a transaction in which every statement sees only what is its owner's.

`Writing` is one transaction of PostgreSQL: its beginning travels ahead of the first statement, its last statement
ahead of COMMIT. In `Reading` each statement is a transaction of its own and one round trip: under READ COMMITTED, which
is what we run in, each takes a new snapshot in any case; and what only reads has nothing to undo.
"""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from tenants.database import messages
from tenants.database.connection import Connection, Record
from tenants.database.pool import Pool
from tenants.database.refusals import LOST, UNSURE, WRONG_VALUE, refusals
from tenants.errors import Unavailable


class Transaction(Protocol):
    """What a scope may ask of either kind; all raise refusals. `locks`: what a statement locks is held to the end."""

    locks: bool

    async def open(self) -> None:
        """Have a connection."""

    def set(self, name: str, value: str) -> None:
        """A setting of PostgreSQL for the statements that follow."""

    async def run(self, sql: str, arguments: Sequence[Any]) -> "Answer":
        """Run a statement."""

    async def commit(self, last: "Last | None") -> None:
        """Run `last` and make all that ran stand."""

    async def end(self) -> None:
        """Give the connection back; what was not committed is undone."""


Answer = tuple[list[Record], bytes]
Last = tuple[str, tuple[str, ...]]


class _OnConnection:
    """A connection had from the start, replaced once when it turns out to be lost before anything ran on it."""

    __slots__ = ("_ahead", "_connection", "_pool")

    def __init__(self, pool: Pool, ahead: bytes) -> None:
        self._pool, self._ahead = pool, ahead
        self._connection: Connection

    def set(self, name: str, value: str) -> None:
        """A setting of PostgreSQL for the statements that follow."""
        self._ahead += messages.setting(name, value)

    async def open(self) -> None:
        """Have a connection."""
        self._connection = await self._pool.take()

    async def end(self) -> None:
        """Give the connection back; what was not committed is undone."""
        await self._pool.give_back(self._connection)

    async def _run_first(self, sql: str, arguments: Sequence[Any], ahead: bytes) -> Answer:
        try:
            return await self._connection.run(sql, arguments, ahead)
        except WRONG_VALUE:
            raise
        except LOST:
            self._connection.terminate()
            await self.end()
            await self.open()
            return await self._connection.run(sql, arguments, ahead)


class Reading(_OnConnection):
    """Statements that only read: PostgreSQL refuses any other."""

    __slots__ = ()
    locks = False

    def __init__(self, pool: Pool, kind: str, owner: UUID) -> None:
        super().__init__(pool, messages.reading(kind, owner))

    async def run(self, sql: str, arguments: Sequence[Any]) -> Answer:
        """Run a statement in a transaction of its own."""
        with refusals():
            return await self._run_first(sql, arguments, self._ahead)

    async def commit(self, last: Last | None) -> None:
        """Nothing to make stand; TypeError when there is."""
        if last:
            raise TypeError("a scope that only reads leaves nothing in the outbox")


class Writing(_OnConnection):
    """One transaction, begun with the first statement."""

    __slots__ = ("_begun",)
    locks = True

    def __init__(self, pool: Pool, kind: str, owner: UUID) -> None:
        super().__init__(pool, messages.beginning(kind, owner))
        self._begun = False

    async def run(self, sql: str, arguments: Sequence[Any]) -> Answer:
        """Run a statement."""
        run = self._connection.run if self._begun else self._run_first
        ahead, self._ahead, self._begun = self._ahead, b"", True
        with refusals():
            return await run(sql, arguments, ahead)

    async def commit(self, last: Last | None) -> None:
        """Run `last` and make all that ran stand, in one round trip."""
        ahead = self._ahead
        if last:
            sql, arguments = last
            with refusals():
                statement = await self._connection.prepare(sql)
            ahead += messages.executing(statement.name, *arguments)
        elif not self._begun:
            return
        try:
            with refusals():
                _, tag = await self._connection.run(messages.PREPARED[messages.COMMIT], (), ahead)
        except Unavailable as gone:
            if isinstance(gone.__cause__, LOST):
                raise Unavailable(UNSURE, gone.code) from gone
            raise
        if tag != b"COMMIT":
            raise RuntimeError("a statement of this transaction had failed, so nothing of it stands")
