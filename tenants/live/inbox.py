"""The inbox: which deliveries of a provider were taken in, so that one sent again changes nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Uuid
from sqlalchemy.dialects.postgresql import insert

from tenants.ids import new_id
from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, refers, text

INBOX = owned(
    "live_inbox",
    Column("connection_id", Uuid, nullable=False),
    text("event_id"),
    text("kind"),
    Column("class_id", Uuid, nullable=False),
    Column("facts", Json, nullable=False, server_default="{}"),
    instant("received_at", now=True),
    refers("connection_id", "live_connections"),
    refers("class_id", "live_classes"),
)
_TAKE_IN = scoped(
    insert(INBOX)
    .values(**binds("id", "connection_id", "event_id", "kind", "class_id", "facts"))
    .on_conflict_do_nothing(index_elements=["channel_id", "connection_id", "event_id"])
)


async def take_in(
    scope: Scope, connection_id: UUID, event_id: str, *, kind: str, class_id: UUID, facts: Mapping[str, Any]
) -> bool:
    """Keep a delivery, and whether it is new. `facts` are for people who look into it: no addresses, no secrets."""
    row = {"connection_id": connection_id, "event_id": event_id, "kind": kind, "class_id": class_id}
    return await scope.run(_TAKE_IN, id=new_id(), facts=dict(facts), **row) == 1
