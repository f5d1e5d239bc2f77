"""Deliveries: what is to be sent to an endpoint, each with its attempts, until it is taken or a day has passed."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, Integer, Text, Uuid, bindparam, cast, exists, func, insert, or_, select, update

from tenants import audit
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.jobs import DeliverWebhook
from tenants.outbox import JOBS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import LAST, Json, binds, instant, owned, refers, text
from tenants.webhooks import endpoints

# Seconds until the next attempt: about a day in all.
PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
HEAD_LENGTH = 1000
DELIVERIES = owned(
    "webhook_deliveries",
    Column("endpoint_id", Uuid, nullable=False),
    text("event"),
    # The same for all endpoints, and however often it is sent.
    Column("event_id", Uuid, nullable=False),
    Column("payload", Json, nullable=False),
    text("state", default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("created_at", now=True),
    instant("ended_at"),
    refers("endpoint_id", "webhook_endpoints", on_delete="CASCADE"),
)
ATTEMPTS = owned(
    "webhook_attempts",
    Column("delivery_id", Uuid, nullable=False),
    instant("at", now=True),
    Column("took_ms", Integer, nullable=False),
    # None where there was no answer, but a `trouble`.
    Column("status", Integer),
    text("trouble", default=""),
    text("request_head"),
    text("response_head", default=""),
    refers("delivery_id", "webhook_deliveries", on_delete="CASCADE"),
)
_D, _A = DELIVERIES.c, ATTEMPTS.c
FACTS = (_D.id, _D.endpoint_id, _D.event, _D.event_id, _D.payload, _D.state, _D.attempts, _D.created_at, _D.ended_at)
_AT = bindparam("at", type_=Uuid())
_ONE = scoped(select(*FACTS).where(_D.id == _AT))
_OF = scoped(
    select(*FACTS)
    .where(_D.endpoint_id == bindparam("endpoint_id"), _D.id < bindparam("before", type_=Uuid()))
    .order_by(_D.id.desc())
    .limit(bindparam("limit"))
)
_NEXT = scoped(
    select(*FACTS)
    .where(_D.endpoint_id == bindparam("endpoint_id"), _D.state == "waiting", _D.attempts == 0)
    .order_by(_D.id)
    .limit(1)
)
_ADD = scoped(insert(DELIVERIES).values(**binds("id", "endpoint_id", "event", "event_id", "payload")))
_END = scoped(
    update(DELIVERIES).where(_D.id == _AT).values(state=bindparam("ends"), ended_at=func.now())
)  # fmt: skip
_COUNT = scoped(update(DELIVERIES).where(_D.id == _AT).values(attempts=_D.attempts + 1).returning(_D.attempts))
# A job that broke for good is kept with its error, and sends nothing any more.
_UNDER_WAY = exists(
    within(
        select(JOBS.c.id).where(
            JOBS.c.name == DeliverWebhook.__name__,
            JOBS.c.payload["delivery_id"].astext == cast(_D.id, Text),
            JOBS.c.state != "failed",
        )
    ).correlate(DELIVERIES)
)
_BROKEN = scoped(
    select(JOBS.c.payload["delivery_id"].astext.label("delivery_id"))
    .where(JOBS.c.name == DeliverWebhook.__name__, JOBS.c.state == "failed")
    .order_by(JOBS.c.id.desc())
    .limit(1000)
)
_AGAIN = scoped(
    update(DELIVERIES).where(_D.id == _AT, or_(_D.state != "waiting", ~_UNDER_WAY))
    .values(state="waiting", attempts=0, ended_at=None).returning(_D.id)
)  # fmt: skip
_NOTE = scoped(
    insert(ATTEMPTS).values(
        **binds("id", "delivery_id", "took_ms", "status", "trouble", "request_head", "response_head")
    )
)
_ATTEMPTS = scoped(
    select(_A.id, _A.at, _A.took_ms, _A.status, _A.trouble, _A.request_head, _A.response_head)
    .where(_A.delivery_id == _AT)
    .order_by(_A.at.desc(), _A.id.desc())
    .limit(50)
)


async def page(scope: Scope, endpoint_id: UUID, *, before: UUID | None = None, limit: int = 50) -> list[Record]:
    """What was sent to an endpoint, newest first."""
    await endpoints.find(scope, endpoint_id)
    return await scope.all(_OF, endpoint_id=endpoint_id, before=before or LAST, limit=limit)


async def find(scope: Scope, delivery_id: UUID, endpoint_id: UUID | None = None) -> Record:
    """One delivery; NotFound also when it is none of the endpoint that is named."""
    scope.require(Action.WEBHOOK_EDIT)
    row = await scope.first(_ONE, at=delivery_id)
    if row is None or endpoint_id not in {None, row["endpoint_id"]}:
        raise NotFound("There is no such delivery here.", "no_such_delivery")
    return row


async def next_of(scope: Scope, endpoint_id: UUID) -> Record | None:
    """The oldest delivery to an endpoint that was not tried yet; what was tried comes by its own job."""
    scope.require(Action.WEBHOOK_EDIT)
    return await scope.first(_NEXT, endpoint_id=endpoint_id)


async def attempts(scope: Scope, delivery_id: UUID, endpoint_id: UUID | None = None) -> list[Record]:
    """The attempts of a delivery, newest first: heads of request and answer, how long it took, what went wrong."""
    await find(scope, delivery_id, endpoint_id)
    return await scope.all(_ATTEMPTS, at=delivery_id)


async def broken(scope: Scope) -> set[UUID]:
    """The deliveries of a channel whose job broke: one that waits is sent again only when somebody asks for it."""
    scope.require(Action.WEBHOOK_EDIT)
    return {UUID(row["delivery_id"]) for row in await scope.all(_BROKEN)}


async def replay(scope: Scope, delivery_id: UUID, endpoint_id: UUID | None = None) -> Record:
    """Send a delivery once more, under the id it had; Conflict while it waits already, or its endpoint is off.

    One whose job broke waits for nobody, and is taken up again.
    """
    row = await find(scope, delivery_id, endpoint_id)
    if not (await endpoints.find(scope, row["endpoint_id"]))["enabled"]:
        raise Conflict("This webhook is off. Switch it on first.", "webhook_off")
    await scope.serialise("webhook replay", delivery_id)
    if await scope.first(_AGAIN, at=delivery_id) is None:
        raise Conflict("This is waiting to be sent already.", "waiting")
    scope.enqueue(DeliverWebhook(delivery_id))
    await audit.record(scope, "webhook.replay", delivery_id)
    return await find(scope, delivery_id)


async def test(scope: Scope, endpoint_id: UUID) -> Record:
    """Send an event that says nothing, to see whether the program hears it."""
    await endpoints.find(scope, endpoint_id)
    delivery_id = new_id()
    await scope.run(_ADD, id=delivery_id, endpoint_id=endpoint_id, event="test", event_id=new_id(), payload={})
    scope.enqueue(DeliverWebhook(delivery_id))
    return await find(scope, delivery_id)


def body_of(scope: Scope, delivery: Record) -> bytes:
    """What is sent: `type`, when it happened, and ids of the channel and of what it is about; never anybody's words."""
    told: dict[str, Any] = {"channel": str(scope.channel_id), **delivery["payload"]}
    at: datetime = delivery["created_at"]
    return orjson.dumps({"type": delivery["event"], "timestamp": at, "data": told}, option=orjson.OPT_UTC_Z)


async def note(
    scope: Scope, delivery_id: UUID, *, took_ms: int, status: int | None, trouble: str, request_head: str,
    response_head: str = "",
) -> int:  # fmt: skip
    """Write an attempt down; how many there were since the delivery was last asked for."""
    heads = {"request_head": request_head[:HEAD_LENGTH], "response_head": response_head[:HEAD_LENGTH]}
    await scope.run(
        _NOTE, id=new_id(), delivery_id=delivery_id, took_ms=took_ms, status=status, trouble=trouble[:300], **heads
    )
    count: int = await scope.value(_COUNT, at=delivery_id)
    return count


async def end(scope: Scope, delivery_id: UUID, state: str) -> None:
    """It was `taken`, or is `failed` for good."""
    await scope.run(_END, at=delivery_id, ends=state)
