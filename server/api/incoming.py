"""Incoming webhooks over the API: addresses by which programs write in a room, with secrets shown once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from providers.standard_webhooks import make_secret
from server.api.rooms import InSlug
from server.api.webhooks import SecretShown
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Page
from server.op import Route, op
from tenants import links
from tenants.scope import Record
from tenants.sealing import Seals
from tenants.webhooks import incoming, incoming_refusals

TAGS = ("incoming webhooks",)
Name = Annotated[str, Field(max_length=200, examples=["Kiln"])]


class OfIncoming(InSlug):
    """An incoming webhook of a channel."""

    incoming: UUID


class NewIncoming(Given):
    """Under which name a program is to write in which room."""

    name: Name
    room: UUID


class IncomingChanges(Given):
    """What is to be set."""

    name: Name | None = None
    room: UUID | None = None
    enabled: bool | None = None


class IncomingShown(BaseModel):
    """An incoming webhook: `url` takes what is signed. `kept` is false once its maker no longer keeps the channel.

    Its messages have its `id` and name as their author. `trouble` says why a moderator has switched it off.
    """

    id: UUID
    name: str
    room: UUID
    url: str
    enabled: bool
    trouble: str
    made_by: str
    kept: bool
    posts: int
    last_posted_at: datetime | None
    created_at: datetime


class MadeIncoming(IncomingShown, SecretShown):
    """An incoming webhook that was just made, with its secret."""


class RefusalShown(BaseModel):
    """What was not taken: what its sender was answered, and the `webhook-id` that it came with, whoever sent it."""

    at: datetime
    status: int
    code: str
    said: str
    delivery: str


@op("Incoming webhooks", tags=TAGS, errors=(403, 404))
async def list_incoming(context: InChannel, *, path: InSlug) -> Page[IncomingShown]:
    """All, without their secrets."""
    return Page(items=[IncomingShown(**_facts(context, row)) for row in await incoming.every(context.scope)])


@op("Make an incoming webhook", status=201, tags=TAGS, idempotent=Idempotency.TAKEN, errors=(403, 404, 409))
async def add_incoming(context: InChannel, *, path: InSlug, body: NewIncoming) -> MadeIncoming:
    """A program posts `{"text": "…"}` to its `url`, signed by the secret, which is shown this once."""
    secret, seals = make_secret(), Seals(context.house.secret)
    row = await incoming.add(context.scope, seals, secret, name=body.name, room_id=body.room)
    return MadeIncoming(**_facts(context, row), secret=secret)


@op("One incoming webhook", tags=TAGS, errors=(403, 404))
async def read_incoming(context: InChannel, *, path: OfIncoming) -> IncomingShown:
    """Without its secret."""
    return IncomingShown(**_facts(context, await incoming.find(context.scope, path.incoming)))


@op("Change an incoming webhook", tags=TAGS, errors=(403, 404, 409))
async def edit_incoming(context: InChannel, *, path: OfIncoming, body: IncomingChanges) -> IncomingShown:
    """What it posted before stays where it is, under the name of then."""
    row = await incoming.edit(
        context.scope, path.incoming, name=body.name, room_id=body.room, enabled=body.enabled
    )  # fmt: skip
    return IncomingShown(**_facts(context, row))


@op("Delete an incoming webhook", tags=TAGS, errors=(403, 404))
async def remove_incoming(context: InChannel, *, path: OfIncoming) -> None:
    """With its log; its messages stay."""
    await incoming.remove(context.scope, path.incoming)


@op("Change the secret of an incoming webhook", tags=TAGS, errors=(403, 404))
async def turn_incoming(context: InChannel, *, path: OfIncoming) -> SecretShown:
    """Shown this once. What is signed by the one before is refused from now on."""
    secret = make_secret()
    await incoming.turn(context.scope, Seals(context.house.secret), path.incoming, secret)
    return SecretShown(secret=secret)


@op("Switch an incoming webhook off as a moderator", tags=TAGS, errors=(403, 404))
async def silence_incoming(context: InChannel, *, path: OfIncoming) -> None:
    """At once, for all who moderate; only those who keep the channel switch it on again."""
    await incoming.silence(context.scope, path.incoming)


@op("What was refused", tags=TAGS, errors=(403, 404))
async def list_refusals(context: InChannel, *, path: OfIncoming) -> Page[RefusalShown]:
    """The last twenty."""
    rows = await incoming_refusals.page(context.scope, path.incoming)
    return Page(items=[RefusalShown(**{name: row[name] for name in RefusalShown.model_fields}) for row in rows])


ROUTES = (
    Route("GET", "/channels/{slug}/incoming-webhooks", list_incoming),
    Route("POST", "/channels/{slug}/incoming-webhooks", add_incoming),
    Route("GET", "/channels/{slug}/incoming-webhooks/{incoming}", read_incoming),
    Route("PATCH", "/channels/{slug}/incoming-webhooks/{incoming}", edit_incoming),
    Route("DELETE", "/channels/{slug}/incoming-webhooks/{incoming}", remove_incoming),
    Route("POST", "/channels/{slug}/incoming-webhooks/{incoming}/secret", turn_incoming),
    Route("PUT", "/channels/{slug}/incoming-webhooks/{incoming}/silenced", silence_incoming),
    Route("GET", "/channels/{slug}/incoming-webhooks/{incoming}/refusals", list_refusals),
)


def _facts(context: InChannel, row: Record) -> dict[str, Any]:
    names = ("id", "name", "enabled", "trouble", "made_by", "kept", "posts", "last_posted_at", "created_at")
    url = links.absolute(context.house.base_url, links.incoming_webhook(row["address"]))
    return {name: row[name] for name in names} | {"room": row["room_id"], "url": url}
