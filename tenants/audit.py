"""The audit: an append-only chain per channel; each row's SHA-256 covers the one before it."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, bindparam, func, insert, select

from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, text

AUDIT = owned(
    "audit",
    Column("seq", BigInteger, nullable=False),
    instant("at", now=True),
    text("actor"),
    text("action"),
    text("target"),
    Column("data", Json, nullable=False, server_default="{}"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
# The trigger `audit_chain` fills seq, previous and hash, so that no caller can choose them.
_APPEND = scoped(insert(AUDIT).values(**binds("id", "actor", "action", "target", "data")))
_PAGE = scoped(
    select(AUDIT.c.seq, AUDIT.c.at, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.target, AUDIT.c.data, AUDIT.c.hash)
    .where(AUDIT.c.seq < bindparam("before"))
    .order_by(AUDIT.c.seq.desc())
    .limit(bindparam("limit"))
)
_FACTS = (AUDIT.c.channel_id, AUDIT.c.id, AUDIT.c.seq, func.extract("epoch", AUDIT.c.at))
_WORDS = func.concat_ws("\x1f", *_FACTS, AUDIT.c.actor, AUDIT.c.action, AUDIT.c.target, AUDIT.c.data)
_CHAIN = scoped(
    select(
        AUDIT.c.seq,
        AUDIT.c.previous,
        AUDIT.c.hash,
        func.sha256(AUDIT.c.previous.op("||")(func.convert_to(_WORDS, "UTF8"))).label("right"),
    ).order_by(AUDIT.c.seq)
)


async def record(scope: Scope, action: str, target: UUID | str, **data: Any) -> None:
    """Add a line: the scope's actor did `action` to `target`. Ids in `data`, never personal facts."""
    await scope.run(_APPEND, id=new_id(), actor=scope.actor.describe(), action=action, target=str(target), data=data)


async def page(scope: Scope, *, before: int | None = None, limit: int = 50) -> list[Record]:
    """The newest lines before a `seq`, newest first; needs the right to read the audit."""
    scope.require(Action.AUDIT_READ)
    return await scope.all(_PAGE, before=before or 2**62, limit=limit)


async def first_broken(scope: Scope) -> int | None:
    """The `seq` at which the chain no longer holds (edited, or a line is missing), or None when it is whole."""
    scope.require(Action.AUDIT_READ)
    previous, expected = b"", 1
    for row in await scope.all(_CHAIN):
        if row["seq"] != expected or row["previous"] != previous or row["hash"] != row["right"]:
            return int(expected)
        previous, expected = row["hash"], expected + 1
    return None
