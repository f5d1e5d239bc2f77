"""Places in a room's talk: a page around a message, and where a day begins; found by index, however long the room."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import bindparam, select

from tenants.community import messages
from tenants.community.message_table import MESSAGES
from tenants.community.messages import PAGE
from tenants.members import zones
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Instant

# No room is older, and no clock of ours will go beyond.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9000, 1, 1)
FROM_THEN_ON = scoped(
    select(MESSAGES.c.seq)
    .where(MESSAGES.c.room_id == bindparam("room_id"), MESSAGES.c.created_at >= bindparam("then", type_=Instant))
    .order_by(MESSAGES.c.created_at, MESSAGES.c.seq)
    .limit(1)
)


async def around(scope: Scope, room_id: UUID, seq: int, limit: int = PAGE) -> list[Record]:
    """At most `limit` messages about a `seq`, as many before it as after, for a caller that was given the room.

    Near an end of the room there are fewer.
    """
    before = await messages.page_of_seen(scope, room_id, before=seq, limit=limit // 2)
    return before + await messages.page_of_seen(scope, room_id, after=seq - 1, limit=limit - limit // 2)


async def day_begins(scope: Scope, room_id: UUID, day: date) -> int | None:
    """The `seq` of a day's first message, or of the next one after; a day is that of the actor's zone.

    None when nothing was said from then on.
    """
    zone = await zones.own(scope)
    then = datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), time.min, zone).astimezone(UTC)
    found: int | None = await scope.value(FROM_THEN_ON, room_id=room_id, then=then)
    return found
