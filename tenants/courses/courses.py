"""Courses: what is taught. A draft is seen by those who edit; a published one by everybody."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Integer, Text, Uuid, bindparam, delete, func, insert, or_, select, update

from tenants import audit
from tenants.channels.slugs import clean_slug
from tenants.courses.versions import check_version
from tenants.errors import Conflict, Invalid
from tenants.files import files
from tenants.ids import new_id
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import Json, binds, instant, owned, refers, text
from tenants.texts import clean_line, clean_text, render_long

COURSES = owned(
    "courses",
    text("slug"),
    text("title"),
    text("summary", default=""),
    text("about", default=""),
    text("about_html", default=""),
    Column("outcomes", Json, nullable=False, server_default="[]"),
    Column("thumbnail_id", Uuid),
    text("state", default="draft"),
    Column("version", Integer, nullable=False, server_default="1"),
    instant("created_at", now=True),
    instant("updated_at", now=True),
    instant("published_at"),
    Column("price_amount", Integer),
    Column("price_currency", Text),
    refers("thumbnail_id", "files"),
)
MOST_COURSES = 200
MOST_OUTCOMES = 12
ABOUT_BYTES = 50 * 1024
_C = COURSES.c
_SET = ("slug", "title", "summary", "about", "about_html", "outcomes", "thumbnail_id")
_SHOWN = (
    _C.id, *(_C[name] for name in _SET), _C.state, _C.version, _C.created_at, _C.updated_at, _C.published_at,
    _C.price_amount, _C.price_currency,
)  # fmt: skip
_SEEN = or_(_C.state == "published", bindparam("drafts", type_=Boolean()))
_READ = scoped(select(*_SHOWN).where(_C.id == bindparam("id"), _SEEN))
_AT_SLUG = scoped(select(*_SHOWN).where(_C.slug == bindparam("slug"), _SEEN))
_LOCKED = scoped(select(*_SHOWN).where(_C.id == bindparam("id")).with_for_update())
_PAGE = scoped(select(*_SHOWN).where(_SEEN, _C.id > bindparam("after")).order_by(_C.id).limit(bindparam("limit")))
_COUNT = scoped(select(func.count()).select_from(COURSES))
_ADD = scoped(insert(COURSES).values(**binds("id", *_SET)).returning(*_SHOWN))
_CHANGED = {"version": _C.version + 1, "updated_at": func.now()}
_EDIT = scoped(update(COURSES).where(_C.id == bindparam("at")).values(**binds(*_SET), **_CHANGED).returning(*_SHOWN))
_STATE = scoped(
    update(COURSES)
    .where(_C.id == bindparam("at"))
    .values(**binds("state"), **_CHANGED, published_at=func.coalesce(_C.published_at, func.now()))
    .returning(*_SHOWN)
)
# Written out because lessons are built upon courses: their table is not known here.
_LESSONS = Scoped("select id from lessons where channel_id = $1 and course_id = $2", ("channel_id", "course_id"), {})
_DELETE = scoped(delete(COURSES).where(_C.id == bindparam("at")))


def may_edit(scope: Scope) -> bool:
    """Whether the actor sees drafts and may change courses."""
    return why(scope.actor, Action.COURSE_EDIT).allowed


async def page(scope: Scope, *, after: UUID | None = None, limit: int = 50) -> list[Record]:
    """Courses in the order of their birth, after the course `after`; drafts for those who edit."""
    return await scope.all(_PAGE, drafts=may_edit(scope), after=after or UUID(int=0), limit=limit)


async def read(scope: Scope, course_id: UUID) -> Record:
    """One course, with `about_html`; NotFound for a draft to those who do not edit."""
    return await scope.one(_READ, id=course_id, drafts=may_edit(scope))


async def read_at(scope: Scope, slug: str) -> Record:
    """One course by its slug; NotFound for a draft to those who do not edit."""
    return await scope.one(_AT_SLUG, slug=slug, drafts=may_edit(scope))


async def add(scope: Scope, title: str, slug: str, changes: Mapping[str, Any] | None = None) -> Record:
    """A new draft; `changes` may set `summary, about, outcomes, thumbnail_id`. Conflict when the slug is taken."""
    scope.require(Action.COURSE_EDIT)
    clean = await _clean(scope, {**(changes or {}), "title": title, "slug": slug})
    if await scope.value(_COUNT) >= MOST_COURSES:
        raise Conflict(f"A channel holds at most {MOST_COURSES} courses.", "too_many_courses")
    row = await _written(scope, _ADD, {"id": new_id(), **_DEFAULTS, **clean})
    await audit.record(scope, "course.add", row["id"])
    scope.reindex("course", row["id"])
    return row


async def edit(scope: Scope, course_id: UUID, version: int, changes: Mapping[str, Any]) -> Record:
    """Set what is given; Conflict `changed_meanwhile` unless `version` is the course's present one."""
    scope.require(Action.COURSE_EDIT)
    clean = await _clean(scope, changes)
    before = await scope.one(_LOCKED, id=course_id)
    check_version(before, version)
    values = {name: before[name] for name in _SET} | clean
    row = await _written(scope, _EDIT, {"at": course_id, **values})
    scope.reindex("course", course_id)
    return row


async def publish(scope: Scope, course_id: UUID, *, published: bool = True) -> Record:
    """Show the course to everybody, or take it back to a draft; again: nothing more happens."""
    scope.require(Action.COURSE_EDIT)
    before = await scope.one(_LOCKED, id=course_id)
    state = "published" if published else "draft"
    if before["state"] == state:
        return before
    row = await scope.one(_STATE, at=course_id, state=state)
    await audit.record(scope, f"course.{'publish' if published else 'withdraw'}", course_id)
    await _reindex(scope, course_id)
    return row


async def remove(scope: Scope, course_id: UUID) -> None:
    """Delete a draft with its sections and lessons; Conflict for a published one, or one that students are in."""
    scope.require(Action.COURSE_EDIT)
    before = await scope.one(_LOCKED, id=course_id)
    if before["published_at"] is not None:
        raise Conflict("Students may have begun this course. Take it back to a draft instead.", "was_published")
    await _reindex(scope, course_id)
    await scope.run(_DELETE, at=course_id)
    await audit.record(scope, "course.remove", course_id)


async def _reindex(scope: Scope, course_id: UUID) -> None:
    """Have the index follow the course with its lessons, which are found only while it is published."""
    scope.reindex("course", course_id)
    for row in await scope.all(_LESSONS, course_id=course_id):
        scope.reindex("lesson", row["id"])


async def _written(scope: Scope, statement: Scoped, values: Mapping[str, Any]) -> Record:
    try:
        return await scope.one(statement, **values)
    except Conflict:
        message = f"Another course here has the address “{values['slug']}”. Choose another one."
        raise Conflict(message, "slug_taken") from None


async def _clean(scope: Scope, given: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(given)
    if unknown := clean.keys() - set(_SET) - {"about_html"}:
        raise Invalid.field(f"/{min(unknown)}", "unknown", "A course has no such field. Leave it out.")
    if "title" in clean:
        clean["title"] = clean_line(clean["title"], "/title")
    if "slug" in clean:
        clean["slug"] = clean_slug(clean["slug"])
    if "summary" in clean:
        clean["summary"] = clean_line(clean["summary"], "/summary", longest=300, shortest=0)
    if "about" in clean:
        clean["about"] = clean_text(clean["about"], "/about", most_bytes=ABOUT_BYTES)
        clean["about_html"] = await render_long(clean["about"], "/about")
    if "outcomes" in clean:
        clean["outcomes"] = clean_outcomes(clean["outcomes"])
    if clean.get("thumbnail_id") is not None:
        await files.ready(scope, clean["thumbnail_id"], ("thumbnail", "cover"), "/thumbnail_id")
    return clean


def clean_outcomes(outcomes: Any) -> list[dict[str, str]]:
    """`[{act, proof}]`: what one can do afterwards, and how one knows."""
    if len(outcomes) > MOST_OUTCOMES:
        raise Invalid.field("/outcomes", "too_many", f"Name at most {MOST_OUTCOMES} outcomes.")
    return [
        {
            "act": clean_line(outcome.get("act", ""), f"/outcomes/{place}/act", longest=160),
            "proof": clean_line(outcome.get("proof", ""), f"/outcomes/{place}/proof", longest=200, shortest=0),
        }
        for place, outcome in enumerate(outcomes)
    ]


_DEFAULTS: dict[str, Any] = {"summary": "", "about": "", "about_html": "", "outcomes": [], "thumbnail_id": None}
