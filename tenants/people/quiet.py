"""Quiet hours: when a person is not to be reached, in the time of their own zone; the same in every channel."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ForeignKey, Integer, Uuid, and_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants.people.people import PEOPLE
from tenants.scope import PersonScope, Record, Scope
from tenants.statements import PERSON, personal
from tenants.tables import binds, shared

QUIET = shared(
    "quiet_hours",
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
    # Minutes of the day.
    Column("begins", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
)
DAY = 24 * 60
_Q = QUIET.c
_OWN = personal(
    select(PEOPLE.c.time_zone, _Q.begins, _Q.ends)
    .select_from(PEOPLE.outerjoin(QUIET, and_(_Q.person_id == PEOPLE.c.id)))
    .where(PEOPLE.c.id == PERSON)
)
_NEW = insert(QUIET).values(person_id=PERSON, **binds("begins", "ends"))
_PUT = personal(
    _NEW.on_conflict_do_update(
        index_elements=["person_id"], set_={"begins": _NEW.excluded.begins, "ends": _NEW.excluded.ends}
    )
)
_END = personal(delete(QUIET).where(_Q.person_id == PERSON))
_MOVE = personal(update(PEOPLE).where(PEOPLE.c.id == PERSON).values(time_zone=bindparam("zone")))


@dataclass(frozen=True, slots=True)
class Hours:
    """A person's zone, and the minutes of the day between which they are left alone; both None: never."""

    time_zone: str = "UTC"
    begins: int | None = None
    ends: int | None = None

    def until(self, now: datetime) -> datetime | None:
        """When the quiet that lies over `now` ends, in UTC; None when there is none.

        On a night when clocks are turned it ends when the clock shows its end, or would have shown it.
        """
        if self.begins is None or self.ends is None or self.begins == self.ends:
            return None
        zone = ZoneInfo(self.time_zone)
        local = now.astimezone(zone)
        minute, day = local.hour * 60 + local.minute, local.date()
        over_midnight = self.begins > self.ends
        if not (minute >= self.begins or minute < self.ends if over_midnight else self.begins <= minute < self.ends):
            return None
        if over_midnight and minute >= self.begins:
            day += timedelta(days=1)
        end = datetime.combine(day, time(*divmod(self.ends, 60)), zone).astimezone(UTC)
        return max(end, now + timedelta(minutes=1))


async def of(person: PersonScope) -> Hours:
    """The person's own hours and zone."""
    return _hours(await person.first(_OWN))


async def own(scope: Scope) -> Hours:
    """The same of the acting person, whichever channel they are in."""
    rows = await scope.personal(_OWN)
    return _hours(rows[0] if rows else None)


async def put(scope: Scope, hours: Hours) -> None:
    """Set the acting person's zone, and their quiet hours or none."""
    await scope.personal(_MOVE, zone=hours.time_zone)
    if hours.begins is None or hours.ends is None:
        await scope.personal(_END)
    else:
        await scope.personal(_PUT, begins=hours.begins, ends=hours.ends)


def _hours(row: Record | None) -> Hours:
    return Hours(**dict(row)) if row else Hours()
