"""Deleting: one's own message goes for good; another's is an act, with its reasons and ten seconds to take it back."""

from uuid import UUID

from tenants.community import edits, messages, programs
from tenants.moderation import acts, reasons
from tenants.moderation.effects import Aim
from tenants.permissions import Action
from tenants.scope import Record, Scope

UNSAID = "A moderator found that it does not belong here."


async def delete(scope: Scope, message_id: UUID, reason: str | None = None, words: str = "") -> Record | None:
    """Delete a message: one's own, or for a moderator that of those below, whose author is told the reason.

    The act, where it was one, else None; an open case about the message that nobody else looks at is decided by it.
    """
    held = await messages.hold(scope, message_id, in_archive=True)
    if programs.is_own(scope, held):
        await edits.remove(scope, message_id)
        return None
    scope.require(Action.MESSAGE_MODERATE)
    if held["deleted_at"] is not None:
        return None
    said = reasons.statement(reason, words) if reason else UNSAID
    return await acts.act(scope, Aim("delete", said, message_id=message_id))
