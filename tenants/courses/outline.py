"""The outline: sections and lessons in order, without bodies; drafts for those who edit."""

from uuid import UUID

from sqlalchemy import Boolean, Integer, Uuid, bindparam, or_, select, tuple_

from tenants.courses import courses
from tenants.courses.lessons import LESSONS, OUTLINE
from tenants.courses.sections import SECTIONS
from tenants.scope import Record, Scope
from tenants.statements import scoped

Place = tuple[int, int, UUID]
_L, _S = LESSONS.c, SECTIONS.c
_PLACE = tuple_(_S.position, _L.position, _L.id)
_LISTED = (
    select(*OUTLINE, _S.title.label("section_title"), _S.position.label("section_position"))
    .select_from(LESSONS.join(SECTIONS, (_S.channel_id == _L.channel_id) & (_S.id == _L.section_id)))
    .where(
        _L.course_id == bindparam("course_id"),
        or_(_L.state == "published", bindparam("drafts", type_=Boolean())),
    )
    .order_by(_S.position, _L.position, _L.id)
)
_ALL = scoped(_LISTED)
_AFTER = tuple_(
    bindparam("section", type_=Integer()), bindparam("lesson", type_=Integer()), bindparam("after", type_=Uuid())
)
_PAGE = scoped(_LISTED.where(_PLACE > _AFTER).limit(bindparam("limit")))


async def lessons(scope: Scope, course_id: UUID) -> list[Record]:
    """Every lesson of a course in order, at most 500: `id, section_id, section_title, kind, title, free, state …`."""
    await courses.read(scope, course_id)
    return await scope.all(_ALL, course_id=course_id, drafts=courses.may_edit(scope))


async def page(scope: Scope, course_id: UUID, *, after: Place | None = None, limit: int = 50) -> list[Record]:
    """The same after a place, which is the `section_position, position, id` of a lesson."""
    await courses.read(scope, course_id)
    section, lesson, last = after or (-1, -1, UUID(int=0))
    drafts = courses.may_edit(scope)
    return await scope.all(
        _PAGE, course_id=course_id, drafts=drafts, section=section, lesson=lesson, after=last, limit=limit
    )
