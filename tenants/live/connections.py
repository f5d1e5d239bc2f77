"""Connections: a channel's accounts at providers of live classes; each has a secret by which its webhooks are known."""

from uuid import UUID

from sqlalchemy import Column, LargeBinary, bindparam, func, insert, select, update

from tenants import audit
from tenants.errors import Conflict, Invalid, NotFound
from tenants.ids import new_id
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, text
from tenants.texts import clean_line

CONNECTIONS = owned(
    "live_connections",
    text("name"),
    text("provider"),
    Column("sealed_secret", LargeBinary, nullable=False),
    instant("created_at", now=True),
    instant("closed_at"),
)
PROVIDERS = ("livekit", "zoom", "bigbluebutton", "link", "generic")
MOST_CONNECTIONS = 20
_C = CONNECTIONS.c
_SHOWN = (_C.id, _C.name, _C.provider, _C.created_at)
_OPEN = select(*_SHOWN).where(_C.closed_at.is_(None))
_ALL = scoped(_OPEN.order_by(_C.id).limit(MOST_CONNECTIONS))
_READ = scoped(_OPEN.where(_C.id == bindparam("id")))
_SEALED = scoped(select(_C.provider, _C.sealed_secret).where(_C.id == bindparam("id"), _C.closed_at.is_(None)))
_ADD = scoped(insert(CONNECTIONS).values(**binds("id", "name", "provider", "sealed_secret")).returning(*_SHOWN))
_CLOSE = scoped(
    update(CONNECTIONS).where(_C.id == bindparam("at"), _C.closed_at.is_(None)).values(closed_at=func.now())
)


async def every(scope: Scope) -> list[Record]:
    """The open connections, oldest first, without their secrets: `id, name, provider, created_at`."""
    scope.require(Action.LIVE_EDIT)
    return await scope.all(_ALL)


async def read(scope: Scope, connection_id: UUID) -> Record:
    """One open connection."""
    scope.require(Action.LIVE_EDIT)
    return await scope.one(_READ, id=connection_id)


async def add(scope: Scope, seals: Seals, *, name: str, provider: str, secret: str) -> Record:
    """A new connection; `secret` holds its credentials as one text, kept sealed and shown by nothing again."""
    scope.require(Action.LIVE_EDIT)
    if provider not in PROVIDERS:
        raise Invalid.field("/provider", "unknown", f"The provider is one of: {', '.join(PROVIDERS)}.")
    name = clean_line(name, "/name")
    await scope.serialise("live connections")
    if len(await scope.all(_ALL)) >= MOST_CONNECTIONS:
        raise Conflict(f"A channel has at most {MOST_CONNECTIONS} live connections.", "too_many_connections")
    connection_id = new_id()
    sealed = seals.seal(scope.channel_id, _purpose(connection_id), secret.encode())
    row = await scope.one(_ADD, id=connection_id, name=name, provider=provider, sealed_secret=sealed)
    await audit.record(scope, "live.connect", connection_id, provider=provider)
    return row


async def close(scope: Scope, connection_id: UUID) -> None:
    """Listen to this connection no more."""
    scope.require(Action.LIVE_EDIT)
    if await scope.run(_CLOSE, at=connection_id) == 0:
        raise NotFound()
    await audit.record(scope, "live.disconnect", connection_id)


async def credentials(scope: Scope, seals: Seals, connection_id: UUID) -> tuple[str, str]:
    """Provider and credentials of an open connection, never to be shown; NotFound when it is none of this channel."""
    row = await scope.one(_SEALED, id=connection_id)
    secret = seals.open(scope.channel_id, _purpose(connection_id), row["sealed_secret"])
    return row["provider"], secret.decode()


def _purpose(connection_id: UUID) -> str:
    return f"live connection {connection_id}"
