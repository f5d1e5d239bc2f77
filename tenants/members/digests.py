"""Digests: how often a member wants a mail of what is new, at which hour of their zone, and when it is due."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ForeignKey, Integer, Uuid, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants.ids import PersonId, new_id
from tenants.jobs import SendMail
from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import Instant, binds, instant, owned, text

DIGESTS = owned(
    "digests",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("every"),
    Column("hour", Integer, nullable=False),
    instant("next_at", nullable=False),
)
OFF, DAILY, WEEKLY = "off", "daily", "weekly"
EVERY = (OFF, DAILY, WEEKLY)
USUAL_HOUR = 8
_D = DIGESTS.c
_THIS = _D.person_id == bindparam("of_person", type_=Uuid())
_FIND = scoped(select(_D.every, _D.hour).where(_THIS))
_NEW = insert(DIGESTS).values(**binds("id", "person_id", "every", "hour", "next_at"))
_PUT = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "person_id"],
        set_={name: _NEW.excluded[name] for name in ("every", "hour", "next_at")},
    )
)
_END = scoped(delete(DIGESTS).where(_THIS))
_DUE = scoped(select(_D.every, _D.hour).where(_THIS, _D.next_at <= func.now()).with_for_update())
_PLAN = scoped(update(DIGESTS).where(_THIS).values(next_at=bindparam("then", type_=Instant)))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often, and at which full hour."""

    every: str = OFF
    hour: int = USUAL_HOUR

    def after(self, now: datetime, time_zone: str) -> datetime:
        """When the next digest is due: each day, or each Monday, once, also on days when clocks are turned."""
        zone = ZoneInfo(time_zone)
        day = now.astimezone(zone).date()
        return next(at for at in (self._at(day + timedelta(days=n), zone) for n in range(9)) if at and at > now)

    def _at(self, day: date, zone: ZoneInfo) -> datetime | None:
        if self.every == WEEKLY and day.weekday() != 0:
            return None
        return datetime.combine(day, time(self.hour), zone).astimezone(UTC)


async def read(scope: Scope, person_id: PersonId) -> Rhythm:
    """How often the person gets a digest of this channel."""
    row = await scope.first(_FIND, of_person=person_id)
    return Rhythm(row["every"], row["hour"]) if row else Rhythm()


async def put(scope: Scope, person_id: PersonId, rhythm: Rhythm, time_zone: str) -> None:
    """From now on so; the next one is planned anew. However often it is said."""
    if rhythm.every == OFF:
        await scope.run(_END, of_person=person_id)
        return
    then = rhythm.after(datetime.now(UTC), time_zone)
    await scope.run(_PUT, id=new_id(), person_id=person_id, every=rhythm.every, hour=rhythm.hour, next_at=then)


async def send_due(scope: Scope, person_id: PersonId, time_zone: str) -> UUID | None:
    """Ask for the person's digest if it is due, once, whoever asks at the same time, and plan the next one.

    Those that were missed while nobody kept the clock are one.
    """
    row = await scope.first(_DUE, of_person=person_id)
    if row is None:
        return None
    then = Rhythm(row["every"], row["hour"]).after(datetime.now(UTC), time_zone)
    await scope.run(_PLAN, of_person=person_id, then=then)
    return scope.enqueue(SendMail("digest", person_id))
