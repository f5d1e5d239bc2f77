"""Figures: what those who teach read of their channel: how many, how full, and how the last weeks went."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Date, cast, func, select
from sqlalchemy import text as sql

from tenants.courses.courses import COURSES
from tenants.courses.enrollments import ENROLLMENTS
from tenants.courses.lessons import LESSONS
from tenants.courses.progress import PROGRESS
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped, within

WEEKS = 8
_C, _L, _E, _M, _P = COURSES.c, LESSONS.c, ENROLLMENTS.c, MEMBERS.c, PROGRESS.c
_SINCE = func.now() - sql(f"interval '{WEEKS} weeks'")
_LESSONS = (
    within(select(func.count()).where(_L.channel_id == _C.channel_id, _L.course_id == _C.id))
    .correlate(COURSES)
    .scalar_subquery()
)
_STUDENTS = (
    within(select(func.count()).where(_E.channel_id == _C.channel_id, _E.course_id == _C.id, _E.state == "active"))
    .correlate(COURSES)
    .scalar_subquery()
)
_SIZES = scoped(select(_C.id, _LESSONS.label("lessons"), _STUDENTS.label("students")))
_MEMBERS = scoped(select(func.count()).where(_M.left_at.is_(None)))


def _weekly(moment: Column[Any]) -> Scoped:
    """How many rows each week brought, by the moment they are counted at."""
    week = cast(func.date_trunc("week", moment), Date)
    counted: tuple[ColumnElement[Any], ...] = (week.label("week"), func.count().label("count"))
    return scoped(select(*counted).where(moment > _SINCE).group_by(week))


_JOINED, _ENROLLED, _DONE = _weekly(_M.joined_at), _weekly(_E.enrolled_at), _weekly(_P.done_at)


class Weeks(NamedTuple):
    """Counts of the last eight weeks, this one last: who joined, who enrolled, lessons done."""

    joined: tuple[int, ...]
    enrolled: tuple[int, ...]
    done: tuple[int, ...]


async def sizes(scope: Scope) -> dict[UUID, tuple[int, int]]:
    """Lessons and students of each course; for those who write courses."""
    scope.require(Action.COURSE_EDIT)
    return {row["id"]: (row["lessons"], row["students"]) for row in await scope.all(_SIZES)}


async def members_count(scope: Scope) -> int:
    """How many belong to the channel."""
    scope.require(Action.MEMBER_LIST)
    return int(await scope.value(_MEMBERS))


async def weeks(scope: Scope) -> Weeks:
    """How the last eight weeks went; for those who read insights."""
    scope.require(Action.INSIGHTS_READ)
    today = datetime.now(UTC).date()
    joined, enrolled, done = [spread(await scope.all(each), today) for each in (_JOINED, _ENROLLED, _DONE)]
    return Weeks(joined, enrolled, done)


def spread(rows: Sequence[Record], today: date) -> tuple[int, ...]:
    """One count for each of the last eight weeks, of which the last holds `today`; weeks without rows are 0."""
    counts = {row["week"]: row["count"] for row in rows}
    monday = today - timedelta(days=today.weekday())
    return tuple(counts.get(monday - timedelta(weeks=back), 0) for back in reversed(range(WEEKS)))
