"""Lessons: what a course is made of; written as drafts, shown once published, kept in order within their sections."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Column, Integer, Text, Uuid, bindparam, delete, func, insert, select, update

from tenants import audit
from tenants.courses import lesson_fields, sections
from tenants.courses.courses import COURSES
from tenants.courses.lesson_fields import KINDS
from tenants.courses.sections import SECTIONS
from tenants.courses.versions import check_version
from tenants.errors import Conflict, Invalid, NotFound
from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

LESSONS = owned(
    "lessons",
    Column("course_id", Uuid, nullable=False),
    Column("section_id", Uuid, nullable=False),
    text("kind"),
    text("title"),
    text("body", default=""),
    text("html", default=""),
    Column("embed_url", Text),
    Column("file_id", Uuid),
    Column("thumbnail_id", Uuid),
    Column("duration_seconds", Integer, nullable=False, server_default="0"),
    Column("free", Boolean, nullable=False, server_default="false"),
    text("state", default="draft"),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    instant("created_at", now=True),
    instant("updated_at", now=True),
    instant("published_at"),
    refers("course_id", "courses"),
    refers("section_id", "sections"),
    refers("file_id", "files"),
    refers("thumbnail_id", "files"),
)
MOST_LESSONS = 500
_L = LESSONS.c
_SET = ("title", "body", "html", "embed_url", "file_id", "thumbnail_id", "duration_seconds", "free")
OUTLINE = (
    _L.id, _L.course_id, _L.section_id, _L.kind, _L.title, _L.file_id, _L.thumbnail_id, _L.duration_seconds, _L.free,
    _L.state, _L.position, _L.version,
)  # fmt: skip
_WHOLE = (*OUTLINE, _L.body, _L.html, _L.embed_url, _L.created_at, _L.updated_at, _L.published_at)
_PLACED = LESSONS.join(SECTIONS, (SECTIONS.c.channel_id == _L.channel_id) & (SECTIONS.c.id == _L.section_id)).join(
    COURSES, (COURSES.c.channel_id == _L.channel_id) & (COURSES.c.id == _L.course_id)
)
_READ = scoped(
    select(
        *_WHOLE, SECTIONS.c.title.label("section_title"), COURSES.c.title.label("course_title"),
        COURSES.c.slug.label("course_slug"), COURSES.c.state.label("course_state"),
    ).select_from(_PLACED).where(_L.id == bindparam("id"))
)  # fmt: skip
_LOCKED = scoped(select(*_WHOLE).where(_L.id == bindparam("id")).with_for_update())
_COUNT = scoped(select(func.count()).where(_L.course_id == bindparam("course_id")))
_IN_SECTION = scoped(
    select(_L.id, _L.position).where(_L.section_id == bindparam("section_id")).order_by(_L.position, _L.id)
)
_ADD = scoped(
    insert(LESSONS).values(**binds("id", "course_id", "section_id", "kind", "position", *_SET)).returning(*_WHOLE)
)
_CHANGED = {"version": _L.version + 1, "updated_at": func.now()}
_CHOSEN = update(LESSONS).where(_L.id == bindparam("at"))
_EDIT = scoped(_CHOSEN.values(**binds(*_SET), **_CHANGED).returning(*_WHOLE))
_STATE = scoped(
    _CHOSEN.values(**binds("state"), **_CHANGED, published_at=func.coalesce(_L.published_at, func.now())).returning(
        *_WHOLE
    )
)
_IDS = bindparam("ids", type_=ARRAY(Uuid()))
_ORDER = scoped(
    update(LESSONS)
    .where(_L.course_id == bindparam("of_course"), _L.id == func.any(_IDS))
    .values(position=func.array_position(_IDS, _L.id), section_id=bindparam("into"))
)
_DELETE = scoped(delete(LESSONS).where(_L.id == bindparam("at")))


async def placed(scope: Scope, lesson_id: UUID) -> Record:
    """The whole lesson with its section's and course's names, whoever asks; `access.open_lesson` asks who."""
    return await scope.one(_READ, id=lesson_id)


async def add(
    scope: Scope, course_id: UUID, kind: str, title: str,
    changes: Mapping[str, Any] | None = None, *, section_id: UUID | None = None,
) -> Record:  # fmt: skip
    """A new draft at the end of a section; without one: of the last section, which is made if there is none.

    `changes` may set `body, embed_url, file_id, thumbnail_id, duration_seconds, free`.
    """
    scope.require(Action.COURSE_EDIT)
    if kind not in KINDS:
        raise Invalid.field("/kind", "unknown", f"A lesson is one of: {', '.join(KINDS)}.")
    clean = await lesson_fields.clean(scope, kind, {**(changes or {}), "title": title})
    await sections.hold_outline(scope, course_id)
    section = await _section(scope, course_id, section_id)
    if await scope.value(_COUNT, course_id=course_id) >= MOST_LESSONS:
        raise Conflict(f"A course holds at most {MOST_LESSONS} lessons.", "too_many_lessons")
    there = await scope.all(_IN_SECTION, section_id=section)
    position = there[-1]["position"] + 1 if there else 1
    values = lesson_fields.DEFAULTS | clean
    values |= await lesson_fields.of_film(scope, kind, values)
    row = await scope.one(
        _ADD, id=new_id(), course_id=course_id, section_id=section, kind=kind, position=position, **values
    )
    scope.reindex("lesson", row["id"])
    return row


async def edit(scope: Scope, lesson_id: UUID, version: int, changes: Mapping[str, Any]) -> Record:
    """Set what is given; Conflict `changed_meanwhile` unless `version` is the lesson's present one."""
    scope.require(Action.COURSE_EDIT)
    before = await scope.one(_LOCKED, id=lesson_id)
    check_version(before, version)
    clean = await lesson_fields.clean(scope, before["kind"], changes)
    values = await _edited(scope, before, clean)
    if before["state"] == "published":
        lesson_fields.check_complete(before["kind"], values)
        if values["file_id"] != before["file_id"]:
            await lesson_fields.check_film(scope, before["kind"], values)
    row = await scope.one(_EDIT, at=lesson_id, **values)
    scope.reindex("lesson", lesson_id)
    return row


async def publish(scope: Scope, lesson_id: UUID, *, published: bool = True) -> Record:
    """Show the lesson, or take it back to a draft; Invalid while what it should show is missing."""
    scope.require(Action.COURSE_EDIT)
    before = await scope.one(_LOCKED, id=lesson_id)
    state = "published" if published else "draft"
    if before["state"] == state:
        return before
    if published:
        lesson_fields.check_complete(before["kind"], before)
        await lesson_fields.check_film(scope, before["kind"], before)
    row = await scope.one(_STATE, at=lesson_id, state=state)
    await audit.record(scope, f"lesson.{'publish' if published else 'withdraw'}", lesson_id)
    scope.reindex("lesson", lesson_id)
    return row


async def move(scope: Scope, lesson_id: UUID, section_id: UUID, place: int) -> None:
    """Put a lesson into a section of its course, at a place counted from 0; beyond the end is the end."""
    scope.require(Action.COURSE_EDIT)
    course_id = (await placed(scope, lesson_id))["course_id"]
    await sections.hold_outline(scope, course_id)
    await _section(scope, course_id, section_id)
    ids = [row["id"] for row in await scope.all(_IN_SECTION, section_id=section_id) if row["id"] != lesson_id]
    ids.insert(max(place, 0), lesson_id)
    await scope.run(_ORDER, of_course=course_id, ids=ids, into=section_id)


async def remove(scope: Scope, lesson_id: UUID) -> None:
    """Delete a lesson with everybody's progress in it; its files stay."""
    scope.require(Action.COURSE_EDIT)
    if await scope.run(_DELETE, at=lesson_id) == 0:
        raise NotFound()
    await audit.record(scope, "lesson.remove", lesson_id)
    scope.reindex("lesson", lesson_id)


async def _edited(scope: Scope, before: Record, clean: Mapping[str, Any]) -> dict[str, Any]:
    """The lesson's fields after an edit; its film, once examined, says for itself how long it is."""
    kept = {name: before[name] for name in _SET}
    if clean.get("file_id", before["file_id"]) != before["file_id"]:
        kept |= await lesson_fields.without_film(scope, before["kind"], before)
    values = kept | dict(clean)
    return values | await lesson_fields.of_film(scope, before["kind"], values)


async def _section(scope: Scope, course_id: UUID, section_id: UUID | None) -> UUID:
    """The section itself if it is of the course, else the last one."""
    there = [row["id"] for row in await sections.of_course(scope, course_id)]
    if section_id is None:
        last: UUID = there[-1] if there else (await sections.add(scope, course_id, "Lessons"))["id"]
        return last
    if section_id not in there:
        raise NotFound("This course has no such section.")
    return section_id
