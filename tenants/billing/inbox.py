"""The inbox: which events of a payment provider were taken in, so that one sent again changes nothing."""

from sqlalchemy.dialects.postgresql import insert

from tenants.ids import new_id
from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, text

INBOX = owned("payment_inbox", text("provider"), text("event_id"), text("kind"), instant("received_at", now=True))
_TAKE_IN = scoped(
    insert(INBOX)
    .values(**binds("id", "provider", "event_id", "kind"))
    .on_conflict_do_nothing(index_elements=["channel_id", "provider", "event_id"])
)


async def take_in(scope: Scope, provider: str, event_id: str, kind: str) -> bool:
    """Keep that an event came, and whether it is new."""
    return await scope.run(_TAKE_IN, id=new_id(), provider=provider, event_id=event_id, kind=kind) == 1
