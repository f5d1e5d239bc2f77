"""Attendance: who came to a class and for how long, from joins and leaves that come late, twice or in any order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants.ids import new_id
from tenants.live import classes
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

ATTENDANCE = owned(
    "attendance",
    Column("class_id", Uuid, nullable=False),
    text("participant"),
    text("name", default=""),
    text("kind"),
    instant("at"),
    refers("class_id", "live_classes"),
)
MOST_MARKS = 20_000
_A = ATTENDANCE.c
_NOTE = scoped(
    insert(ATTENDANCE)
    .values(**binds("id", "class_id", "participant", "name", "kind", "at"))
    .on_conflict_do_nothing(index_elements=["channel_id", "class_id", "participant", "at", "kind"])
)
_COUNT = scoped(select(func.count()).where(_A.class_id == bindparam("class_id")))
_MARKS = scoped(
    select(_A.participant, _A.name, _A.kind, _A.at)
    .where(_A.class_id == bindparam("class_id"))
    .order_by(_A.participant, _A.at, _A.kind)
    .limit(MOST_MARKS)
)
Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Attended:
    """One participant of a class, as the provider names them, and when they were there."""

    participant: str
    name: str
    intervals: tuple[Interval, ...]

    @property
    def seconds(self) -> float:
        """How long they were there in all."""
        return sum((last - first for first, last in self.intervals), timedelta()).total_seconds()


async def note(scope: Scope, class_id: UUID, participant: str, name: str, kind: str, at: datetime) -> None:
    """Keep one mark, `joined` or `left`; the same one again, or one beyond the 20,000th of a class, changes nothing."""
    if await scope.value(_COUNT, class_id=class_id) < MOST_MARKS:
        await scope.run(_NOTE, id=new_id(), class_id=class_id, participant=participant, name=name, kind=kind, at=at)


async def of_class(scope: Scope, class_id: UUID) -> list[Attended]:
    """Who came, by participant; for those who plan classes."""
    scope.require(Action.LIVE_EDIT)
    held = await classes.read(scope, class_id)
    end = held["ended_at"] or held["ends_at"]
    marks = await scope.all(_MARKS, class_id=class_id)
    return [_attended(who, list(own), end) for who, own in groupby(marks, lambda mark: str(mark["participant"]))]


def intervals(marks: Iterable[tuple[datetime, str]], end: datetime) -> tuple[Interval, ...]:
    """The times of presence as a union: one who came in by two devices is there until both have left.

    Whoever never left stays until `end`; a leave without a join counts for nothing.
    """
    found: list[Interval] = []
    inside, since = 0, end
    # Of two marks of one moment the join comes first, so that the leave has something to close.
    for at, kind in sorted(marks):
        if kind == "joined":
            since = since if inside else at
            inside += 1
        elif inside:
            inside -= 1
            if not inside:
                found.append((since, at))
    if inside and since < end:
        found.append((since, end))
    return tuple((first, last) for first, last in found if first < last)


def _attended(participant: str, marks: list[Record], end: datetime) -> Attended:
    names = [mark["name"] for mark in marks if mark["name"]]
    found = intervals(((mark["at"], mark["kind"]) for mark in marks), end)
    return Attended(participant, names[-1] if names else "", found)
