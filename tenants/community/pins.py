"""Pins: messages that a room keeps in sight, at most 50; a message that was withheld is off the list while it is."""

from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from tenants import audit, notices
from tenants.community import messages, rooms, withheld
from tenants.community.message_table import MESSAGES
from tenants.community.messages import SHOWN
from tenants.errors import Conflict, Said
from tenants.ids import MessageId, RoomId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers

MOST = 50
PINS = owned(
    "pins",
    Column("message_id", Uuid, nullable=False),
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    instant("created_at", now=True),
    refers("message_id", "messages"),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)
_ROOM = PINS.c.room_id == bindparam("room_id", type_=Uuid())
_READABLE = (MESSAGES.c.deleted_at.is_(None), MESSAGES.c.hidden_at.is_(None))
_IN_ROOM = PINS.join(MESSAGES, PINS.c.message_id == MESSAGES.c.id)
_ADD = scoped(
    insert(PINS)
    .values(**binds("id", "message_id", "room_id", "member_id"))
    .on_conflict_do_nothing(index_elements=["channel_id", "message_id"])
)
_DROP = scoped(delete(PINS).where(PINS.c.message_id == bindparam("message_id")))
_ALL = scoped(select(func.count()).select_from(PINS).where(_ROOM))
_COUNT = scoped(select(func.count()).select_from(_IN_ROOM).where(_ROOM, *_READABLE))
_LATEST = (PINS.c.created_at.desc(), PINS.c.id.desc())
_IDS = scoped(select(MESSAGES.c.id).select_from(_IN_ROOM).where(_ROOM, *_READABLE).order_by(*_LATEST))
_LISTED = scoped(
    select(*SHOWN)
    .select_from(_IN_ROOM.join(MEMBERS, MESSAGES.c.member_id == MEMBERS.c.id))
    .where(_ROOM, *_READABLE)
    .order_by(*_LATEST)
)


async def put(scope: Scope, message_id: UUID, *, on: bool) -> None:
    """Pin a message in its room, or take it down, however often; Conflict when the room has 50 pins already."""
    held = await messages.hold(scope, message_id)
    scope.require(Action.MESSAGE_PIN)
    room_id = RoomId(held["room_id"])
    if not await _changed(scope, held, on=on):
        return
    if on and await scope.value(_ALL, room_id=room_id) > MOST:
        raise Conflict(
            Said("A room has at most %(most)s pinned messages: take one down first.", most=MOST), "too_many_pins"
        )
    await audit.record(scope, "message.pin" if on else "message.unpin", message_id)
    pinned = await count(scope, room_id)
    scope.announce(notices.pin_changed(room_id, MessageId(message_id), on=on, pinned=pinned))


async def _changed(scope: Scope, held: Record, *, on: bool) -> int:
    if not on:
        return await scope.run(_DROP, message_id=held["id"])
    withheld.require_words(held)
    place = {"message_id": held["id"], "room_id": held["room_id"], "member_id": scope.member_id()}
    return await scope.run(_ADD, id=new_id(), **place)


async def count(scope: Scope, room_id: UUID) -> int:
    """How many pinned messages of a room that was just seen can be read."""
    return int(await scope.value(_COUNT, room_id=room_id))


async def of_room(scope: Scope, room_id: UUID) -> list[UUID]:
    """The pinned messages of a room by their ids, as `listed` has them."""
    await rooms.find(scope, room_id)
    return [row["id"] for row in await scope.all(_IDS, room_id=room_id)]


async def listed(scope: Scope, room_id: UUID) -> list[Record]:
    """The pinned messages of a room, the latest pin first."""
    await rooms.find(scope, room_id)
    return await scope.all(_LISTED, room_id=room_id)
