"""Changes: what has happened lately in a room, for those who were away or may not have heard of it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Float, bindparam, func, or_

from tenants import notices
from tenants.community import rooms
from tenants.community.message_table import MESSAGES
from tenants.community.messages import AFTER, IN_ROOM, plain
from tenants.ids import MessageId, RoomId
from tenants.notices import Notice
from tenants.scope import Record, Scope
from tenants.statements import scoped

SYNC_PAGE, SYNC_LIMIT = 100, 500
_THEN = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, bindparam("seconds", type_=Float()))
_SINCE = scoped(
    IN_ROOM.where(
        MESSAGES.c.seq > bindparam("after"),
        or_(*(MESSAGES.c[change] > _THEN for change in ("created_at", "edited_at", "deleted_at", "hidden_at"))),
    ).order_by(MESSAGES.c.seq)
)


async def sync(scope: Scope, room_id: UUID, after: int) -> tuple[Sequence[Record], int, bool]:
    """What came after a seq, at most 100; the room's head; and whether it is too much to catch up with (over 500)."""
    room = await rooms.find(scope, room_id)
    if room["head_seq"] - after > SYNC_LIMIT:
        return [], room["head_seq"], True
    return await scope.all(AFTER, room_id=room_id, after=after, limit=SYNC_PAGE), room["head_seq"], False


async def since(scope: Scope, room_id: RoomId, after: int, seconds: float) -> list[Notice]:
    """What was posted, edited, hidden and deleted within so many seconds, above a `seq`, in the words of the wire."""
    rows = await scope.all(_SINCE, room_id=room_id, after=after, seconds=seconds)
    posted = [notices.message_posted(room_id, plain(row)) for row in rows]
    edited = [notices.message_edited(room_id, plain(row)) for row in rows if row["edited_at"]]
    gone = [(MessageId(UUID(row["id"])), row["seq"]) for row in rows if row["deleted_at"]]
    hidden = [(MessageId(UUID(row["id"])), row["seq"]) for row in rows if row["hidden_at"]]
    return [
        *posted,
        *edited,
        *(notices.message_hidden(room_id, id_, seq) for id_, seq in hidden),
        *(notices.message_deleted(room_id, id_, seq) for id_, seq in gone),
    ]
