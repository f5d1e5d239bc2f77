"""Insiders: who is in a private room."""

from uuid import UUID

from sqlalchemy import bindparam, delete, select

from tenants import audit, notices
from tenants.community import rooms
from tenants.community.rooms import LET_IN, ROOM_MEMBERS
from tenants.errors import Invalid, NotFound
from tenants.ids import MemberId, PersonId, RoomId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped

_TAKE_OUT = scoped(
    delete(ROOM_MEMBERS).where(
        ROOM_MEMBERS.c.room_id == bindparam("room_id"), ROOM_MEMBERS.c.member_id == bindparam("member_id")
    )
)
_PERSON = scoped(select(MEMBERS.c.person_id).where(MEMBERS.c.id == bindparam("member_id")))
_INSIDERS = scoped(
    select(MEMBERS.c.id, MEMBERS.c.name)
    .join_from(ROOM_MEMBERS, MEMBERS)
    .where(ROOM_MEMBERS.c.room_id == bindparam("room_id"))
    .order_by(MEMBERS.c.id)
)


async def let_in(scope: Scope, room_id: UUID, member_id: MemberId) -> None:
    """Put a member into a private room, however often."""
    scope.require(Action.ROOM_EDIT)
    await _private(scope, room_id)
    await scope.run(LET_IN, id=new_id(), room_id=room_id, member_id=member_id)
    await audit.record(scope, "room.let_in", room_id, member=str(member_id))


async def take_out(scope: Scope, room_id: UUID, member_id: MemberId) -> None:
    """Take a member out of a private room, their sockets too; NotFound when they are not in it."""
    scope.require(Action.ROOM_EDIT)
    await _private(scope, room_id)
    if not await scope.run(_TAKE_OUT, room_id=room_id, member_id=member_id):
        raise NotFound("That member is not in this room.")
    scope.announce(notices.room_left(PersonId(await scope.value(_PERSON, member_id=member_id)), RoomId(room_id)))
    await audit.record(scope, "room.take_out", room_id, member=str(member_id))


async def page(scope: Scope, room_id: UUID) -> list[Record]:
    """Who is in a private room: `id, name`."""
    await _private(scope, room_id)
    return await scope.all(_INSIDERS, room_id=room_id)


async def _private(scope: Scope, room_id: UUID) -> Record:
    room = await rooms.find(scope, room_id)
    if room["kind"] != "private":
        raise Invalid.field("/room", "not_private", "Only a private room has a list of who is in it.")
    return room
