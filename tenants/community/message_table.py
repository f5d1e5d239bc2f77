"""The table of messages, apart from what is done with them: what counts rooms reads it, too."""

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, ScalarSelect, Table, Text, Uuid, func, or_, select

from tenants.statements import within
from tenants.tables import Json, instant, owned, refers, text

MESSAGES = owned(
    "messages",
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("client_id", Uuid, nullable=False),
    # What wrote it, and as it was called then, where that is a program (`programs`); the member keeps its webhook.
    Column("program_id", Uuid),
    Column("program", Text),
    Column("seq", BigInteger, nullable=False),
    text("body"),
    text("html"),
    Column("reply_to", Uuid),
    Column("thread_count", Integer, nullable=False, server_default="0"),
    Column("thread_last_seq", BigInteger),
    instant("thread_last_at"),
    Column("reactions", Json, nullable=False, server_default="[]"),
    Column("files", Json, nullable=False, server_default="[]"),
    Column("preview", Json),
    Column("poll", Json),
    instant("created_at", now=True),
    instant("edited_at"),
    instant("deleted_at"),
    instant("hidden_at"),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
    refers("reply_to", "messages"),
)


def wordless(rooms: Table, after: ColumnElement[int]) -> ScalarSelect[int]:
    """How many messages of a room have lost their words after a seq, and wait for nobody to read them."""
    gone = or_(MESSAGES.c.hidden_at.is_not(None), MESSAGES.c.deleted_at.is_not(None))
    found = select(func.count()).where(MESSAGES.c.room_id == rooms.c.id, MESSAGES.c.seq > after, gone)
    return within(found.correlate(rooms)).scalar_subquery()
