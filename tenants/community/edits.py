"""Edits: later words of a message, and its end; who wrote it changes it, a moderator may take it away."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, update

from tenants import audit, notices
from tenants.community import audience, bell, history, mentions, messages, rooms, withheld
from tenants.community.drafts import Draft
from tenants.community.messages import MESSAGES
from tenants.errors import Conflict, Forbidden
from tenants.ids import MessageId, RoomId
from tenants.members.roles import require_below
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped

_EDIT = scoped(
    update(MESSAGES)
    .where(MESSAGES.c.id == bindparam("message_id"))
    # The row is locked when the clock is read, so that later words never carry an earlier time.
    .values(body=bindparam("body"), html=bindparam("html"), edited_at=func.clock_timestamp())
)
BLANK = scoped(
    update(MESSAGES)
    .where(MESSAGES.c.id == bindparam("message_id"))
    .values(body="", html="", reactions=[], files=[], deleted_at=func.now(), hidden_at=None)
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The words that a writer saw, by when they were last changed; None for the first ones."""

    edited_at: datetime | None


async def edit(scope: Scope, message_id: UUID, new: Draft, seen: Seen | None = None) -> Record:
    """Change the words of one's own message, and whom they mention; those before are kept.

    The words that stand there already change nothing. Conflict `edited_meanwhile`, with the message as it is now under
    `present`, when the writer had `seen` others.
    """
    held = await _own(scope, message_id, Action.MESSAGE_POST)
    if new.body == held["body"]:
        return await messages.find(scope, message_id)
    if seen is not None and seen.edited_at != held["edited_at"]:
        present = messages.plain(await messages.find(scope, message_id))
        raise Conflict("This message was changed elsewhere meanwhile.", "edited_meanwhile", present=present)
    await history.keep(scope, held)
    room = await rooms.find(scope, held["room_id"])
    meant = await audience.meant(scope, room, new.html)
    await scope.run(_EDIT, message_id=message_id, body=new.body, html=meant.html)
    called_before = await mentions.forget(scope, MessageId(message_id))
    if meant.members:
        await mentions.write(scope, held, RoomId(held["room_id"]), meant.members)
    row = await messages.find(scope, message_id)
    if called_before:
        await bell.take_back(scope, message_id, meant.members)
    if meant.members:
        await bell.ring_edited(scope, room, row, meant.members)
    scope.announce(notices.message_edited(RoomId(held["room_id"]), messages.plain(row)))
    scope.reindex("message", message_id)
    return row


async def remove(scope: Scope, message_id: UUID) -> None:
    """Empty a message, which keeps its place: one's own, or for a moderator that of those below; again: nothing."""
    held = await _own(scope, message_id, Action.MESSAGE_MODERATE)
    if held["deleted_at"] is not None:
        return
    if held["member_id"] != scope.actor.member_id:
        await require_below(scope, held["member_id"])
    await scope.run(BLANK, message_id=message_id)
    await history.forget(scope, MessageId(message_id))
    await mentions.forget(scope, MessageId(message_id))
    await bell.recount(scope, message_id)
    if held["hidden_at"] is not None:
        await withheld.forget(scope, message_id)
    if held["member_id"] != scope.actor.member_id:
        await audit.record(scope, "message.delete", message_id, author=str(held["member_id"]))
    scope.announce(notices.message_deleted(RoomId(held["room_id"]), MessageId(message_id), held["seq"]))
    scope.reindex("message", message_id)


async def _own(scope: Scope, message_id: UUID, others: Action) -> Record:
    # What must go, goes from an archived room too.
    removes = others is Action.MESSAGE_MODERATE
    held = await messages.hold(scope, message_id, writes=not removes, in_archive=removes)
    own = held["member_id"] == scope.actor.member_id
    scope.require(Action.MESSAGE_POST if own else others)
    if not own and others is Action.MESSAGE_POST:
        raise Forbidden("Only its author changes a message.", "not_the_author")
    return held
