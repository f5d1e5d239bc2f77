"""Insiders: who is in a private room, and whom its batch brings into a room of a batch."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, Uuid, bindparam, delete, exists, literal, select, tuple_

from tenants import audit, notices
from tenants.community import bell, rooms
from tenants.community.rooms import LET_IN, ROOM_MEMBERS
from tenants.courses.enrollments import ENROLLMENTS
from tenants.errors import Invalid, NotFound
from tenants.ids import MemberId, PersonId, RoomId, new_id
from tenants.members.members import BANNED, MEMBERS, called_so
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped, within

_TAKE_OUT = scoped(
    delete(ROOM_MEMBERS).where(
        ROOM_MEMBERS.c.room_id == bindparam("room_id"), ROOM_MEMBERS.c.member_id == bindparam("member_id")
    )
)
_PERSON = scoped(
    select(MEMBERS.c.person_id, MEMBERS.c.left_at.is_(None).label("here")).where(MEMBERS.c.id == bindparam("member_id"))
)
_M, _I, _E = MEMBERS.c, ROOM_MEMBERS.c, ENROLLMENTS.c
_SHOWN = (_M.id, _M.name, _M.role, _M.avatar, _M.folded.label("sorted"))
_ROOM_ID = bindparam("room_id", type_=Uuid())
_PLACE = tuple_(bindparam("after", type_=Text()), bindparam("after_id", type_=Uuid()))


def _by_name(rows: Select[Any]) -> Scoped:
    """A page of them by name, of whom a word begins with `start`; with an empty one, of all."""
    behind = tuple_(_M.folded, _M.id) > _PLACE
    return scoped(
        rows.where(_M.left_at.is_(None), called_so("start"), behind)
        .order_by(_M.folded, _M.id)
        .limit(bindparam("limit"))
    )


_LISTED = _by_name(select(*_SHOWN).join_from(ROOM_MEMBERS, MEMBERS).where(_I.room_id == _ROOM_ID))
_BROUGHT = _by_name(
    select(*_SHOWN)
    .join_from(ENROLLMENTS, MEMBERS)
    .where(_E.batch_id == bindparam("batch_id", type_=Uuid()), _E.state == "active")
)
_INSIDE = within(select(literal(1)).where(_I.room_id == _ROOM_ID, _I.member_id == _M.id).correlate(MEMBERS))
_OUTSIDE = _by_name(select(*_SHOWN).where(~BANNED, ~exists(_INSIDE)))


async def let_in(scope: Scope, room_id: UUID, member_id: MemberId) -> None:
    """Put a member into a private room, however often; NotFound for who has left the channel."""
    scope.require(Action.ROOM_EDIT)
    await _private(scope, room_id)
    who = await scope.first(_PERSON, member_id=member_id)
    if who is None or not who["here"]:
        raise NotFound("There is no such member here.", "no_such_member")
    if not await scope.run(LET_IN, id=new_id(), room_id=room_id, member_id=member_id):
        return
    await _tell(scope, PersonId(who["person_id"]))
    await audit.record(scope, "room.let_in", room_id, member=str(member_id))


async def take_out(scope: Scope, room_id: UUID, member_id: MemberId) -> None:
    """Take a member out of a private room, their sockets too; NotFound when they are not in it."""
    scope.require(Action.ROOM_EDIT)
    await _private(scope, room_id)
    if not await scope.run(_TAKE_OUT, room_id=room_id, member_id=member_id):
        raise NotFound("That member is not in this room.")
    person_id = PersonId(await scope.value(_PERSON, member_id=member_id))
    scope.announce(notices.room_left(person_id, RoomId(room_id)))
    await _tell(scope, person_id)
    await audit.record(scope, "room.take_out", room_id, member=str(member_id))


async def page(
    scope: Scope, room_id: UUID, *, called: str = "", after: tuple[str, UUID] | None = None, limit: int = 50
) -> list[Record]:  # fmt: skip
    """Who is in a private room, by name, of whom a word begins with `called`: `id, name, role, avatar, sorted`.

    Of a batch's room, to those who edit rooms, whom the batch brings. Invalid for a room of another kind.
    """
    room = await rooms.find(scope, room_id)
    place, after_id = after or ("", UUID(int=0))
    asked = {"start": called, "after": place, "after_id": after_id, "limit": limit}
    if room["kind"] == "batch":
        scope.require(Action.ROOM_EDIT)
        return await scope.all(_BROUGHT, batch_id=room["batch_id"], **asked)
    _require_private(room)
    return await scope.all(_LISTED, room_id=room_id, **asked)


async def outside(scope: Scope, room_id: UUID, called: str, limit: int = 20) -> list[Record]:
    """The first members who are not in a private room, and of whom a word begins with `called`; as `page` has them."""
    scope.require(Action.ROOM_EDIT)
    await _private(scope, room_id)
    asked = {"start": called, "after": "", "after_id": UUID(int=0), "limit": limit}
    return await scope.all(_OUTSIDE, room_id=room_id, **asked)


async def _tell(scope: Scope, person_id: PersonId) -> None:
    """Open pages of a person show that they see a room now, or no more; their bell counts nothing of a lost one."""
    scope.announce(notices.rooms_changed(person_id))
    await bell.recount_for(scope, person_id)


async def _private(scope: Scope, room_id: UUID) -> None:
    _require_private(await rooms.find(scope, room_id))


def _require_private(room: Record) -> None:
    if room["kind"] != "private":
        raise Invalid.field("/room", "not_private", "Only a private room has a list of who is in it.")
