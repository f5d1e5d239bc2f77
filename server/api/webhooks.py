"""Outgoing webhooks over the API: endpoints with their secrets shown once, what was sent, and sending it again."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from providers.standard_webhooks import make_secret
from server.api.rooms import InSlug
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.limits import WEBHOOK_TESTS
from server.op import Route, op
from server.webhooks.outgoing import require_sendable
from tenants.scope import Record
from tenants.sealing import Seals
from tenants.webhooks import deliveries, endpoints

TAGS = ("webhooks",)
CURSOR: Cursor[UUID] = Cursor("deliveries", UUID)
Event = Literal["message.posted", "member.joined", "enrollment.created", "certificate.issued", "order.paid"]
Events = Annotated[list[Event], Field(max_length=20)]
Url = Annotated[str, Field(max_length=2000, examples=["https://example.org/hook"])]
Name = Annotated[str, Field(max_length=200)]


class OfWebhook(InSlug):
    """A webhook of a channel."""

    webhook: UUID


class OfDelivery(OfWebhook):
    """What was sent to it once."""

    delivery: UUID


class NewWebhook(Given):
    """A program that is to hear of these events."""

    name: Name
    url: Url
    events: Events


class WebhookChanges(Given):
    """What is to be set; one that was switched off for its failures begins anew with `enabled`."""

    name: Name | None = None
    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = None


class WebhookShown(BaseModel):
    """A webhook; `trouble` says why it was switched off, `failures` counts attempts since it last took something."""

    id: UUID
    name: str
    url: str
    events: list[str]
    enabled: bool
    trouble: str
    failures: int
    created_at: datetime


class SecretShown(BaseModel):
    """The secret by which a receiver knows what is ours (`whsec_…`, Standard Webhooks); it is shown this once."""

    secret: str


class MadeWebhook(WebhookShown, SecretShown):
    """A webhook that was just made, with its secret."""


class DeliveryShown(BaseModel):
    """What was sent: `id` is the row, `event_id` what the receiver sees as `webhook-id`, each time the same."""

    id: UUID
    event: str
    event_id: UUID
    data: dict[str, Any]
    state: str
    attempts: int
    created_at: datetime
    ended_at: datetime | None


class AttemptShown(BaseModel):
    """One attempt: heads of the request and of the answer, or the trouble instead of one."""

    at: datetime
    took_ms: int
    status: int | None
    trouble: str
    request_head: str
    response_head: str


@op("Webhooks", tags=TAGS, errors=(403, 404))
async def list_webhooks(context: InChannel, *, path: InSlug) -> Page[WebhookShown]:
    """All, without their secrets."""
    return Page(items=[_webhook(row) for row in await endpoints.every(context.scope)])


@op("Make a webhook", status=201, tags=TAGS, idempotent=Idempotency.TAKEN, errors=(403, 404, 409))
async def add_webhook(context: InChannel, *, path: InSlug, body: NewWebhook) -> MadeWebhook:
    """What it hears from now on is signed by the secret, which is shown this once (Standard Webhooks)."""
    require_sendable(context.house, context.scope, body.url)
    secret, seals = make_secret(), Seals(context.house.secret)
    row = await endpoints.add(context.scope, seals, secret, name=body.name, url=body.url, events=body.events)
    return MadeWebhook(**_facts(row), secret=secret)


@op("One webhook", tags=TAGS, errors=(403, 404))
async def read_webhook(context: InChannel, *, path: OfWebhook) -> WebhookShown:
    """Without its secret."""
    return _webhook(await endpoints.find(context.scope, path.webhook))


@op("Change a webhook", tags=TAGS, errors=(403, 404))
async def edit_webhook(context: InChannel, *, path: OfWebhook, body: WebhookChanges) -> WebhookShown:
    """What waits is sent to the new address."""
    if body.url is not None:
        require_sendable(context.house, context.scope, body.url)
    changes = body.model_dump(exclude_none=True)
    return _webhook(await endpoints.edit(context.scope, path.webhook, **changes))


@op("Delete a webhook", tags=TAGS, errors=(403, 404))
async def remove_webhook(context: InChannel, *, path: OfWebhook) -> None:
    """With its log."""
    await endpoints.remove(context.scope, path.webhook)


@op("Change the secret", tags=TAGS, errors=(403, 404))
async def turn_webhook(context: InChannel, *, path: OfWebhook) -> SecretShown:
    """Shown this once. For a day both secrets sign, so that the receiver can change over."""
    secret = make_secret()
    await endpoints.turn(context.scope, Seals(context.house.secret), path.webhook, secret)
    return SecretShown(secret=secret)


@op("Send a test", tags=TAGS, limits=(WEBHOOK_TESTS,), errors=(403, 404))
async def test_webhook(context: InChannel, *, path: OfWebhook) -> DeliveryShown:
    """An event `test` that says nothing."""
    return _delivery(await deliveries.test(context.scope, path.webhook))


@op("What was sent", tags=TAGS, errors=(403, 404))
async def list_deliveries(context: InChannel, *, path: OfWebhook, query: PageQuery) -> Page[DeliveryShown]:
    """Newest first; kept for 30 days."""
    before = CURSOR.read(query.after)
    rows = await deliveries.page(context.scope, path.webhook, before=before, limit=query.limit + 1)
    shown = [_delivery(row) for row in rows[: query.limit]]
    return Page(items=shown, next=CURSOR.write(shown[-1].id) if len(rows) > query.limit else None)


@op("Attempts of a delivery", tags=TAGS, errors=(403, 404))
async def list_attempts(context: InChannel, *, path: OfDelivery) -> Page[AttemptShown]:
    """The newest fifty."""
    rows = await deliveries.attempts(context.scope, path.delivery, path.webhook)
    return Page(items=[AttemptShown(**{name: row[name] for name in AttemptShown.model_fields}) for row in rows])


@op("Send again", tags=TAGS, errors=(403, 404, 409))
async def replay_delivery(context: InChannel, *, path: OfDelivery) -> DeliveryShown:
    """Under the same `webhook-id`, though it was taken."""
    return _delivery(await deliveries.replay(context.scope, path.delivery, path.webhook))


ROUTES = (
    Route("GET", "/channels/{slug}/webhooks", list_webhooks),
    Route("POST", "/channels/{slug}/webhooks", add_webhook),
    Route("GET", "/channels/{slug}/webhooks/{webhook}", read_webhook),
    Route("PATCH", "/channels/{slug}/webhooks/{webhook}", edit_webhook),
    Route("DELETE", "/channels/{slug}/webhooks/{webhook}", remove_webhook),
    Route("POST", "/channels/{slug}/webhooks/{webhook}/secret", turn_webhook),
    Route("POST", "/channels/{slug}/webhooks/{webhook}/test", test_webhook),
    Route("GET", "/channels/{slug}/webhooks/{webhook}/deliveries", list_deliveries),
    Route("GET", "/channels/{slug}/webhooks/{webhook}/deliveries/{delivery}/attempts", list_attempts),
    Route("POST", "/channels/{slug}/webhooks/{webhook}/deliveries/{delivery}/replay", replay_delivery),
)


def _facts(row: Record) -> dict[str, Any]:
    return {name: row[name] for name in WebhookShown.model_fields}


def _webhook(row: Record) -> WebhookShown:
    return WebhookShown(**_facts(row))


def _delivery(row: Record) -> DeliveryShown:
    facts = {name: row[name] for name in ("id", "event", "event_id", "state", "attempts", "created_at", "ended_at")}
    return DeliveryShown(**facts, data=row["payload"])
