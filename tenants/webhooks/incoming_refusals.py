"""Refusals of incoming webhooks: what was sent to one and not taken, and what its sender was told; the last twenty."""

from uuid import UUID

from sqlalchemy import Column, Integer, Uuid, bindparam, delete, insert, select

from tenants.ids import new_id
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import binds, instant, owned, refers, text
from tenants.webhooks import incoming

MOST = 20
REFUSALS = owned(
    "incoming_refusals",
    Column("webhook_id", Uuid, nullable=False),
    instant("at", now=True),
    Column("status", Integer, nullable=False),
    text("code"),
    text("said"),
    # The `webhook-id` that it came with, whoever sent it.
    text("delivery", default=""),
    refers("webhook_id", "incoming_webhooks", on_delete="CASCADE"),
)
_R = REFUSALS.c
_OF = _R.webhook_id == bindparam("webhook_id", type_=Uuid())
_PAGE = scoped(
    select(_R.id, _R.at, _R.status, _R.code, _R.said, _R.delivery).where(_OF).order_by(_R.id.desc()).limit(MOST)
)
_ADD = scoped(insert(REFUSALS).values(**binds("id", "webhook_id", "status", "code", "said", "delivery")))
_KEPT = REFUSALS.alias("kept")
_FORGET = scoped(
    delete(REFUSALS).where(
        _OF,
        _R.id <= within(
            select(_KEPT.c.id)
            .where(_KEPT.c.webhook_id == bindparam("webhook_id", type_=Uuid()))
            .order_by(_KEPT.c.id.desc())
            .offset(MOST)
            .limit(1)
        ).scalar_subquery(),
    )
)  # fmt: skip


async def page(scope: Scope, webhook_id: UUID) -> list[Record]:
    """The last twenty of a webhook, newest first: `at, status, code, said, delivery`."""
    await incoming.find(scope, webhook_id)
    return await scope.all(_PAGE, webhook_id=webhook_id)


async def note(scope: Scope, webhook_id: UUID, status: int, code: str, said: str, delivery: str) -> None:
    """Write one down, and forget those before the last twenty."""
    facts = {"status": status, "code": code, "said": said[:300], "delivery": delivery}
    await scope.run(_ADD, id=new_id(), webhook_id=webhook_id, **facts)
    await scope.run(_FORGET, webhook_id=webhook_id)
