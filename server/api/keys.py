"""Keys over the API: made by a person who signs in, shown once, revoked."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.courses import Line
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Page
from server.op import Route, op
from tenants.keys import keys
from tenants.keys.scopes import KeyScope
from tenants.scope import Record

TAGS = ("keys",)


class KeyPath(InChannelPath):
    """A key of a channel."""

    key: UUID


class NewKey(Given):
    """A key to be made; it acts as the member who makes it, within `scopes`, until `expires_at`."""

    name: Line
    scopes: Annotated[list[KeyScope], Field(min_length=1, max_length=20)]
    expires_at: datetime | None = None


class KeyShown(BaseModel):
    """A key without its secret: `ending` is its last four letters, `used_at` its last use to the minute."""

    id: UUID
    name: str
    ending: str
    member_id: UUID
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class KeyMade(KeyShown):
    """A new key; `key`, shown this once, goes into `Authorization: Bearer`."""

    key: str


@op("The keys", tags=TAGS)
async def list_keys(context: InChannel, *, path: InChannelPath) -> Page[KeyShown]:
    """All that were not revoked, oldest first."""
    return Page(items=[KeyShown(**_shown(row)) for row in await keys.every(context.scope)])


@op("Make a key", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def make_key(context: InChannel, *, path: InChannelPath, body: NewKey) -> KeyMade:
    """It never may more than the member who made it, and loses what they lose."""
    given = body.model_dump()
    row, token = await keys.make(context.scope, **given)
    return KeyMade(**_shown(row), key=token)


@op("Revoke a key", tags=TAGS)
async def revoke_key(context: InChannel, *, path: KeyPath) -> None:
    """Its next request is refused."""
    await keys.revoke(context.scope, path.key)


def _shown(row: Record) -> dict[str, Any]:
    return {**dict(row), "scopes": row["scopes"].split()}


ROUTES = (
    Route("GET", "/channels/{slug}/keys", list_keys),
    Route("POST", "/channels/{slug}/keys", make_key),
    Route("DELETE", "/channels/{slug}/keys/{key}", revoke_key),
)
