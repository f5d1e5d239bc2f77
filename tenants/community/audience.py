"""The audience of a room: the members beside the talk, and those whom a message there may mention."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, and_, bindparam, case, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from tenants.community import blocks, mentions, sanctions
from tenants.community.mentions import Meant
from tenants.community.rooms import DIRECT, ROOM_MEMBERS, ROOMS, STAFF, UNASKED
from tenants.courses.enrollments import ENROLLMENTS
from tenants.members.members import BANNED, MEMBERS
from tenants.permissions import Action, Role, why
from tenants.scope import Record, Scope
from tenants.statements import scoped, within

MOST_SHOWN = 60
_STUDENTS_LAST = case({role.value: place for place, role in enumerate(STAFF)}, value=MEMBERS.c.role, else_=len(STAFF))
_FIRST = scoped(
    select(MEMBERS.c.id, MEMBERS.c.name, MEMBERS.c.role, MEMBERS.c.avatar, func.count().over().label("total"))
    .where(MEMBERS.c.left_at.is_(None), ~BANNED)
    .order_by(_STUDENTS_LAST, MEMBERS.c.id)
    .limit(bindparam("limit"))
)


def _is_one_of(*roles: Role) -> ColumnElement[bool]:
    return or_(*(MEMBERS.c.role == role.value for role in roles))


def seeing(kind: Any, room_id: Any, batch_id: Any) -> ColumnElement[bool]:
    """The rule of `rooms.may_see` for members who are here, in SQL: each row of MEMBERS and one room's facts.

    Of a direct room, those alone who have accepted it: it rings for nobody else.
    """
    inside = within(
        select(literal(1)).where(ROOM_MEMBERS.c.room_id == room_id, ROOM_MEMBERS.c.member_id == MEMBERS.c.id)
        .correlate(MEMBERS, ROOMS)
    )  # fmt: skip
    enrolled = within(
        select(literal(1)).where(
            ENROLLMENTS.c.batch_id == batch_id, ENROLLMENTS.c.member_id == MEMBERS.c.id, ENROLLMENTS.c.state == "active"
        ).correlate(MEMBERS, ROOMS)
    )  # fmt: skip
    return or_(
        and_(*(kind != asked for asked in UNASKED)),
        and_(kind == "private", or_(_is_one_of(*UNASKED["private"]), exists(inside))),
        and_(kind == DIRECT, exists(inside.where(ROOM_MEMBERS.c.state == "in"))),
        and_(kind == "batch", or_(_is_one_of(*UNASKED["batch"]), exists(enrolled))),
    )


SEES = seeing(
    *(bindparam(name, type_=type_) for name, type_ in (("kind", Text()), ("room_id", Uuid()), ("batch_id", Uuid())))
)
PRESENT = and_(MEMBERS.c.left_at.is_(None), ~BANNED)
# Whoever has blocked the writer is named in the words as anybody is, and hears nothing of it.
_DEAF = blocks.deaf_to(bindparam("me", type_=Uuid()))
# Nobody is renamed until this transaction ends, so that the rename finds the names that are written now.
_NAMED = scoped(
    select(MEMBERS.c.id, MEMBERS.c.name, and_(PRESENT, SEES).label("reached"), _DEAF.label("deaf"))
    .where(MEMBERS.c.id == func.any(bindparam("member_ids", type_=ARRAY(Uuid))))
    .order_by(MEMBERS.c.id)
    .with_for_update(read=True, of=MEMBERS)
)
_TEACHERS = scoped(
    select(MEMBERS.c.id)
    .where(_is_one_of(*mentions.TEACHING), PRESENT, SEES, ~_DEAF)
    .order_by(MEMBERS.c.id)
    .limit(mentions.MOST)
)


async def first(scope: Scope, limit: int = MOST_SHOWN) -> list[Record]:
    """The first members: `id, name, role, avatar, total`, where `total` counts all."""
    scope.require(Action.MEMBER_LIST)
    return await scope.all(_FIRST, limit=limit)


async def meant(scope: Scope, room: Record, rendered: str) -> Meant:
    """Name the mentions in a draft's HTML, and tell whom it is counted for in this room, at most 50 by name.

    Nobody is counted who may not see the room, who has left, has blocked the writer, or who writes. `@room` needs
    `message.mention_all`, and no raid. What a program writes calls nobody. The room comes with its `restraints`.
    """
    asked = mentions.called(rendered)
    if asked is None:
        return Meant(rendered)
    facts = {"room_id": room["id"], "kind": room["kind"], "batch_id": room["batch_id"]}
    place = facts | {"me": scope.actor.member_id}
    rows = await scope.all(_NAMED, member_ids=list(asked.members), **place) if asked.members else []
    names = {row["id"]: row["name"] for row in rows}
    if scope.actor.program is not None:
        return Meant(mentions.settle(rendered, names, (), ()))
    reached = _first_asked(asked.members, rows)
    calls_all = why(scope.actor, Action.MESSAGE_MENTION_ALL).allowed and not sanctions.raided(room)
    groups = asked.groups if calls_all else asked.groups - {mentions.ROOM}
    deaf = {row["id"] for row in rows if row["deaf"]}
    members: list[UUID | None] = [each for each in reached if each not in deaf]
    if mentions.TEACHERS in groups:
        members += [row["id"] for row in await scope.all(_TEACHERS, **place)]
    counted = [each for each in dict.fromkeys(members) if each != scope.actor.member_id]
    whole: list[UUID | None] = [None] if mentions.ROOM in groups else []
    return Meant(mentions.settle(rendered, names, reached, groups), (*whole, *counted))


def _first_asked(asked: Sequence[UUID], rows: Sequence[Record]) -> list[UUID]:
    """Those who are reached, in the order they were named; the rest is named in plain text."""
    there = {row["id"] for row in rows if row["reached"]}
    return [each for each in asked if each in there][: mentions.MOST]
