"""Withheld words: what a message said before it was hidden or deleted, out of its row, so that no reader meets it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, delete, select
from sqlalchemy.dialects.postgresql import ARRAY

from tenants.errors import Forbidden, NotFound
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, instant, owned, refers, text

WITHHELD = owned(
    "withheld",
    Column("message_id", Uuid, nullable=False),
    text("body"),
    text("html"),
    Column("reactions", Json, nullable=False, server_default="[]"),
    Column("files", Json, nullable=False, server_default="[]"),
    text("reason", default=""),
    instant("at", now=True),
    refers("message_id", "messages"),
)
_W = WITHHELD.c
_OF = scoped(
    select(_W.message_id, _W.body, _W.html, _W.reason).where(
        _W.message_id == bindparam("message_ids", type_=ARRAY(Uuid)).any_()
    )
)
_FORGET = scoped(delete(WITHHELD).where(_W.message_id == bindparam("message_id")))


def require_words(held: Record) -> None:
    """Pass when a message has its words; NotFound `message_deleted`, Forbidden `message_hidden` when not."""
    if held["deleted_at"] is not None:
        raise NotFound("This message was deleted.", "message_deleted")
    if held["hidden_at"] is not None:
        raise Forbidden("A moderator has hidden this message.", "message_hidden")


async def of(scope: Scope, message_ids: Sequence[UUID]) -> dict[UUID, Record]:
    """What is withheld of some messages, by message; whoever calls has seen that the reader may know it."""
    if not message_ids:
        return {}
    return {row["message_id"]: row for row in await scope.all(_OF, message_ids=list(message_ids))}


async def forget(scope: Scope, message_id: UUID) -> None:
    """Keep nothing of a message that was deleted."""
    await scope.run(_FORGET, message_id=message_id)
