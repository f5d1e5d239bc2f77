"""The scope: one transaction in one channel as one actor; the only way to its rows, the only place that commits."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg

from tenants import outbox
from tenants.database.connection import encoded
from tenants.database.pool import Pool
from tenants.database.transactions import Reading, Transaction, Writing
from tenants.errors import Forbidden, NotFound, Refusal, SignInNeeded
from tenants.ids import ChannelId, PersonId, new_id
from tenants.jobs import Job
from tenants.notices import Notice
from tenants.permissions import VISITOR, Action, Actor, require
from tenants.statements import Lookup, Personal, Scoped, Statement, UnscopedQuery

Record = asyncpg.Record
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a committed transaction left in the outbox; handed to the process's after-commit hook."""

    channel_id: ChannelId | None
    notices: tuple[tuple[UUID, Notice], ...]
    jobs: bool
    changes: bool


Hook = Callable[[Committed], None]


class _Transaction:
    """What every kind of scope can do: run its own kind of statement, and ask for jobs."""

    _kind: type[Statement]

    def __init__(self, transaction: Transaction, bound: Mapping[str, UUID]) -> None:
        self._transaction = transaction
        self._bound = bound
        self._jobs: list[dict[str, Any]] = []

    async def all(self, statement: Statement, **binds: Any) -> list[Record]:
        """Every row that the statement yields."""
        rows, _ = await self._transaction.run(self._checked(statement).sql, self._values(statement, binds))
        return rows

    async def first(self, statement: Statement, **binds: Any) -> Record | None:
        """The first row, or None."""
        rows, _ = await self._transaction.run(self._checked(statement).sql, self._values(statement, binds))
        return rows[0] if rows else None

    async def one(self, statement: Statement, **binds: Any) -> Record:
        """The first row; NotFound when there is none."""
        row = await self.first(statement, **binds)
        if row is None:
            raise NotFound()
        return row

    async def value(self, statement: Statement, **binds: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, **binds)
        return None if row is None else row[0]

    async def run(self, statement: Statement, **binds: Any) -> int:
        """Run a write; how many rows it touched."""
        _, tag = await self._transaction.run(self._checked(statement).sql, self._values(statement, binds))
        return int(tag.rsplit(b" ", 1)[-1])

    async def serialise(self, *key: object) -> None:
        """Wait until no other transaction holds the same key; held until this one ends."""
        await self._locked("pg_advisory_xact_lock", key)

    async def claim(self, *key: object) -> bool:
        """Hold the key until this transaction ends, if no other one holds it; never waits."""
        return bool(await self._locked("pg_try_advisory_xact_lock", key))

    async def _locked(self, function: str, key: tuple[object, ...]) -> Any:
        if not self._transaction.locks:
            raise TypeError("a scope that only reads holds no locks")
        name = "\x1f".join(str(part) for part in (*self._bound.values(), *key))
        rows, _ = await self._transaction.run(f"select {function}(hashtextextended($1, 0))", [name])
        return rows[0][0]

    def enqueue(self, job: Job, *, run_at: datetime | None = None) -> UUID:
        """Ask for a job after the commit, not before `run_at`; its id."""
        row = {
            "id": new_id(),
            "queue": job.queue,
            "name": type(job).__name__,
            "payload": job.payload(),
            "request_id": REQUEST_ID.get(),
            "run_at": run_at.isoformat() if run_at else None,
        }
        self._jobs.append(row)
        return UUID(str(row["id"]))

    def _checked(self, statement: Statement) -> Statement:
        if not isinstance(statement, self._kind):
            raise UnscopedQuery(f"{type(self).__name__} runs {self._kind.__name__} statements only, not {statement!r}")
        return statement

    def _values(self, statement: Statement, binds: dict[str, Any]) -> list[Any]:
        return statement.arguments({**binds, **self._bound})


class Scope(_Transaction):
    """A transaction in one channel as one actor. Other channels' rows do not exist here."""

    _kind = Scoped

    def __init__(self, transaction: Transaction, channel_id: ChannelId, actor: Actor) -> None:
        super().__init__(transaction, {"channel_id": channel_id})
        self.channel_id = channel_id
        self.actor = actor
        self._notices: list[tuple[UUID, Notice]] = []
        self._changes: list[dict[str, Any]] = []
        self._happenings: list[dict[str, Any]] = []

    def require(self, action: Action) -> None:
        """Pass when the actor may; raise the explained refusal when not."""
        require(self.actor, action)

    def member_id(self) -> UUID:
        """The acting member; Forbidden when the actor is none."""
        if self.actor.member_id is None:
            raise Forbidden("Join this channel first.", "not_a_member")
        return self.actor.member_id

    async def personal(self, statement: Personal, **binds: Any) -> list[Record]:
        """Rows of the acting person that belong to no channel; Forbidden when nobody is signed in."""
        if self.actor.person_id is None:
            raise SignInNeeded()
        person_id = self.actor.person_id
        values = statement.arguments({**binds, "person_id": person_id})
        self._transaction.set("app.person_id", str(person_id))
        rows, _ = await self._transaction.run(statement.sql, values)
        return rows

    def limit_time(self, seconds: float) -> None:
        """Have PostgreSQL stop each statement that follows after so long: Unavailable."""
        self._transaction.set("statement_timeout", f"{seconds * 1000:.0f}")

    def announce(self, notice: Notice) -> None:
        """Tell those who are looking, after the commit."""
        self._notices.append((new_id(), notice))

    def reindex(self, kind: str, document_id: UUID) -> None:
        """Have the search index follow a document of `kind`, after the commit."""
        self._changes.append({"id": new_id(), "kind": kind, "document_id": document_id})

    def happened(self, event: str, **ids: Any) -> None:
        """Tell the programs that listen for it (webhooks), after the commit; ids alone, never anybody's words."""
        told = {name: str(value) if isinstance(value, UUID) else value for name, value in ids.items()}
        self._happenings.append({"id": new_id(), "event": event, "payload": told})

    async def _commit(self) -> Committed:
        if self._happenings:
            most = range(len(self._happenings) * outbox.MOST_ENDPOINTS)
            ids, asks = [new_id() for _ in most], [new_id() for _ in most]
            values: list[Any] = [self.channel_id, self._happenings, ids, asks, REQUEST_ID.get()]
            await self._transaction.run(outbox.HAPPENED, values)
        last = None
        if self._notices or self._changes or self._jobs:
            told = [_notice_row(id_, notice) for id_, notice in self._notices]
            last = outbox.FLUSH, (str(self.channel_id), encoded(told), encoded(self._changes), encoded(self._jobs))
        await self._transaction.commit(last)
        jobs = bool(self._jobs or self._happenings)
        return Committed(self.channel_id, tuple(self._notices), jobs, bool(self._changes))


class PersonScope(_Transaction):
    """A transaction as one person, over what has no channel: identity, sessions, own jobs."""

    _kind = Personal

    def __init__(self, transaction: Transaction, person_id: PersonId) -> None:
        super().__init__(transaction, {"person_id": person_id})
        self.person_id = person_id

    async def _commit(self) -> Committed:
        last = (outbox.FLUSH_PERSON, (str(self.person_id), encoded(self._jobs))) if self._jobs else None
        await self._transaction.commit(last)
        return Committed(None, (), bool(self._jobs), changes=False)


Kind = TypeVar("Kind", Scope, PersonScope)


@dataclass(slots=True)
class Tenancy:
    """The door to the database of one process: opens scopes, and tells `after_commit` what each left behind."""

    app: Pool
    relay: Pool
    after_commit: Hook | None = None

    @classmethod
    def open(cls, app_dsn: str, relay_dsn: str, *, size: int = 6) -> "Tenancy":
        """Pools for the application role and the relay role; connections are made when first needed."""
        return cls(Pool(app_dsn, size), Pool(relay_dsn, 2))

    async def close(self) -> None:
        """Close every connection."""
        await self.app.close()
        await self.relay.close()

    def scope(self, channel_id: ChannelId, actor: Actor = VISITOR, *, readonly: bool = False) -> "Opening[Scope]":
        """One transaction in a channel; commits at the end, rolls back on any error.

        What only reads is no transaction as a whole: each of its statements sees what is committed by then.
        """
        transaction = self._transaction("channel_id", channel_id, readonly=readonly)
        return Opening(self, transaction, Scope(transaction, channel_id, actor))

    def person(self, person_id: PersonId, *, readonly: bool = False) -> "Opening[PersonScope]":
        """One transaction as a person, outside of any channel."""
        transaction = self._transaction("person_id", person_id, readonly=readonly)
        return Opening(self, transaction, PersonScope(transaction, person_id))

    def _transaction(self, kind: str, owner: UUID, *, readonly: bool) -> Transaction:
        return (Reading if readonly else Writing)(self.app, kind, owner)

    async def look_up(self, statement: Lookup, **binds: Any) -> list[Record]:
        """Rows of one of the directory's functions, outside of any scope."""
        return await self.app.ask(statement.sql, *statement.arguments(binds))

    def tell(self, committed: Committed) -> None:
        """Hand what was committed to the hook, if anything was left in the outbox."""
        if self.after_commit and (committed.notices or committed.jobs or committed.changes):
            self.after_commit(committed)


class Opening(Generic[Kind]):
    """A scope as a context: a class, for each request opens some, and generators cost more."""

    __slots__ = ("_scope", "_tenancy", "_transaction")

    def __init__(self, tenancy: Tenancy, transaction: Transaction, scope: Kind) -> None:
        self._tenancy, self._transaction = tenancy, transaction
        self._scope: Kind = scope

    async def __aenter__(self) -> Kind:
        """Have a connection; the transaction begins with the first statement."""
        await self._transaction.open()
        return self._scope

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Fill the outbox and commit, or roll back when the block or the filling raised; but for what `keeps`."""
        kept = error is None or (isinstance(error, Refusal) and error.keeps)
        try:
            committed = await self._scope._commit() if kept else None  # noqa: SLF001
        finally:
            await self._transaction.end()
        if committed:
            self._tenancy.tell(committed)


def _notice_row(id_: UUID, notice: Notice) -> dict[str, Any]:
    return {
        "id": id_,
        "event": notice.event,
        "room_id": notice.room_id,
        "person_id": notice.person_id,
        "payload": notice.payload,
    }
