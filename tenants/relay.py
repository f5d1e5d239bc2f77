"""The relay's view of the outbox, across channels and with nothing else in sight; it runs as its own database role."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.database.refusals import refusals
from tenants.ids import ChannelId, PersonId, RoomId, made_at
from tenants.notices import Notice
from tenants.scope import Record, Tenancy
from tenants.work import Ticket

# One statement per table, each naming its owner `owner`; ids sort by age.
_TABLES = (("jobs", "channel_id"), ("person_jobs", "person_id"))
_CLAIM = """
update {table} set state = 'sent', sent_at = now() where ({owner}, id) in (
  select {owner}, id from {table} where state = 'waiting' and run_at <= now()
  order by run_at limit $1 for update skip locked
) returning {owner} as owner, id, queue
"""
_STALE = """
update {table} set sent_at = now() where ({owner}, id) in (
  select {owner}, id from {table} where state = 'sent'
    and case when lease is null then sent_at < now() - make_interval(secs => $1) else leased_until < now() end
  order by run_at limit $2 for update skip locked
) returning {owner} as owner, id, queue, lease is not null as begun
"""
_NOTICES = """
select channel_id, id, event, room_id, person_id, payload from notices
where created_at < now() - make_interval(secs => $1) order by created_at, id limit $2
"""
_STANDING = """
select queue, count(*) filter (where state <> 'failed') as waiting, count(*) filter (where state = 'failed') as failed,
  count(*) filter (where leased_until > now()) as running,
  coalesce(extract(epoch from now() - min(run_at) filter (where state <> 'failed' and run_at <= now())), 0) as oldest
from (select queue, state, run_at, leased_until from jobs
  union all select queue, state, run_at, leased_until from person_jobs) as all_jobs
group by queue order by queue
"""
# Ids of index changes hold the time at which they were made.
_UNTOLD = """
select (select count(*) from notices) as notices,
  (select coalesce(extract(epoch from now() - min(created_at)), 0) from notices) as notice_age,
  (select count(*) from index_changes where refused is null) as changes,
  (select id from index_changes where refused is null order by id limit 1) as oldest_change,
  (select count(*) from index_changes where refused is not null) as refused
"""
_FAILED = """
select id, queue, name, attempts, error, created_at from (
  select id, queue, name, state, attempts, error, created_at from jobs
  union all select id, queue, name, state, attempts, error, created_at from person_jobs) as all_jobs
where state = 'failed' order by id desc limit $1
"""
_SHOWN = """
select id, queue, name, payload, state, attempts, error, request_id, created_at, run_at, leased_until
from {table} where id = $1
"""
_AGAIN = """
update {table} set state = 'waiting', run_at = now(), attempts = 0, waits = 0, waiting_since = null,
  lease = null, leased_until = null
where id = $1 and state = 'failed' returning id
"""
_HURRY = """
update {table} set run_at = now() where ({owner}, id) in (
  select {owner}, id from {table} where state = 'waiting' and waits > 0 and run_at > now() and name = any($1::text[])
  order by run_at limit $2 for update skip locked
) returning {owner} as owner, id
"""
_TICK = """
insert into clock_ticks as tick (name) values ($1) on conflict (name) do update set ran_at = now()
where tick.ran_at <= now() - make_interval(secs => $2) returning name
"""
_SWEEPS = (
    "delete from idempotency_keys where created_at < now() - interval '24 hours'",
    "delete from sign_ins where at < now() - interval '90 days'",
    "delete from mailed_links where created_at < now() - interval '8 days'",
    "delete from link_pages where fetched_at < now() - interval '1 day'",
    "delete from hand_offs where created_at < now() - interval '1 hour'",
    "delete from sign_in_failures where last_at < now() - interval '1 day'",
    "delete from traces where at < now() - interval '2 days'",
    "delete from webhook_deliveries where created_at < now() - interval '30 days' and state <> 'waiting'",
    "delete from live_inbox where received_at < now() - interval '30 days'",
    "delete from payment_inbox where received_at < now() - interval '90 days'",
    # A refresh token that was spent is kept longer: used again, it tells of a theft.
    """delete from tokens using sessions where sessions.id = tokens.session_id and (
         sessions.ended_at < now() - interval '1 day' or tokens.expires_at < now() - interval '30 days'
         or (tokens.expires_at < now() - interval '1 day' and tokens.spent_at is null))""",
)
_UPLOADS = """
select channel_id, id from files where owner_id is not null
  and (state = 'pending' or (purpose = 'message' and not exists (
    select from message_files sent where sent.channel_id = files.channel_id and sent.id = files.id)))
  and created_at < now() - interval '2 days' order by created_at limit $1
"""


_REMINDERS = """
select channel_id, person_id from rings where mail_at <= now() group by channel_id, person_id
order by min(mail_at) limit $1
"""
_DIGESTS = "select channel_id, person_id from digests where next_at <= now() order by next_at limit $1"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job to be sent: its queue, its ticket, and whether a worker had begun it and died."""

    queue: str
    ticket: Ticket
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a queue stands: jobs not done, failed, at work now, and the age in seconds of the oldest that is due."""

    queue: str
    waiting: int
    failed: int
    running: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Untold:
    """What the wire and the search index have not heard yet, the age in seconds of the oldest, and what is refused."""

    notices: int
    oldest_notice: float
    changes: int
    oldest_change: float
    refused: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that was given up, for the operator."""

    id: UUID
    queue: str
    name: str
    attempts: int
    error: str
    created_at: datetime


async def claim(tenancy: Tenancy, most: int) -> list[Waiting]:
    """Take up to `most` due jobs to send; no two relays take the same."""
    return [_waiting(owner, row) for owner, row in await _each(tenancy, _CLAIM, most)]


async def stale(tenancy: Tenancy, seconds: float, most: int) -> list[Waiting]:
    """Jobs sent more than `seconds` ago that nobody has begun, and those whose worker let its lease run out."""
    return [_waiting(owner, row, begun=row["begun"]) for owner, row in await _each(tenancy, _STALE, seconds, most)]


async def channels_to_index(tenancy: Tenancy) -> list[ChannelId]:
    """Channels with changes that a search index has not seen, and may still take."""
    rows = await _fetch(tenancy, "select distinct channel_id from index_changes where refused is null limit 1000")
    return [ChannelId(row["channel_id"]) for row in rows]


@asynccontextmanager
async def alone(tenancy: Tenancy, task: str) -> AsyncIterator[bool]:
    """Hold a task of the whole installation within the block, whose value is whether nobody else held it."""
    # Held by a transaction, that may idle: a session's lock would stay behind on whatever PgBouncer lends us next.
    async with tenancy.relay.connection() as connection:
        with refusals():
            await connection.run("BEGIN", ())
            (row,), _ = await connection.run(_HOLD, [task])
        yield row[0]
        await connection.run("COMMIT", ())


_HOLD = """
select pg_try_advisory_xact_lock(hashtextextended($1, 0))
  from set_config('idle_in_transaction_session_timeout', '0', true)
"""


async def notices_left(tenancy: Tenancy, seconds: float, most: int) -> list[tuple[ChannelId, UUID, Notice]]:
    """Notices older than `seconds` that nobody has told, oldest first."""
    return [
        (ChannelId(row["channel_id"]), row["id"], _notice(row))
        for row in await _fetch(tenancy, _NOTICES, seconds, most)
    ]


async def forget_notices(tenancy: Tenancy, ids: Sequence[UUID]) -> None:
    """Notices were told: their rows go."""
    await _fetch(tenancy, "delete from notices where id = any($1::uuid[])", list(ids))


async def standing(tenancy: Tenancy) -> list[Standing]:
    """How each queue stands."""
    rows = await _fetch(tenancy, _STANDING)
    return [Standing(row["queue"], row["waiting"], row["failed"], row["running"], float(row["oldest"])) for row in rows]


async def untold(tenancy: Tenancy) -> Untold:
    """What of the outbox waits for the wire and for the search index."""
    (row,) = await _fetch(tenancy, _UNTOLD)
    change = row["oldest_change"]
    age = max(0.0, time.time() - made_at(change)) if change else 0.0
    return Untold(row["notices"], float(row["notice_age"]), row["changes"], age, row["refused"])


async def failed(tenancy: Tenancy, most: int = 50) -> list[Failed]:
    """Jobs that were given up, newest first."""
    return [Failed(**dict(row)) for row in await _fetch(tenancy, _FAILED, most)]


async def show(tenancy: Tenancy, job_id: UUID) -> Record | None:
    """A job's row as it stands, or None when it was done or never was: its ids and its last error, nobody's words."""
    rows = await _each(tenancy, _SHOWN, job_id)
    return rows[0][1] if rows else None


async def run_again(tenancy: Tenancy, job_id: UUID) -> bool:
    """Have a failed job done after all; False when there is none of that id."""
    return bool(await _each(tenancy, _AGAIN, job_id))


async def hurry(tenancy: Tenancy, names: Sequence[str], most: int) -> int:
    """Make up to `most` jobs of these names due that wait for something which is back; how many."""
    return len(await _each(tenancy, _HURRY, list(names), most))


async def ticks(tenancy: Tenancy, name: str, seconds: float) -> bool:
    """Whether it is time for what repeats every `seconds`; True for one steward only, once."""
    return bool(await _fetch(tenancy, _TICK, name, seconds))


async def sweep(tenancy: Tenancy) -> None:
    """Drop what has served its time: idempotency keys, login history, links, pauses, deliveries, tokens."""
    for statement in _SWEEPS:
        await _fetch(tenancy, statement)


async def uploads_left(tenancy: Tenancy, most: int) -> list[tuple[ChannelId, UUID]]:
    """People's uploads, begun two days ago or earlier, that were never finished or never sent, oldest first."""
    return [(ChannelId(row["channel_id"]), row["id"]) for row in await _fetch(tenancy, _UPLOADS, most)]


async def reminders_due(tenancy: Tenancy, most: int) -> list[tuple[ChannelId, PersonId]]:
    """Whom to write to of what they have not read, in which channels, the longest due first."""
    return [_whom(row) for row in await _fetch(tenancy, _REMINDERS, most)]


async def digests_due(tenancy: Tenancy, most: int) -> list[tuple[ChannelId, PersonId]]:
    """Whose digest of which channel is due, the longest due first."""
    return [_whom(row) for row in await _fetch(tenancy, _DIGESTS, most)]


def _whom(row: Record) -> tuple[ChannelId, PersonId]:
    return ChannelId(row["channel_id"]), PersonId(row["person_id"])


async def _each(tenancy: Tenancy, sql: str, *arguments: Any) -> list[tuple[str, Record]]:
    found = []
    for table, owner in _TABLES:
        found += [(owner, row) for row in await _fetch(tenancy, sql.format(table=table, owner=owner), *arguments)]
    return sorted(found, key=lambda each: each[1]["id"])


async def _fetch(tenancy: Tenancy, sql: str, *arguments: Any) -> list[Record]:
    return await tenancy.relay.ask(sql, *arguments)


def _waiting(owner: str, row: Record, *, begun: bool = False) -> Waiting:
    channel_id = ChannelId(row["owner"]) if owner == "channel_id" else None
    person_id = PersonId(row["owner"]) if owner == "person_id" else None
    return Waiting(row["queue"], Ticket(channel_id, person_id, row["id"]), begun)


def _notice(row: Record) -> Notice:
    room_id = RoomId(row["room_id"]) if row["room_id"] else None
    person_id = PersonId(row["person_id"]) if row["person_id"] else None
    return Notice(row["event"], row["payload"], room_id, person_id)
