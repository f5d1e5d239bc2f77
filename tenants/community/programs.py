"""Programs: those that listen in a channel (webhooks) hear of what is posted; of what people say in private, never."""

from uuid import UUID

from tenants.community import sanctions
from tenants.community.rooms import DIRECT
from tenants.scope import Record, Scope


def hear_of(scope: Scope, room: Record, message_id: UUID, seq: int) -> None:
    """Tell of a message of the actor's in a room (with its `restraints`); at no cost where nobody listens."""
    if room["kind"] != DIRECT and sanctions.is_heard(room):
        scope.happened("message.posted", message=message_id, room=room["id"], member=scope.member_id(), seq=seq)
