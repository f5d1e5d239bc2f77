"""Progress: how far a student has come in a course, by one rule that is shown to them.

A film is done when nine tenths of its seconds were played; a text, a file or an embedded page when its reader says
so; a quiz, an assignment or a live class when a teacher (or the system) says so. Every published lesson weighs the
same. One computation gives the percentage, the sentence, the gaps of the bar and what is left.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Float, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants import audit
from tenants.courses import access, courses, enrollments, watching
from tenants.courses.lesson_fields import FILMED, LONGEST_SECONDS
from tenants.courses.lessons import LESSONS
from tenants.courses.sections import SECTIONS
from tenants.courses.watching import Interval
from tenants.errors import Conflict, Invalid, Said
from tenants.files import examinations, files
from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, refers

PROGRESS = owned(
    "progress",
    Column("member_id", Uuid, nullable=False),
    Column("lesson_id", Uuid, nullable=False),
    Column("played", Json, nullable=False, server_default="[]"),
    Column("position", Float, nullable=False, server_default="0"),
    instant("opened_at", now=True),
    instant("done_at"),
    refers("member_id", "members"),
    refers("lesson_id", "lessons"),
)
BY_READER, BY_TEACHER = ("text", "file", "embed"), ("quiz", "assignment", "live")
PREVIEW_HEAD, PREVIEW = "Preview", "What you watch here is not counted."
_L, _P, _S = LESSONS.c, PROGRESS.c, SECTIONS.c
_WHOSE = bindparam("member_id", type_=Uuid())
_OWN = (_P.channel_id == _L.channel_id) & (_P.lesson_id == _L.id) & (_P.member_id == _WHOSE)
_STANDING = scoped(
    select(_L.id, _L.title, _L.kind, _L.duration_seconds, _P.played, _P.position, _P.done_at)
    .select_from(
        LESSONS.join(SECTIONS, (_S.channel_id == _L.channel_id) & (_S.id == _L.section_id)).outerjoin(PROGRESS, _OWN)
    )
    .where(_L.course_id == bindparam("course_id"), _L.state == "published")
    .order_by(_S.position, _L.position, _L.id)
)
_PLAYED = scoped(
    select(_P.played).where(_P.member_id == bindparam("member_id"), _P.lesson_id == bindparam("lesson_id"))
)
_NEW = insert(PROGRESS).values(**binds("id", "member_id", "lesson_id", "played", "position", "done_at"))
_WATCHED = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "member_id", "lesson_id"],
        set_={
            "played": _NEW.excluded.played,
            "position": _NEW.excluded.position,
            "done_at": func.coalesce(_P.done_at, _NEW.excluded.done_at),
        },
    )
)
_DONE = scoped(
    insert(PROGRESS)
    .values(**binds("id", "member_id", "lesson_id"), done_at=func.now())
    .on_conflict_do_update(
        index_elements=["channel_id", "member_id", "lesson_id"], set_={"done_at": func.coalesce(_P.done_at, func.now())}
    )
)


@dataclass(frozen=True, slots=True)
class LessonProgress:
    """One lesson: what was played and what was not, in seconds; `missing` seconds until it is done."""

    lesson_id: UUID
    title: str
    kind: str
    duration: int
    done: bool
    played: tuple[Interval, ...]
    gaps: tuple[Interval, ...]
    position: float
    missing: int

    @property
    def task(self) -> str:
        """What is left to do."""
        if self.kind in FILMED and self.duration:
            return _watching(self.missing, self.title)
        if self.kind in BY_TEACHER:
            return Said("Finish “%(title)s”; your teacher marks it done.", title=self.title)
        if self.kind == "text":
            return Said("Read “%(title)s” and mark it done.", title=self.title)
        return Said("Mark “%(title)s” done.", title=self.title)


@dataclass(frozen=True, slots=True)
class Progress:
    """A student in a course: whole per cent (100 only when all is done), why, and each lesson in order."""

    percent: int
    reason: str
    done: bool
    lessons: tuple[LessonProgress, ...]

    @property
    def sentence(self) -> str:
        """The percentage and its reason, in English."""
        return self.said_by(str)

    def said_by(self, say: Callable[[str], str]) -> str:
        """`33 %: watch 2 more minutes of “Centring”`, where `say` says the reason in some language."""
        told = say(self.reason).removesuffix(".")
        head = say(PREVIEW_HEAD) if self.reason == PREVIEW else f"{self.percent} %"
        return f"{head}: {told[:1].lower()}{told[1:]}"

    def lesson(self, lesson_id: UUID) -> LessonProgress | None:
        """One lesson of these, or None when it is a draft."""
        return next((each for each in self.lessons if each.lesson_id == lesson_id), None)


def standing(row: Record) -> LessonProgress:
    """How a student stands with one lesson, from a row of lesson and progress."""
    played = watching.union((start, end) for start, end in row["played"] or ())
    filmed, duration = row["kind"] in FILMED, row["duration_seconds"]
    done = row["done_at"] is not None
    return LessonProgress(
        lesson_id=row["id"],
        title=row["title"],
        kind=row["kind"],
        duration=duration,
        done=done,
        played=tuple(played),
        gaps=tuple(watching.gaps(played, duration)) if filmed else (),
        position=row["position"] or 0.0,
        missing=0 if done or not filmed else watching.missing_seconds(played, duration),
    )


def summed_up(lessons: Sequence[LessonProgress]) -> Progress:
    """The course's progress from its lessons, each of the same weight."""
    left = next((each for each in lessons if not each.done), None)
    percent = 100 * sum(each.done for each in lessons) // len(lessons) if lessons else 0
    if not lessons:
        reason = "There are no lessons yet."
    elif left is None:
        reason = "Every lesson is done."
    else:
        reason = left.task
    return Progress(percent, reason, bool(lessons) and left is None, tuple(lessons))


async def of_course(scope: Scope, course_id: UUID, member_id: UUID | None = None) -> Progress:
    """How far a member has come (by default the actor; nothing for a visitor); another's needs `insights.read`."""
    if member_id not in {None, scope.actor.member_id}:
        scope.require(Action.INSIGHTS_READ)
    await courses.read(scope, course_id)
    rows = await scope.all(_STANDING, course_id=course_id, member_id=member_id or scope.actor.member_id)
    return summed_up([standing(row) for row in rows])


async def report(scope: Scope, lesson_id: UUID, intervals: Sequence[Sequence[float]], position: float) -> Progress:
    """Add what a player played; of new seconds only as many as the clock allows. A preview records nothing.

    Raises Invalid for intervals that are none, or a lesson without a film; what `access.open_lesson` raises.
    """
    lesson = await access.open_lesson(scope, lesson_id)
    if lesson["kind"] not in FILMED:
        raise Invalid.field("/intervals", "kind", "Only a film is watched. Mark this lesson done instead.")
    await _check_examined(scope, lesson)
    duration = lesson["duration_seconds"] or LONGEST_SECONDS
    reported = watching.clean(intervals, duration)
    if not 0 <= position <= LONGEST_SECONDS:
        raise Invalid.field("/position", "range", "The position is a number of seconds from 0 to 24 hours.")
    enrollment = await _enrollment(scope, lesson["course_id"])
    if enrollment is None:
        return Progress(0, PREVIEW, False, ())
    member_id = enrollment["member_id"]
    before = await scope.value(_PLAYED, member_id=member_id, lesson_id=lesson_id) or []
    known = [(start, end) for start, end in before]
    most = watching.allowance(enrollment["credit"], _silence(enrollment))
    played = watching.add(known, reported, most)
    enough = lesson["duration_seconds"] > 0 and not watching.missing_seconds(played, duration)
    await scope.run(
        _WATCHED, id=new_id(), member_id=member_id, lesson_id=lesson_id, played=_rounded(played),
        position=min(position, duration), done_at=enrollment["now"] if enough else None,
    )  # fmt: skip
    spent = max(watching.total(played) - watching.total(known), 0.0)
    await enrollments.note_heard(scope, enrollment["id"], max(most - spent, 0.0))
    return await _settled(scope, enrollment)


async def mark_done(scope: Scope, lesson_id: UUID) -> Progress:
    """The reader says that a text, file or embedded page is done; Conflict for what is done in another way."""
    lesson = await access.open_lesson(scope, lesson_id)
    enrollment = await _enrollment(scope, lesson["course_id"])
    if enrollment is None:
        return Progress(0, PREVIEW, False, ())
    if lesson["kind"] in BY_TEACHER:
        raise Conflict("A teacher marks this lesson done.", "by_teacher")
    if lesson["kind"] in FILMED and lesson["duration_seconds"]:
        own = (await of_course(scope, lesson["course_id"])).lesson(lesson_id)
        if own is not None and not own.done:
            raise Conflict(Said("This lesson is done when you have watched it. %(task)s", task=own.task), "watch_it")
    await _check_examined(scope, lesson)
    await scope.run(_DONE, id=new_id(), member_id=enrollment["member_id"], lesson_id=lesson_id)
    return await _settled(scope, enrollment)


async def complete(scope: Scope, lesson_id: UUID, member_id: UUID) -> Progress:
    """A teacher or the system says that a student has done a lesson of any kind; Conflict for one not enrolled."""
    scope.require(Action.COURSE_EDIT)
    lesson = await access.open_lesson(scope, lesson_id)
    enrollment = await enrollments.locked(scope, lesson["course_id"], member_id)
    if enrollment is None:
        raise Conflict("This member is not enrolled in the course.", "not_enrolled")
    await scope.run(_DONE, id=new_id(), member_id=member_id, lesson_id=lesson_id)
    await audit.record(scope, "progress.complete", lesson_id, member=str(member_id))
    return await _settled(scope, enrollment)


async def _check_examined(scope: Scope, lesson: Record) -> None:
    """Conflict while nobody knows how long the lesson's film is: what is watched of it could not be counted."""
    if lesson["kind"] not in FILMED or lesson["duration_seconds"] or lesson["file_id"] is None:
        return
    if examinations.is_awaited(await files.read(scope, lesson["file_id"])):
        raise Conflict(examinations.WAITING, "not_examined")


async def _enrollment(scope: Scope, course_id: UUID) -> Record | None:
    """The actor's own, locked: reports of one student wait for one another, so that none is lost or counted twice."""
    member_id = scope.actor.member_id
    return await enrollments.locked(scope, course_id, member_id) if member_id else None


async def _settled(scope: Scope, enrollment: Record) -> Progress:
    progress = await of_course(scope, enrollment["course_id"], enrollment["member_id"])
    if progress.done:
        await enrollments.note_finished(scope, enrollment["id"])
    return progress


def _silence(enrollment: Record) -> float:
    heard_at: datetime | None = enrollment["heard_at"]
    return float((enrollment["now"] - heard_at).total_seconds()) if heard_at else math.inf


def _rounded(played: Sequence[Interval]) -> list[Any]:
    return [[round(start, 2), round(end, 2)] for start, end in played]


def _watching(seconds: int, title: str) -> Said:
    if seconds < 60:
        return Said(
            "Watch %(count)s more second of “%(title)s”.", "Watch %(count)s more seconds of “%(title)s”.",
            count=seconds, title=title,
        )  # fmt: skip
    return Said(
        "Watch %(count)s more minute of “%(title)s”.", "Watch %(count)s more minutes of “%(title)s”.",
        count=-(-seconds // 60), title=title,
    )  # fmt: skip
