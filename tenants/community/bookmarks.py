"""Bookmarks: messages that a member keeps for themselves, found while the member may still see their room."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants import notices
from tenants.community import direct, messages, withheld
from tenants.community.message_table import MESSAGES
from tenants.community.messages import PAGE, SHOWN
from tenants.errors import Conflict, Said
from tenants.ids import MessageId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import EVER, LAST, Instant, binds, instant, owned, refers

MOST = 1000
BOOKMARKS = owned(
    "bookmarks",
    Column("message_id", Uuid, nullable=False),
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    instant("created_at", now=True),
    refers("message_id", "messages"),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)
_B = BOOKMARKS.c
_MINE = _B.member_id == bindparam("me", type_=Uuid())
_ADD = scoped(
    insert(BOOKMARKS)
    .values(**binds("id", "message_id", "room_id", "member_id"))
    .on_conflict_do_nothing(index_elements=["channel_id", "member_id", "message_id"])
)
_DROP = scoped(delete(BOOKMARKS).where(_B.message_id == bindparam("message_id"), _MINE))
_COUNT = scoped(select(func.count()).select_from(BOOKMARKS).where(_MINE))
_OF_ROOM = scoped(select(_B.message_id).where(_MINE, _B.room_id == bindparam("room_id")))
_LISTED = scoped(
    select(*SHOWN, _B.created_at.label("saved_at"), _B.id.label("bookmark_id"))
    .join_from(BOOKMARKS, MESSAGES, _B.message_id == MESSAGES.c.id)
    .join(MEMBERS, MESSAGES.c.member_id == MEMBERS.c.id)
    .where(_MINE, _B.room_id == func.any(bindparam("rooms", type_=ARRAY(Uuid))))
    .where(
        tuple_(_B.created_at, _B.id) < tuple_(bindparam("before", type_=Instant), bindparam("before_id", type_=Uuid()))
    )
    .order_by(_B.created_at.desc(), _B.id.desc())
    .limit(bindparam("limit"))
)


async def put(scope: Scope, message_id: UUID, *, on: bool) -> None:
    """Keep a message for oneself, or no more, however often; NotFound for no message here, Conflict above 1,000."""
    if on:
        await _add(scope, message_id)
        changed = True
    else:
        scope.require(Action.ROOM_JOIN)
        changed = bool(await scope.run(_DROP, message_id=message_id, me=scope.member_id()))
        if not changed:
            # What one keeps goes even where one sees it no more; what was not kept is to be a message that one sees.
            await messages.hold(scope, message_id, in_archive=True)
    person = scope.actor.person_id
    if changed and person:
        scope.announce(notices.bookmark_changed(person, MessageId(message_id), on=on))


async def _add(scope: Scope, message_id: UUID) -> None:
    held = await messages.hold(scope, message_id, in_archive=True)
    scope.require(Action.ROOM_JOIN)
    withheld.require_words(held)
    place = {"message_id": message_id, "room_id": held["room_id"], "member_id": scope.member_id()}
    await scope.run(_ADD, id=new_id(), **place)
    if await scope.value(_COUNT, me=scope.member_id()) > MOST:
        raise Conflict(Said("You have %(most)s saved messages: let one go first.", most=MOST), "too_many_bookmarks")


async def of_room(scope: Scope, room_id: UUID) -> list[UUID]:
    """The messages of a room that the acting member keeps; none for anybody else."""
    me = scope.actor.member_id
    return [row["message_id"] for row in await scope.all(_OF_ROOM, me=me, room_id=room_id)] if me else []


async def listed(scope: Scope, *, before: tuple[datetime, UUID] | None = None, limit: int = PAGE) -> list[Record]:
    """What the acting member keeps, in rooms they see and their conversations, the latest first.

    Each is the message with `saved_at` and `bookmark_id`; `before` is where the page before this one ended.
    """
    scope.require(Action.ROOM_JOIN)
    seen = [row["id"] for row in await direct.readable(scope)]
    at, bookmark_id = before or (EVER, LAST)
    place = {"before": at, "before_id": bookmark_id, "rooms": seen}
    return await scope.all(_LISTED, me=scope.actor.member_id, **place, limit=limit)
