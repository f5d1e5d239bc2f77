"""Flags: any member says once of a message that moderators should look at it, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants.community import caseload, messages, programs
from tenants.errors import Conflict
from tenants.ids import new_id
from tenants.members.members import MEMBERS
from tenants.moderation import reasons
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

FLAGS = owned(
    "flags",
    Column("message_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=False),
    text("reason"),
    text("words", default=""),
    # The words of the message then: its author may change them, or take them away.
    text("said", default=""),
    instant("at", now=True),
    refers("message_id", "messages"),
    refers("member_id", "members"),
    refers("case_id", "moderation_cases"),
)
_F = FLAGS.c
_OWN = scoped(
    select(_F.id, _F.reason, _F.words).where(
        _F.message_id == bindparam("message_id"), _F.member_id == bindparam("member_id")
    )
)
_ADD = scoped(insert(FLAGS).values(**binds("id", "message_id", "member_id", "case_id", "reason", "words", "said")))
_OF = scoped(
    select(_F.case_id, _F.id, _F.reason, _F.words, _F.said, _F.at, MEMBERS.c.name)
    .join_from(FLAGS, MEMBERS)
    .where(_F.case_id == bindparam("case_ids", type_=ARRAY(Uuid)).any_())
    .order_by(_F.at, _F.id)
)


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag as it stands; `again` says that it stood there before."""

    id: UUID
    reason: str
    words: str
    again: bool


async def flag(scope: Scope, message_id: UUID, reason: str, words: str = "") -> Flagged:
    """Flag a message that one sees, once: again changes nothing.

    Conflict `own_message` for one's own; Invalid for an unknown reason, or `other` without words.
    """
    words = reasons.check(reason, words)
    # The message is held, so that two flags of one person follow one another.
    held = await messages.hold(scope, message_id)
    scope.require(Action.MESSAGE_POST)
    me = scope.member_id()
    if programs.is_own(scope, held):
        raise Conflict("This is your own message. You can delete it.", "own_message")
    if standing := await scope.first(_OWN, message_id=message_id, member_id=me):
        return Flagged(standing["id"], standing["reason"], standing["words"], again=True)
    if held["deleted_at"] is not None:
        raise Conflict("This message was deleted already.", "message_deleted")
    case_id = await caseload.open_about(scope, "flag", held["member_id"], message_id)
    flag_id = new_id()
    about = {"message_id": message_id, "member_id": me, "case_id": case_id}
    await scope.run(_ADD, id=flag_id, reason=reason, words=words, said=held["body"], **about)
    return Flagged(flag_id, reason, words, again=False)


async def of(scope: Scope, case_ids: Sequence[UUID]) -> dict[UUID, list[Record]]:
    """The flags of some cases, by case, oldest first; needs the right to moderate.

    Each with `id, reason, words, at, name`, and what the message `said` then.
    """
    scope.require(Action.MESSAGE_MODERATE)
    found: dict[UUID, list[Record]] = {}
    for row in await scope.all(_OF, case_ids=list(case_ids)):
        found.setdefault(row["case_id"], []).append(row)
    return found
