"""Withheld words: what a message said before it was hidden or deleted, out of its row, so that no reader meets it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Boolean, Column, Text, Uuid, bindparam, cast, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from tenants.errors import Forbidden, NotFound
from tenants.ids import new_id
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import Json, instant, owned, refers, text

WITHHELD = owned(
    "withheld",
    Column("message_id", Uuid, nullable=False),
    text("body"),
    text("html"),
    Column("reactions", Json, nullable=False, server_default="[]"),
    Column("files", Json, nullable=False, server_default="[]"),
    Column("poll", Json),
    text("reason", default=""),
    # By a filter, until a moderator has looked at it.
    Column("held", Boolean, nullable=False, server_default="false"),
    # It was held as it was posted, so that no program has heard of it.
    Column("untold", Boolean, nullable=False, server_default="false"),
    instant("at", now=True),
    refers("message_id", "messages"),
)
HELD = "It waits for a moderator to look at it."
_W = WITHHELD.c
_OF = scoped(
    select(
        _W.message_id, _W.body, _W.html, _W.files, cast(_W.poll, Text).label("poll"), _W.reason, _W.held, _W.untold
    ).where(_W.message_id == bindparam("message_ids", type_=ARRAY(Uuid)).any_())
)
_KEEP = Scoped(
    "insert into withheld (channel_id, id, message_id, body, html, reactions, files, poll, reason, held, untold)"
    " select m.channel_id, $2, m.id, m.body, m.html, m.reactions, m.files, m.poll, $4, $5, $6 from messages m"
    " where m.channel_id = $1 and m.id = $3 on conflict (channel_id, message_id) do nothing",
    ("channel_id", "id", "message_id", "reason", "held", "untold"),
    {},
)
# A hidden message keeps its reactions: they say nothing of its words.
_HIDE = Scoped(
    "update messages set body = '', html = '', files = '[]', poll = null, hidden_at = now(),"
    " preview = case when preview = '{}' then preview end where channel_id = $1 and id = $2",
    ("channel_id", "message_id"),
    {},
)
_JUDGE = scoped(
    update(WITHHELD)
    .where(_W.message_id == bindparam("at"))
    .values(reason=bindparam("because"), held=bindparam("waits"))
)
_FORGET = scoped(delete(WITHHELD).where(_W.message_id == bindparam("message_id")))


def require_words(held: Record) -> None:
    """Pass when a message has its words; NotFound `message_deleted`, Forbidden `message_hidden` when not."""
    if held["deleted_at"] is not None:
        raise NotFound("This message was deleted.", "message_deleted")
    if held["hidden_at"] is not None:
        raise Forbidden("This message is hidden.", "message_hidden")


async def of(scope: Scope, message_ids: Sequence[UUID]) -> dict[UUID, Record]:
    """What is withheld of some messages, by message; whoever calls has seen that the reader may know it."""
    if not message_ids:
        return {}
    return {row["message_id"]: row for row in await scope.all(_OF, message_ids=list(message_ids))}


async def keep(
    scope: Scope, message_id: UUID, reason: str, *, held: bool = False, untold: bool = False
) -> None:  # fmt: skip
    """Keep what a message says now, beside the message; what is kept of it already stands."""
    await scope.run(_KEEP, id=new_id(), message_id=message_id, reason=reason, held=held, untold=untold)


async def take(
    scope: Scope, message_id: UUID, reason: str, *, held: bool = False, untold: bool = False
) -> None:  # fmt: skip
    """Take a message's words out of it, and keep them; `held` when it is a filter that does.

    `untold` when that is before any program has heard of it.
    """
    await keep(scope, message_id, reason, held=held, untold=untold)
    await scope.run(_HIDE, message_id=message_id)


async def judge(scope: Scope, message_id: UUID, reason: str, *, held: bool) -> None:
    """Say another reason why words are withheld, and whether they wait for a moderator."""
    await scope.run(_JUDGE, at=message_id, because=reason, waits=held)


async def is_held(scope: Scope, message_id: UUID) -> bool:
    """Whether a filter holds a message, and no moderator has decided yet."""
    row = (await of(scope, [message_id])).get(message_id)
    return row is not None and row["held"]


async def is_untold(scope: Scope, message_id: UUID) -> bool:
    """Whether a message is withheld since it was posted, so that no program has heard of it."""
    row = (await of(scope, [message_id])).get(message_id)
    return row is not None and row["untold"]


async def forget(scope: Scope, message_id: UUID) -> None:
    """Keep nothing of a message that was deleted."""
    await scope.run(_FORGET, message_id=message_id)
