"""Live classes: dates of a batch, held at a provider's or at any address; the door is open around their time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Column, Integer, Text, Uuid, bindparam, func, insert, select, update

from tenants import audit
from tenants.batches import batches
from tenants.batches.batches import BATCHES
from tenants.channels.channels import clean_time_zone
from tenants.courses.access import not_enrolled
from tenants.courses.enrollments import ENROLLMENTS
from tenants.courses.versions import check_version
from tenants.errors import Conflict, Gone, Invalid
from tenants.ids import new_id
from tenants.live import connections
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_line

CLASSES = owned(
    "live_classes",
    Column("batch_id", Uuid, nullable=False),
    Column("connection_id", Uuid),
    text("title"),
    instant("starts_at"),
    instant("ends_at"),
    text("time_zone", default="UTC"),
    Column("url", Text),
    text("state", default="scheduled"),
    instant("ended_at"),
    Column("version", Integer, nullable=False, server_default="1"),
    instant("created_at", now=True),
    instant("updated_at", now=True),
    refers("batch_id", "batches"),
    refers("connection_id", "live_connections"),
)
EARLY = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
MOST_CLASSES = 500
MOST_UPCOMING = 100
URL_LENGTH = 2000
STATES = ("scheduled", "cancelled")
_K, _B, _E = CLASSES.c, BATCHES.c, ENROLLMENTS.c
_SET = ("title", "starts_at", "ends_at", "time_zone", "connection_id", "url")
_ROW = (_K.id, _K.batch_id, *(_K[name] for name in _SET), _K.state, _K.ended_at, _K.version)
_SHOWN = (*_ROW, _B.course_id, _B.name.label("batch_name"))
_IN_BATCH = CLASSES.join(BATCHES, (_B.channel_id == _K.channel_id) & (_B.id == _K.batch_id))
_FOR_STUDENT = _IN_BATCH.join(ENROLLMENTS, (_E.channel_id == _K.channel_id) & (_E.batch_id == _K.batch_id))
_ONE = select(*_SHOWN).select_from(_IN_BATCH).where(_K.id == bindparam("id"))
_READ = scoped(_ONE)
_LOCKED = scoped(select(*_ROW).where(_K.id == bindparam("id")).with_for_update())
_OF_CONNECTION = scoped(_ONE.where(_K.connection_id == bindparam("connection_id")))
_SEATED = scoped(
    select(_E.id).where(
        _E.batch_id == bindparam("batch_id"), _E.member_id == bindparam("member_id"), _E.state == "active"
    )
)
_OF_BATCH = scoped(
    select(*_SHOWN)
    .select_from(_IN_BATCH)
    .where(_K.batch_id == bindparam("batch_id"))
    .order_by(_K.starts_at, _K.id)
    .limit(MOST_CLASSES)
)
_TO_COME = (_K.state == "scheduled", _K.ends_at > bindparam("now"))
_UPCOMING = scoped(
    select(*_SHOWN).select_from(_IN_BATCH).where(*_TO_COME).order_by(_K.starts_at, _K.id).limit(MOST_UPCOMING)
)
_MINE = scoped(
    select(*_SHOWN)
    .select_from(_FOR_STUDENT)
    .where(*_TO_COME, _E.member_id == bindparam("member_id"), _E.state == "active")
    .order_by(_K.starts_at, _K.id)
    .limit(MOST_UPCOMING)
)
_COUNT = scoped(select(func.count()).where(_K.batch_id == bindparam("batch_id")))
_ADD = scoped(insert(CLASSES).values(**binds("id", "batch_id", *_SET)))
_CHOSEN = update(CLASSES).where(_K.id == bindparam("at"))
_EDIT = scoped(_CHOSEN.values(**binds(*_SET, "state"), version=_K.version + 1, updated_at=func.now()))
_END = scoped(
    _CHOSEN.where(_K.state != "cancelled", _K.starts_at <= bindparam("told")).values(
        state="ended", ended_at=func.greatest(_K.ended_at, bindparam("told"))
    )
)


@dataclass(frozen=True, slots=True)
class Door:
    """That one may go in: `participant` is who the provider should say came, `teaches` whether they lead the class.

    `url` is the class's own address; without one, the connection leads in.
    """

    class_id: UUID
    participant: UUID
    name: str
    teaches: bool
    url: str | None
    connection_id: UUID | None
    title: str
    starts_at: datetime
    ends_at: datetime


async def of_batch(scope: Scope, batch_id: UUID) -> list[Record]:
    """The classes of a batch in order of time, for its students and those who plan classes."""
    await batches.read(scope, batch_id)
    await _check_seat(scope, batch_id)
    return await scope.all(_OF_BATCH, batch_id=batch_id)


async def upcoming(scope: Scope, now: datetime | None = None) -> list[Record]:
    """What is still to come, soonest first, at most 100: one's own classes, or all for those who plan classes."""
    now = now or datetime.now(UTC)
    if may_edit(scope):
        return await scope.all(_UPCOMING, now=now)
    scope.require(Action.LIVE_JOIN)
    return await scope.all(_MINE, now=now, member_id=scope.member_id())


async def read(scope: Scope, class_id: UUID) -> Record:
    """One class: `id, batch_id, batch_name, course_id, title, starts_at, ends_at, time_zone, connection_id, url,
    state, ended_at, version`. Forbidden `not_enrolled` for those of no seat in its batch.
    """
    scope.require(Action.LIVE_JOIN)
    row = await scope.one(_READ, id=class_id)
    await _check_seat(scope, row["batch_id"])
    return row


async def add(scope: Scope, batch_id: UUID, given: Mapping[str, Any]) -> Record:
    """A new class: `title, starts_at, ends_at`, and if wanted `time_zone, connection_id, url`."""
    scope.require(Action.LIVE_EDIT)
    await batches.locked(scope, batch_id)
    await _check_connection(scope, given)
    values = _clean(_DEFAULTS | dict(given))
    if await scope.value(_COUNT, batch_id=batch_id) >= MOST_CLASSES:
        raise Conflict(f"A batch has at most {MOST_CLASSES} classes.", "too_many_classes")
    class_id = new_id()
    await scope.run(_ADD, id=class_id, batch_id=batch_id, **values)
    await audit.record(scope, "live.plan", class_id)
    return await scope.one(_READ, id=class_id)


async def edit(scope: Scope, class_id: UUID, version: int, changes: Mapping[str, Any]) -> Record:
    """Set what is given, or `state` to cancelled or scheduled; Conflict `changed_meanwhile` for an old version."""
    scope.require(Action.LIVE_EDIT)
    before = await scope.one(_LOCKED, id=class_id)
    check_version(before, version)
    state = changes.get("state", before["state"])
    if state not in {*STATES, before["state"]}:
        raise Invalid.field("/state", "unknown", f"A class is one of: {', '.join(STATES)}.")
    given = {name: value for name, value in changes.items() if name != "state"}
    await _check_connection(scope, given)
    values = _clean({name: before[name] for name in _SET} | given)
    await scope.run(_EDIT, at=class_id, state=state, **values)
    await audit.record(scope, "live.edit", class_id, fields=sorted(changes))
    return await scope.one(_READ, id=class_id)


async def join(scope: Scope, class_id: UUID, now: datetime | None = None) -> Door:
    """The way in, from 15 minutes before the beginning until the end.

    Raises Forbidden `not_enrolled`, Conflict `too_early` (with `opens_at`) or `no_address`, Gone `over`, `cancelled`.
    """
    row = await read(scope, class_id)
    now = now or datetime.now(UTC)
    if row["state"] == "cancelled":
        raise Gone("This class was cancelled.", "cancelled")
    if row["state"] == "ended" or now >= row["ends_at"]:
        raise Gone("This class is over. Its recording appears in the course.", "over")
    if now < row["starts_at"] - EARLY:
        opens_at = (row["starts_at"] - EARLY).isoformat()
        raise Conflict("The door opens 15 minutes before the class begins.", "too_early", opens_at=opens_at)
    if row["url"] is None and row["connection_id"] is None:
        raise no_address()
    return Door(
        class_id=row["id"],
        participant=scope.member_id(),
        name=scope.actor.name,
        teaches=may_edit(scope),
        **{name: row[name] for name in ("url", "connection_id", "title", "starts_at", "ends_at")},
    )


def no_address() -> Conflict:
    """The refusal for a class that meets nowhere yet."""
    return Conflict("The teacher has not said yet where this class meets.", "no_address")


async def of_connection(scope: Scope, connection_id: UUID, class_id: UUID) -> Record:
    """A class that is held through this connection; NotFound for any other."""
    return await scope.one(_OF_CONNECTION, id=class_id, connection_id=connection_id)


async def end(scope: Scope, class_id: UUID, at: datetime | None) -> None:
    """The provider says that the class is over; one said to end before it begins was a rehearsal, and stays open."""
    await scope.run(_END, at=class_id, told=at or datetime.now(UTC))


def may_edit(scope: Scope) -> bool:
    """Whether the actor plans classes, and so sees all of them with their addresses."""
    return why(scope.actor, Action.LIVE_EDIT).allowed


async def _check_seat(scope: Scope, batch_id: UUID) -> None:
    if may_edit(scope):
        return
    scope.require(Action.LIVE_JOIN)
    if await scope.first(_SEATED, batch_id=batch_id, member_id=scope.member_id()) is None:
        raise not_enrolled()


async def _check_connection(scope: Scope, given: Mapping[str, Any]) -> None:
    if given.get("connection_id") is not None:
        await connections.read(scope, given["connection_id"])


def _clean(given: dict[str, Any]) -> dict[str, Any]:
    if unknown := given.keys() - set(_SET):
        raise Invalid.field(f"/{min(unknown)}", "unknown", "A class has no such field. Leave it out.")
    _check_times(given["starts_at"], given["ends_at"])
    return given | {
        "title": clean_line(given["title"], "/title"),
        "time_zone": clean_time_zone(given["time_zone"]),
        "url": None if given["url"] is None else _clean_url(given["url"]),
    }


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    for pointer, moment in (("/starts_at", starts_at), ("/ends_at", ends_at)):
        if moment.tzinfo is None:
            raise Invalid.field(pointer, "zone", "Give the time with its zone, such as 2026-11-21T18:00:00Z.")
        if not 2000 <= moment.year <= 2200:
            raise Invalid.field(pointer, "range", "Give a year between 2000 and 2200.")
    if not timedelta() < ends_at - starts_at <= LONGEST:
        raise Invalid.field("/ends_at", "length", "A class ends after it begins, and within 12 hours.")


def _clean_url(url: str) -> str:
    try:
        line = clean_line(url, "/url", longest=URL_LENGTH)
        parts = urlsplit(line)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        good = False
    if not good or " " in line:
        raise Invalid.field("/url", "url", "Give the address of the class; it begins with https://.")
    return line


_DEFAULTS: dict[str, Any] = {"time_zone": "UTC", "connection_id": None, "url": None}
