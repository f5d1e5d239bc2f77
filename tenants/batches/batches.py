"""Batches: cohorts of a course, with dates in a time zone and a number of seats (0: as many as come)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Date, Integer, Text, Uuid, bindparam, func, insert, select, update

from tenants import audit
from tenants.billing import orders, prices
from tenants.billing.prices import Price
from tenants.channels.channels import clean_time_zone
from tenants.courses import courses
from tenants.courses.enrollments import ENROLLMENTS
from tenants.courses.versions import check_version
from tenants.errors import Conflict, Invalid
from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_line

BATCHES = owned(
    "batches",
    Column("course_id", Uuid, nullable=False),
    text("name"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("seats", Integer, nullable=False, server_default="0"),
    text("time_zone", default="UTC"),
    text("state", default="open"),
    Column("version", Integer, nullable=False, server_default="1"),
    instant("created_at", now=True),
    instant("updated_at", now=True),
    Column("price_amount", Integer),
    Column("price_currency", Text),
    refers("course_id", "courses"),
)
MOST_BATCHES = 500
MOST_SEATS = 100_000
STATES = ("open", "closed", "cancelled")
_B, _E = BATCHES.c, ENROLLMENTS.c
_SET = ("name", "starts_on", "ends_on", "seats", "time_zone", "state")
_ROW = (_B.id, _B.course_id, *(_B[name] for name in _SET), _B.version, _B.price_amount, _B.price_currency)
TAKEN = (
    within(select(func.count()).where(_E.channel_id == _B.channel_id, _E.batch_id == _B.id, _E.state == "active"))
    .correlate(BATCHES)
    .scalar_subquery()
)
_SHOWN = (*_ROW, TAKEN.label("taken"))
_READ = scoped(select(*_SHOWN).where(_B.id == bindparam("id")))
_LOCKED = scoped(select(*_ROW).where(_B.id == bindparam("id")).with_for_update())
_TAKEN = scoped(select(func.count()).where(_E.batch_id == bindparam("batch_id"), _E.state == "active"))
_PAGE = scoped(
    select(*_SHOWN)
    .where(_B.course_id == bindparam("course_id"), _B.id > bindparam("after"))
    .order_by(_B.id)
    .limit(bindparam("limit"))
)
_COUNT = scoped(select(func.count()).where(_B.course_id == bindparam("course_id")))
_ADD = scoped(insert(BATCHES).values(**binds("id", "course_id", *_SET)).returning(_B.id))
_EDIT = scoped(
    update(BATCHES)
    .where(_B.id == bindparam("at"))
    .values(**binds(*_SET), version=_B.version + 1, updated_at=func.now())
    .returning(_B.id)
)
_PRICE = scoped(
    update(BATCHES)
    .where(_B.id == bindparam("at"))
    .values(price_amount=bindparam("amount"), price_currency=bindparam("currency"), updated_at=func.now())
    .returning(_B.id)
)


async def page(scope: Scope, course_id: UUID, *, after: UUID | None = None, limit: int = 50) -> list[Record]:
    """The batches of a course in the order of their birth, each with seats `taken`."""
    await courses.read(scope, course_id)
    return await scope.all(_PAGE, course_id=course_id, after=after or UUID(int=0), limit=limit)


async def read(scope: Scope, batch_id: UUID) -> Record:
    """One batch: `id, course_id, name, starts_on, ends_on, seats, taken, time_zone, state, version`."""
    row = await scope.one(_READ, id=batch_id)
    await courses.read(scope, row["course_id"])
    return row


async def add(
    scope: Scope, course_id: UUID, name: str, starts_on: date, changes: Mapping[str, Any] | None = None
) -> Record:
    """A new open batch; `changes` may set `ends_on, seats, time_zone, state`."""
    scope.require(Action.BATCH_EDIT)
    await courses.read(scope, course_id)
    values = _DEFAULTS | _clean({**(changes or {}), "name": name, "starts_on": starts_on})
    _check_dates(values)
    if await scope.value(_COUNT, course_id=course_id) >= MOST_BATCHES:
        raise Conflict(f"A course holds at most {MOST_BATCHES} batches.", "too_many_batches")
    batch_id = await scope.value(_ADD, id=new_id(), course_id=course_id, **values)
    await audit.record(scope, "batch.add", batch_id)
    return await scope.one(_READ, id=batch_id)


async def edit(scope: Scope, batch_id: UUID, version: int, changes: Mapping[str, Any]) -> Record:
    """Set what is given; Conflict `changed_meanwhile` for an old version, `seats_taken` for fewer seats than taken."""
    scope.require(Action.BATCH_EDIT)
    before = await locked(scope, batch_id)
    check_version(before, version)
    values = {name: before[name] for name in _SET} | _clean(changes)
    _check_dates(values)
    taken = await seats_taken(scope, batch_id)
    if 0 < values["seats"] < taken and values["seats"] != before["seats"]:
        raise Conflict(f"{taken} seats are taken already. Offer at least as many.", "seats_taken")
    await scope.run(_EDIT, at=batch_id, **values)
    await audit.record(scope, "batch.edit", batch_id, fields=sorted(changes))
    return await scope.one(_READ, id=batch_id)


async def set_price(scope: Scope, batch_id: UUID, price: Price | None) -> Record:
    """Ask `price` for a seat in this batch; None: what its course costs."""
    scope.require(Action.PRICE_EDIT)
    await scope.one(_PRICE, at=batch_id, **prices.columns(price))
    await audit.record(scope, "price.set", batch_id, price=str(price or "as the course"))
    return await scope.one(_READ, id=batch_id)


def price_of(course: Record, batch: Record | None) -> Price | None:
    """What is asked for a course, or for a seat in a batch of it; None when it is free."""
    own = prices.of(batch) if batch is not None else None
    price = prices.of(course) if own is None else own
    return price if price is not None and price.amount else None


async def locked(scope: Scope, batch_id: UUID) -> Record:
    """A batch whose seats nobody else can take until this transaction ends; without `taken`."""
    return await scope.one(_LOCKED, id=batch_id)


async def seats_taken(scope: Scope, batch_id: UUID, but_for: UUID | None = None) -> int:
    """How many seats nobody else can have now: students enrolled, and those who are paying (without `but_for`)."""
    return int(await scope.value(_TAKEN, batch_id=batch_id)) + await orders.seats_held(scope, batch_id, but_for)


def is_over(batch: Record, now: datetime) -> bool:
    """Whether the last day of a batch has passed in its own time zone."""
    return batch["ends_on"] is not None and batch["ends_on"] < now.astimezone(ZoneInfo(batch["time_zone"])).date()


def _clean(given: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(given)
    if unknown := clean.keys() - set(_SET):
        raise Invalid.field(f"/{min(unknown)}", "unknown", "A batch has no such field. Leave it out.")
    if "name" in clean:
        clean["name"] = clean_line(clean["name"], "/name")
    if "time_zone" in clean:
        clean["time_zone"] = clean_time_zone(clean["time_zone"])
    if not 0 <= clean.get("seats", 0) <= MOST_SEATS:
        raise Invalid.field("/seats", "range", f"Offer 0 (no limit) to {MOST_SEATS} seats.")
    if clean.get("state", "open") not in STATES:
        raise Invalid.field("/state", "unknown", f"A batch is one of: {', '.join(STATES)}.")
    return clean


def _check_dates(values: Mapping[str, Any]) -> None:
    first, last = values["starts_on"], values["ends_on"]
    if not 2000 <= first.year <= 2200:
        raise Invalid.field("/starts_on", "range", "Give a year between 2000 and 2200.")
    if last is not None and not first <= last <= date(2200, 12, 31):
        raise Invalid.field("/ends_on", "before_start", "The last day comes after the first.")


_DEFAULTS: dict[str, Any] = {"ends_on": None, "seats": 0, "time_zone": "UTC", "state": "open"}
