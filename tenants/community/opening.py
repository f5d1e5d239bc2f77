"""Opening: who may have a file. What is in a message is for whoever sees the message, as long as it has its words."""

from uuid import UUID

from sqlalchemy import bindparam, select

from tenants.community import caseload, direct_rules
from tenants.community.message_table import MESSAGES
from tenants.courses import access
from tenants.errors import NotFound
from tenants.files import files
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import scoped

_M = MESSAGES.c
_MESSAGE = scoped(select(_M.room_id, _M.deleted_at, _M.hidden_at).where(_M.id == bindparam("message_id")))


async def open_file(scope: Scope, file_id: UUID) -> Record:
    """A ready file for one who may have it: by its message, its lesson or its purpose.

    The files of a hidden message are for moderators, those of a deleted one for nobody, and what was not sent yet is
    for who uploaded it. In a conversation of others moderators have those of a message that was flagged. Raises
    NotFound, SignInNeeded, or Forbidden.
    """
    file = await files.read(scope, file_id)
    if file["purpose"] != "message":
        return await access.open_read(scope, file)
    if file["state"] != "ready" or not await _may_have(scope, file):
        raise NotFound()
    return file


async def _may_have(scope: Scope, file: Record) -> bool:
    if file["message_id"] is None:
        return file["owner_id"] == scope.actor.member_id and scope.actor.banned is None
    message = await scope.one(_MESSAGE, message_id=file["message_id"])
    decides = why(scope.actor, Action.MESSAGE_MODERATE).allowed and await caseload.is_about(scope, file["message_id"])
    await direct_rules.place_of(scope, message["room_id"], on_case=decides)
    if message["deleted_at"] is not None:
        return False
    return message["hidden_at"] is None or why(scope.actor, Action.MESSAGE_MODERATE).allowed
