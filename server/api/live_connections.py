"""Connections to live providers over the API: made with the fields their kind asks for, tried, closed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from providers import live as live_providers
from providers.live.credentials import FieldRefused
from server import connecting
from server.api.courses import Line
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import AtChannel, InChannel
from server.idempotency import Idempotency
from server.keyset import Page
from server.op import Route, op
from tenants import links
from tenants.errors import Invalid
from tenants.live import connections
from tenants.scope import Record
from tenants.sealing import Seals

TAGS = ("live",)


class ConnectionPath(InChannelPath):
    """A live connection of a channel."""

    connection: UUID


class NewConnection(Given):
    """A connection to be made."""

    name: Line
    provider: Annotated[str, Field(max_length=40, examples=list(connections.PROVIDERS))] = "generic"
    credentials: Annotated[
        dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=8000)]],
        Field(
            default_factory=dict,
            max_length=20,
            description="By field, as the provider shows them; see the guide to live classes.",
        ),
    ]


class ConnectionShown(BaseModel):
    """A connection; `url` is where its provider posts to."""

    id: UUID
    name: str
    provider: str
    url: str
    created_at: datetime


class ConnectionMade(ConnectionShown):
    """A new connection; `secret`, shown this once, is what a generic provider signs its webhooks with."""

    secret: str | None


class ConnectionChecked(BaseModel):
    """Whether the provider takes the credentials, and the sentence it comes with."""

    ok: bool
    said: str


@op("The live connections", tags=TAGS)
async def list_live_connections(context: InChannel, *, path: InChannelPath) -> Page[ConnectionShown]:
    """All of them, for those who plan classes; secrets are never shown again."""
    return Page(items=[_connection(context, row) for row in await connections.every(context.scope)])


@op("Connect a live provider", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def add_live_connection(context: InChannel, *, path: InChannelPath, body: NewConnection) -> ConnectionMade:
    """The answer holds the webhook's address and its secret, once."""
    if body.provider not in connections.PROVIDERS:
        raise Invalid.field("/provider", "unknown", f"The provider is one of: {', '.join(connections.PROVIDERS)}.")
    try:
        secret = live_providers.choose(body.provider).check(body.credentials)
    except FieldRefused as wrong:
        raise Invalid.field(f"/credentials/{wrong.field[:40]}", "invalid", wrong.sentence) from None
    seals = Seals(context.house.secret)
    row = await connections.add(context.scope, seals, name=body.name, provider=body.provider, secret=secret)
    shown = secret if body.provider == "generic" else None
    return ConnectionMade(**_connection(context, row).model_dump(), secret=shown)


@op("Check a live connection", tags=TAGS)
async def check_live_connection(context: AtChannel, *, path: ConnectionPath) -> ConnectionChecked:
    """Asks the provider now, for at most 10 seconds; what is wrong is told with its cure, never as an error."""
    ok, said = await connecting.check(context, path.connection)
    return ConnectionChecked(ok=ok, said=said)


@op("Disconnect a live provider", tags=TAGS)
async def close_live_connection(context: InChannel, *, path: ConnectionPath) -> None:
    """Its webhooks are answered with 404 from now on."""
    await connections.close(context.scope, path.connection)


def _connection(context: InChannel, row: Record) -> ConnectionShown:
    url = links.absolute(context.house.base_url, links.live_webhook(row["id"]))
    return ConnectionShown(**dict(row), url=url)


ROUTES = (
    Route("GET", "/channels/{slug}/live-connections", list_live_connections),
    Route("POST", "/channels/{slug}/live-connections", add_live_connection),
    Route("DELETE", "/channels/{slug}/live-connections/{connection}", close_live_connection),
    Route("POST", "/channels/{slug}/live-connections/{connection}/check", check_live_connection),
)
