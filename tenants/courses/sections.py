"""Sections: the parts of a course, in the creator's order."""

from uuid import UUID

from sqlalchemy import ARRAY, Column, Integer, Uuid, bindparam, delete, func, insert, select, update

from tenants.courses import courses
from tenants.courses.versions import check_version
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_line

SECTIONS = owned(
    "sections",
    Column("course_id", Uuid, nullable=False),
    text("title"),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    instant("created_at", now=True),
    instant("updated_at", now=True),
    refers("course_id", "courses"),
)
MOST_SECTIONS = 100
_S = SECTIONS.c
_SHOWN = (_S.id, _S.course_id, _S.title, _S.position, _S.version)
_OF_COURSE = scoped(select(*_SHOWN).where(_S.course_id == bindparam("course_id")).order_by(_S.position, _S.id))
_READ = scoped(select(*_SHOWN).where(_S.id == bindparam("id")))
_LOCKED = scoped(select(*_SHOWN).where(_S.id == bindparam("id")).with_for_update())
_ADD = scoped(insert(SECTIONS).values(**binds("id", "course_id", "title", "position")).returning(*_SHOWN))
_CHANGED = {"version": _S.version + 1, "updated_at": func.now()}
_EDIT = scoped(update(SECTIONS).where(_S.id == bindparam("at")).values(**binds("title"), **_CHANGED).returning(*_SHOWN))
_IDS = bindparam("ids", type_=ARRAY(Uuid()))
_ORDER = scoped(
    update(SECTIONS)
    .where(_S.course_id == bindparam("of_course"), _S.id == func.any(_IDS))
    .values(position=func.array_position(_IDS, _S.id))
)
_DELETE = scoped(delete(SECTIONS).where(_S.id == bindparam("at")))


async def of_course(scope: Scope, course_id: UUID) -> list[Record]:
    """The sections of a course in order: `id, course_id, title, position, version`."""
    await courses.read(scope, course_id)
    return await scope.all(_OF_COURSE, course_id=course_id)


async def read(scope: Scope, section_id: UUID) -> Record:
    """One section, to those who edit."""
    scope.require(Action.COURSE_EDIT)
    return await scope.one(_READ, id=section_id)


async def add(scope: Scope, course_id: UUID, title: str) -> Record:
    """A new last section."""
    scope.require(Action.COURSE_EDIT)
    title = clean_line(title, "/title")
    await hold_outline(scope, course_id)
    there = await of_course(scope, course_id)
    if len(there) >= MOST_SECTIONS:
        raise Conflict(f"A course holds at most {MOST_SECTIONS} sections.", "too_many_sections")
    position = there[-1]["position"] + 1 if there else 1
    return await scope.one(_ADD, id=new_id(), course_id=course_id, title=title, position=position)


async def edit(scope: Scope, section_id: UUID, version: int, title: str) -> Record:
    """Another title; Conflict `changed_meanwhile` unless `version` is the present one."""
    scope.require(Action.COURSE_EDIT)
    title = clean_line(title, "/title")
    check_version(await scope.one(_LOCKED, id=section_id), version)
    return await scope.one(_EDIT, at=section_id, title=title)


async def move(scope: Scope, section_id: UUID, place: int) -> None:
    """Put a section at a place among its course's, counted from 0; beyond the end is the end."""
    course_id = (await read(scope, section_id))["course_id"]
    await hold_outline(scope, course_id)
    ids = [row["id"] for row in await scope.all(_OF_COURSE, course_id=course_id) if row["id"] != section_id]
    ids.insert(max(place, 0), section_id)
    await scope.run(_ORDER, of_course=course_id, ids=ids)


async def remove(scope: Scope, section_id: UUID) -> None:
    """Delete an empty section; Conflict while it holds lessons."""
    await read(scope, section_id)
    try:
        await scope.run(_DELETE, at=section_id)
    except NotFound:  # what the scope makes of a row that others refer to
        raise Conflict("Move or delete the lessons of this section first.", "not_empty") from None


async def hold_outline(scope: Scope, course_id: UUID) -> None:
    """Wait until nobody else is changing the order of a course, and keep others waiting until this is done."""
    await scope.serialise("outline", course_id)
