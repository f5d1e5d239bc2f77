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
from tenants.database import Connection, Pool, refusals
from tenants.errors import Forbidden, NotFound, SignInNeeded
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

    def __init__(self, connection: Connection, bound: Mapping[str, UUID]) -> None:
        self._connection = connection
        self._bound = bound
        self._jobs: list[dict[str, Any]] = []

    async def all(self, statement: Statement, **binds: Any) -> list[Record]:
        """Every row that the statement yields."""
        with refusals():
            return await self._connection.fetch(self._checked(statement).sql, *self._values(statement, binds))

    async def first(self, statement: Statement, **binds: Any) -> Record | None:
        """The first row, or None."""
        with refusals():
            return await self._connection.fetchrow(self._checked(statement).sql, *self._values(statement, binds))

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
        with refusals():
            status = await self._connection.execute(self._checked(statement).sql, *self._values(statement, binds))
        return int(status.rsplit(" ", 1)[-1])

    async def serialise(self, *key: object) -> None:
        """Wait until no other transaction holds the same key; held until this one ends."""
        with refusals():
            await self._connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", self._lock(key))

    async def claim(self, *key: object) -> bool:
        """Hold the key until this transaction ends, if no other one holds it; never waits."""
        sql = "select pg_try_advisory_xact_lock(hashtextextended($1, 0))"
        with refusals():
            return bool(await self._connection.fetchval(sql, self._lock(key)))

    def _lock(self, key: tuple[object, ...]) -> str:
        return "\x1f".join(str(part) for part in (*self._bound.values(), *key))

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

    def __init__(self, connection: Connection, channel_id: ChannelId, actor: Actor) -> None:
        super().__init__(connection, {"channel_id": channel_id})
        self.channel_id = channel_id
        self.actor = actor
        self._notices: list[tuple[UUID, Notice]] = []
        self._changes: list[dict[str, Any]] = []

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
        await self._connection.execute("select set_config('app.person_id', $1, true)", str(person_id))
        with refusals():
            return await self._connection.fetch(statement.sql, *statement.arguments({**binds, "person_id": person_id}))

    def announce(self, notice: Notice) -> None:
        """Tell those who are looking, after the commit."""
        self._notices.append((new_id(), notice))

    def reindex(self, kind: str, document_id: UUID) -> None:
        """Have the search index follow a document of `kind`, after the commit."""
        self._changes.append({"id": new_id(), "kind": kind, "document_id": document_id})

    async def _flush(self) -> Committed:
        if self._notices or self._changes or self._jobs:
            told = [_notice_row(id_, notice) for id_, notice in self._notices]
            with refusals():
                await self._connection.execute(outbox.FLUSH, self.channel_id, told, self._changes, self._jobs)
        return Committed(self.channel_id, tuple(self._notices), bool(self._jobs), bool(self._changes))


class PersonScope(_Transaction):
    """A transaction as one person, over what has no channel: identity, sessions, own jobs."""

    _kind = Personal

    def __init__(self, connection: Connection, person_id: PersonId) -> None:
        super().__init__(connection, {"person_id": person_id})
        self.person_id = person_id

    async def _flush(self) -> Committed:
        if self._jobs:
            await self._connection.execute(outbox.FLUSH_PERSON, self.person_id, self._jobs)
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
        """One transaction in a channel; commits at the end, rolls back on any error."""
        begin = _begin("channel_id", channel_id, readonly=readonly)
        return Opening(self, begin, lambda connection: Scope(connection, channel_id, actor))

    def person(self, person_id: PersonId, *, readonly: bool = False) -> "Opening[PersonScope]":
        """One transaction as a person, outside of any channel."""
        begin = _begin("person_id", person_id, readonly=readonly)
        return Opening(self, begin, lambda connection: PersonScope(connection, person_id))

    async def look_up(self, statement: Lookup, **binds: Any) -> list[Record]:
        """Rows of one of the directory's functions, outside of any scope."""
        async with self.app.connection() as connection:
            with refusals():
                return await connection.fetch(statement.sql, *statement.arguments(binds))

    def tell(self, committed: Committed) -> None:
        """Hand what was committed to the hook, if anything was left in the outbox."""
        if self.after_commit and (committed.notices or committed.jobs or committed.changes):
            self.after_commit(committed)


class Opening(Generic[Kind]):
    """A scope as a context: a class, for each request opens some, and generators cost more."""

    __slots__ = ("_make", "_scope", "_tenancy", "_transaction")

    def __init__(self, tenancy: Tenancy, begin: str, make: Callable[[Connection], Kind]) -> None:
        self._tenancy = tenancy
        self._make: Callable[[Connection], Kind] = make
        self._transaction = tenancy.app.transaction(begin)

    async def __aenter__(self) -> Kind:
        """Begin the transaction."""
        self._scope: Kind = self._make(await self._transaction.__aenter__())
        return self._scope

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Fill the outbox and commit, or roll back when the block or the filling raised."""
        if kind is not None:
            await self._transaction.__aexit__(kind, error, trace)
            return
        try:
            committed = await self._scope._flush()  # noqa: SLF001
        except BaseException as failed:
            await self._transaction.__aexit__(type(failed), failed, failed.__traceback__)
            raise
        await self._transaction.__aexit__(None, None, None)
        self._tenancy.tell(committed)


def _begin(setting: str, owner: UUID, *, readonly: bool) -> str:
    mode = " READ ONLY" if readonly else ""
    return f"BEGIN{mode}; SET LOCAL app.{setting} = '{owner if isinstance(owner, UUID) else UUID(str(owner))}'"


def _notice_row(id_: UUID, notice: Notice) -> dict[str, Any]:
    return {
        "id": id_,
        "event": notice.event,
        "room_id": notice.room_id,
        "person_id": notice.person_id,
        "payload": notice.payload,
    }
