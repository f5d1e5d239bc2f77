"""What a member has begun to write and not sent: the rows, and their end with the membership.

`community/unsent.py` has the rules of who reads and writes them where.
"""

from uuid import UUID

from sqlalchemy import BigInteger, Column, Uuid, bindparam, delete
from sqlalchemy.dialects.postgresql import ARRAY

from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import instant, owned, refers, text

UNSENT = owned(
    "unsent",
    Column("member_id", Uuid, nullable=False),
    Column("room_id", Uuid, nullable=False),
    # The first message of the thread that it is meant for.
    Column("reply_to", Uuid),
    # The thread, or else the room: a member has one for each.
    Column("place_id", Uuid, nullable=False),
    text("body"),
    # Those uploaded for it, in order; what was sent or swept meanwhile is passed over by who reads them.
    Column("files", ARRAY(Uuid), nullable=False, server_default="{}"),
    Column("version", BigInteger, nullable=False),
    instant("written_at", now=True),
    refers("member_id", "members"),
    refers("room_id", "rooms"),
    refers("reply_to", "messages"),
)
_FORGET = scoped(delete(UNSENT).where(UNSENT.c.member_id == bindparam("member_id")))


async def forget(scope: Scope, member_id: UUID) -> None:
    """Drop all that a member has begun to write: they are shut out, or leave."""
    await scope.run(_FORGET, member_id=member_id)
