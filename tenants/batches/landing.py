"""The landing page's facts in one query: the channel, its published courses with outlines, coming batches, teachers."""

from typing import Any

import orjson
from sqlalchemy import Column, Text, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.sql.elements import ColumnElement

from tenants.batches.batches import BATCHES, TAKEN
from tenants.channels.channels import CHANNELS
from tenants.courses.courses import COURSES
from tenants.courses.lessons import LESSONS
from tenants.courses.sections import SECTIONS
from tenants.members.members import BANNED, MEMBERS
from tenants.permissions import Role
from tenants.scope import Record, Scope
from tenants.statements import AnySelect, scoped, within

MOST_COURSES, MOST_BATCHES, MOST_TEACHERS = 12, 12, 12
_B, _C, _L, _M, _S, _H = BATCHES.c, COURSES.c, LESSONS.c, MEMBERS.c, SECTIONS.c, CHANNELS.c


def _object(*columns: "Column[Any]", **others: ColumnElement[Any]) -> ColumnElement[Any]:
    named = {column.name: column for column in columns} | others
    return func.jsonb_build_object(
        *(part for name, column in named.items() for part in (literal(str(name), Text), column))
    )


def _list(item: ColumnElement[Any], *order: Any) -> ColumnElement[Any]:
    return func.coalesce(func.jsonb_agg(aggregate_order_by(item, *order)), literal([], JSONB))


def _rows(inner: AnySelect) -> ColumnElement[Any]:
    """A select's rows as a JSON list, in its own order."""
    rows = within(inner).subquery()
    return select(_list(func.to_jsonb(rows.table_valued()), rows.c.place)).scalar_subquery()


_LESSON = _object(_L.id, _L.title, _L.kind, _L.duration_seconds, _L.free)
_LESSONS = (
    within(
        select(_list(_LESSON, _L.position, _L.id)).where(
            _L.channel_id == _S.channel_id, _L.section_id == _S.id, _L.state == "published"
        )
    )
    .correlate(SECTIONS)
    .scalar_subquery()
)
_SECTIONS = (
    within(
        select(_list(_object(_S.id, _S.title, lessons=_LESSONS), _S.position, _S.id)).where(
            _S.channel_id == _C.channel_id, _S.course_id == _C.id
        )
    )
    .correlate(COURSES)
    .scalar_subquery()
)
_COURSES = _rows(
    select(
        func.row_number().over(order_by=(_C.published_at.desc(), _C.id)).label("place"),
        _C.id, _C.slug, _C.title, _C.summary, _C.about_html, _C.outcomes, _C.thumbnail_id, _SECTIONS.label("sections"),
        _C.price_amount, _C.price_currency,
    )
    .where(_C.state == "published")
    .order_by("place")
    .limit(MOST_COURSES)
)  # fmt: skip
_BATCHES = _rows(
    select(
        func.row_number().over(order_by=(_B.starts_on, _B.id)).label("place"),
        _B.id, _B.course_id, _B.name, _B.starts_on, _B.ends_on, _B.seats, _B.time_zone, TAKEN.label("taken"),
        _B.price_amount, _B.price_currency,
    )
    .select_from(BATCHES.join(COURSES, (_C.channel_id == _B.channel_id) & (_C.id == _B.course_id)))
    .where(_C.state == "published", _B.state == "open", or_(_B.ends_on.is_(None), _B.ends_on >= func.current_date()))
    .order_by("place")
    .limit(MOST_BATCHES)
)  # fmt: skip
_TEACHERS = _rows(
    select(func.row_number().over(order_by=_M.id).label("place"), _M.id, _M.name, _M.role)
    .where(or_(_M.role == Role.OWNER.value, _M.role == Role.TEACHER.value), _M.left_at.is_(None), ~BANNED)
    .order_by("place")
    .limit(MOST_TEACHERS)
)
_FACTS = (
    _H.id, _H.slug, _H.name, _H.tagline, _H.about, _H.locale, _H.time_zone, _H.host, _H.listed, _H.updated_at,
)  # fmt: skip
_TREES: dict[str, ColumnElement[Any]] = {
    "brand": _H.brand, "landing": _H.landing, "courses": _COURSES, "batches": _BATCHES, "teachers": _TEACHERS,
}  # fmt: skip
_LANDING = scoped(select(*_FACTS, *(tree.label(name) for name, tree in _TREES.items())))
# The wire takes JSON as the database writes it, without a decode and an encode on the way.
_WRITTEN = scoped(select(*_FACTS, *(cast(tree, Text).label(name) for name, tree in _TREES.items())))


async def read(scope: Scope) -> Record:
    """What anybody may see of the channel: its settings, and as lists of JSON objects its

    `courses` (`id, slug, title, summary, about_html, outcomes, thumbnail_id, sections: [{id, title, lessons: [{id,
    title, kind, duration_seconds, free}]}]`), `batches` still to come (`id, course_id, name, starts_on, ends_on,
    seats, taken, time_zone`) and `teachers` (`id, name, role`); ids and dates are texts. Both courses and batches have
    `price_amount, price_currency`, null where none is asked, or for a batch what its course costs.
    """
    return await scope.one(_LANDING)


async def written(scope: Scope) -> bytes:
    """The same as JSON."""
    row = await scope.one(_WRITTEN)
    return orjson.dumps(dict(row) | {name: orjson.Fragment(row[name]) for name in _TREES}, default=str)
