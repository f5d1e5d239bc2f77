"""Enrollments: a member in a course, and perhaps in a batch of it (`batches.seats` enrols and keeps the seats)."""

from uuid import UUID

from sqlalchemy import Column, Float, Uuid, bindparam, func, or_, select, update

from tenants.courses import courses
from tenants.courses.courses import COURSES
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import instant, owned, refers, text

ENROLLMENTS = owned(
    "enrollments",
    Column("member_id", Uuid, nullable=False),
    Column("course_id", Uuid, nullable=False),
    Column("batch_id", Uuid),
    text("state", default="active"),
    instant("enrolled_at", now=True),
    instant("left_at"),
    instant("heard_at"),
    Column("credit", Float, nullable=False, server_default="15"),
    instant("finished_at"),
    refers("member_id", "members"),
    refers("course_id", "courses"),
    refers("batch_id", "batches"),
)
_E = ENROLLMENTS.c
SHOWN = (_E.id, _E.member_id, _E.course_id, _E.batch_id, _E.state, _E.enrolled_at, _E.finished_at)
_ACTIVE = select(*SHOWN, _E.heard_at, _E.credit, func.clock_timestamp().label("now")).where(
    _E.member_id == bindparam("member_id"), _E.course_id == bindparam("course_id"), _E.state == "active"
)
_OF = scoped(_ACTIVE)
_LOCKED = scoped(_ACTIVE.with_for_update())
_STUDENTS = ENROLLMENTS.join(MEMBERS, (MEMBERS.c.channel_id == _E.channel_id) & (MEMBERS.c.id == _E.member_id))
_PAGE = scoped(
    select(*SHOWN, MEMBERS.c.name, MEMBERS.c.person_id)
    .select_from(_STUDENTS)
    .where(
        _E.course_id == bindparam("course_id"),
        _E.state == "active",
        _E.id > bindparam("after"),
        or_(bindparam("batch_id", type_=Uuid()).is_(None), _E.batch_id == bindparam("batch_id", type_=Uuid())),
    )
    .order_by(_E.id)
    .limit(bindparam("limit"))
)
_MINE = scoped(
    select(*SHOWN, COURSES.c.title, COURSES.c.slug, COURSES.c.thumbnail_id)
    .select_from(ENROLLMENTS.join(COURSES, (COURSES.c.channel_id == _E.channel_id) & (COURSES.c.id == _E.course_id)))
    .where(_E.member_id == bindparam("member_id"), _E.state == "active", COURSES.c.state == "published")
    .order_by(_E.enrolled_at.desc(), _E.id)
    .limit(200)
)
_HEARD = scoped(
    update(ENROLLMENTS)
    .where(_E.id == bindparam("at"))
    .values(heard_at=func.clock_timestamp(), credit=bindparam("new_credit"))
)
_FINISHED = scoped(
    update(ENROLLMENTS).where(_E.id == bindparam("at"), _E.finished_at.is_(None)).values(finished_at=func.now())
)


async def of_member(scope: Scope, course_id: UUID, member_id: UUID | None = None) -> Record | None:
    """The active enrollment of a member (by default the actor), or None."""
    member_id = member_id or scope.actor.member_id
    return await scope.first(_OF, course_id=course_id, member_id=member_id) if member_id else None


async def locked(scope: Scope, course_id: UUID, member_id: UUID) -> Record | None:
    """The same with `heard_at`, `credit` and `now`, kept from others until this transaction ends."""
    return await scope.first(_LOCKED, course_id=course_id, member_id=member_id)


async def page(
    scope: Scope, course_id: UUID, *, batch_id: UUID | None = None, after: UUID | None = None, limit: int = 50
) -> list[Record]:
    """The students of a course, or of one batch of it, in the order they enrolled, with `name`; NotFound for none."""
    scope.require(Action.BATCH_EDIT)
    await courses.read(scope, course_id)
    start = after or UUID(int=0)
    return await scope.all(_PAGE, course_id=course_id, batch_id=batch_id, after=start, limit=limit)


async def mine(scope: Scope) -> list[Record]:
    """The actor's own enrollments, newest first, with the course's `title, slug, thumbnail_id`."""
    return await scope.all(_MINE, member_id=scope.member_id())


async def note_heard(scope: Scope, enrollment_id: UUID, credit: float) -> None:
    """Note that the student's player was heard of now, and how many more seconds it may report without waiting."""
    await scope.run(_HEARD, at=enrollment_id, new_credit=credit)


async def note_finished(scope: Scope, enrollment_id: UUID) -> bool:
    """Note that every lesson is done; whether that is new."""
    return await scope.run(_FINISHED, at=enrollment_id) == 1
