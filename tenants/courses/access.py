"""Access: who may open a lesson, and the files that lessons show."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, case, func, select

from tenants.courses import courses, enrollments, lessons
from tenants.courses.courses import COURSES
from tenants.courses.enrollments import ENROLLMENTS
from tenants.courses.lessons import LESSONS
from tenants.errors import Forbidden, NotFound, SignInNeeded
from tenants.files import files
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped, within

_L, _E = LESSONS.c, ENROLLMENTS.c
_ENROLLED = within(
    select(_E.id).where(
        _E.channel_id == _L.channel_id,
        _E.course_id == _L.course_id,
        _E.member_id == bindparam("member_id", type_=Uuid()),
        _E.state == "active",
    )
).correlate(LESSONS)
_SHOWN = (_L.state == "published") & (COURSES.c.state == "published")
_OPEN = func.coalesce(func.bool_or(_SHOWN & case((_L.free, True), else_=_ENROLLED.exists())), False)
_ANSWERS: tuple[ColumnElement[Any], ...] = (func.count().label("lessons"), _OPEN.label("open"))
_USES = scoped(
    select(*_ANSWERS)
    .select_from(LESSONS.join(COURSES, (COURSES.c.channel_id == _L.channel_id) & (COURSES.c.id == _L.course_id)))
    .where(_L.file_id == bindparam("file_id"))
)


async def open_lesson(scope: Scope, lesson_id: UUID) -> Record:
    """The whole lesson for one who may see it: those who edit, those enrolled, and everybody when it is free.

    Raises NotFound for a draft, SignInNeeded for a visitor, Forbidden `not_enrolled` for others.
    """
    lesson = await lessons.placed(scope, lesson_id)
    if courses.may_edit(scope):
        return lesson
    if lesson["state"] != "published" or lesson["course_state"] != "published":
        raise NotFound()
    if lesson["free"]:
        return lesson
    scope.require(Action.COURSE_READ)
    if await enrollments.of_member(scope, lesson["course_id"]) is None:
        raise not_enrolled()
    return lesson


async def open_file(scope: Scope, file_id: UUID) -> Record:
    """A ready file for one who may read it, by its purpose or because a lesson that they may open shows it.

    An attachment that no lesson shows is for members. Raises NotFound, SignInNeeded, or Forbidden `not_enrolled`.
    """
    return await open_read(scope, await files.read(scope, file_id))


async def open_read(scope: Scope, file: Record) -> Record:
    """The same, of a file that was read; what is in a message is opened by its message alone."""
    if file["state"] != "ready" or file["purpose"] == "message":
        raise NotFound()
    if file["purpose"] == "picture" and not files.shows(file):
        raise NotFound()
    if files.may_read(scope, file):
        return file
    uses = await scope.one(_USES, file_id=file["id"], member_id=scope.actor.member_id)
    if uses["open"] and scope.actor.banned is None:
        return file
    if scope.actor.person_id is None:
        raise SignInNeeded()
    scope.require(Action.COURSE_READ)
    if file["purpose"] == "attachment" and not uses["lessons"]:
        return file
    raise not_enrolled()


def not_enrolled() -> Forbidden:
    """The refusal of one who is a member, but not in this course."""
    return Forbidden("Enrol in this course to open this.", "not_enrolled")
