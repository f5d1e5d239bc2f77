"""The life of a job's row: leased by one worker at a time, then done (deleted), put off, or failed with its reason.

A lease lasts LEASE_SECONDS and is renewed while the work goes on: a worker that is killed loses it, and the job is
sent again. So a job runs at least once, never twice at the same time. Waiting for something that is away is no failure
of the job: it has MOST_WAITING_SECONDS for that, however often it looks; of attempts that failed it has MOST_ATTEMPTS.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Table, Text, Uuid, bindparam, delete, func, or_, text, update

from tenants.ids import ChannelId, PersonId, new_id
from tenants.outbox import JOBS, PERSON_JOBS
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tenants.statements import PERSON, Statement, personal, scoped

LEASE_SECONDS = 20
MOST_ATTEMPTS = 8
MOST_WAITING_SECONDS = 3 * 86400
ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where a job's row is: of a channel or of a person, and its id."""

    channel_id: ChannelId | None
    person_id: PersonId | None
    job_id: UUID

    def words(self) -> list[str]:
        """The ticket as a queue carries it."""
        return [self._kind(), str(self.channel_id or self.person_id), str(self.job_id)]

    def _kind(self) -> str:
        return "channel" if self.channel_id else "person"


@dataclass(frozen=True, slots=True)
class Leased:
    """A job that this worker alone may do now; `waited` seconds ago it first had to wait, `waits` times until now."""

    ticket: Ticket
    lease: UUID
    name: str
    payload: dict[str, Any]
    attempts: int
    waits: int
    waited: float
    request_id: str | None

    @property
    def failures(self) -> int:
        """How many attempts, this one among them, did not end in waiting."""
        return self.attempts - self.waits


@dataclass(frozen=True, slots=True)
class _Steps:
    """The statements of one jobs table."""

    take: Statement
    renew: Statement
    done: Statement
    put_off: Statement
    wait: Statement
    fail: Statement


def read_ticket(words: list[str]) -> Ticket:
    """The ticket that `words` wrote; ValueError when they are none."""
    kind, owner, job_id = words
    if kind == "channel":
        return Ticket(ChannelId(UUID(owner)), None, UUID(job_id))
    if kind == "person":
        return Ticket(None, PersonId(UUID(owner)), UUID(job_id))
    raise ValueError(f"no such kind of ticket: {kind}")


async def take(tenancy: Tenancy, ticket: Ticket) -> Leased | None:
    """Lease a job; None when it is done, failed, put off, or somebody else's now."""
    lease = new_id()
    row = await _first(tenancy, ticket, "take", holder=lease)
    if row is None:
        return None
    return Leased(ticket, lease, **dict(row))


async def renew(tenancy: Tenancy, job: Leased) -> bool:
    """Keep the lease; False when it was lost, and the work should stop."""
    return await _first(tenancy, job.ticket, "renew", holder=job.lease) is not None


async def done(tenancy: Tenancy, job: Leased) -> None:
    """The work is done: its row goes."""
    await _first(tenancy, job.ticket, "done", holder=job.lease)


async def put_off(tenancy: Tenancy, job: Leased, seconds: float, error: str) -> None:
    """Try again after `seconds`; `error` says what went wrong in this attempt."""
    await _first(tenancy, job.ticket, "put_off", holder=job.lease, seconds=seconds, why=_short(error))


async def wait(tenancy: Tenancy, job: Leased, seconds: float, reason: str) -> None:
    """Try again after `seconds`, without a failure: `reason` says what is away."""
    await _first(tenancy, job.ticket, "wait", holder=job.lease, seconds=seconds, why=_short(reason))


async def fail(tenancy: Tenancy, job: Leased, error: str) -> None:
    """Give up, visibly: the row stays with its reason until the operator runs it again."""
    await _first(tenancy, job.ticket, "fail", holder=job.lease, why=_short(error))


def _short(error: str) -> str:
    return error.replace("\0", "\N{REPLACEMENT CHARACTER}")[:ERROR_LENGTH]


async def _first(tenancy: Tenancy, ticket: Ticket, step: str, **binds: Any) -> Any:
    if ticket.person_id:
        async with tenancy.person(ticket.person_id) as person:
            return await person.first(getattr(_OF_PERSON, step), job_id=ticket.job_id, **binds)
    if ticket.channel_id:
        async with tenancy.scope(ticket.channel_id, acting_system("worker")) as scope:
            return await scope.first(getattr(_OF_CHANNEL, step), job_id=ticket.job_id, **binds)
    raise ValueError("a ticket is of a channel or of a person")


def _steps(table: Table, *own: Any, compiled: Any) -> _Steps:
    is_it, columns = (table.c.id == bindparam("job_id"), *own), table.c
    holder, why = bindparam("holder", type_=Uuid()), bindparam("why", type_=Text())
    until = func.now() + text(f"interval '{LEASE_SECONDS} seconds'")
    later = func.now() + bindparam("seconds", type_=Float()) * text("interval '1 second'")
    free = or_(columns.lease.is_(None), columns.leased_until < func.now())
    taken = update(table).where(*is_it, columns.state != "failed", columns.run_at <= func.now(), free)
    held = update(table).where(*is_it, columns.lease == holder).returning(columns.id)
    waited = func.coalesce(func.extract("epoch", func.now() - columns.waiting_since), 0).cast(Float)
    again = {"state": "waiting", "run_at": later, "lease": None, "leased_until": None, "error": why}
    since = func.coalesce(columns.waiting_since, func.now())
    take = taken.values(state="sent", lease=holder, leased_until=until, attempts=columns.attempts + 1)
    return _Steps(
        take=compiled(
            take.returning(
                columns.name,
                columns.payload,
                columns.attempts,
                columns.waits,
                waited.label("waited"),
                columns.request_id,
            )
        ),
        renew=compiled(held.values(leased_until=until)),
        done=compiled(delete(table).where(*is_it, columns.lease == holder).returning(columns.id)),
        put_off=compiled(held.values(**again)),
        wait=compiled(held.values(**again, waits=columns.waits + 1, waiting_since=since)),
        fail=compiled(held.values(state="failed", lease=None, leased_until=None, error=why)),
    )


_OF_CHANNEL = _steps(JOBS, compiled=scoped)
_OF_PERSON = _steps(PERSON_JOBS, PERSON_JOBS.c.person_id == PERSON, compiled=personal)
