"""Edits: later words of a message, and its end, by who wrote it; what moderators do with it is `moderation`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, case, func, text, update

from tenants import notices
from tenants.community import (
    attachments,
    audience,
    bell,
    history,
    mentions,
    messages,
    outlinks,
    polls,
    programs,
    rooms,
    screening,
    voting,
    withheld,
)
from tenants.community.drafts import Draft
from tenants.community.message_table import MESSAGES
from tenants.errors import Conflict, Forbidden, Invalid
from tenants.ids import MessageId, RoomId
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped

# What was taken away by hand stays away.
WITHOUT = case((MESSAGES.c.preview == text("'{}'::jsonb"), MESSAGES.c.preview))
_EDIT = scoped(
    update(MESSAGES)
    .where(MESSAGES.c.id == bindparam("message_id"))
    # The row is locked when the clock is read, so that later words never carry an earlier time.
    .values(body=bindparam("body"), html=bindparam("html"), edited_at=func.clock_timestamp(), preview=WITHOUT)
)
BLANK = scoped(
    update(MESSAGES)
    .where(MESSAGES.c.id == bindparam("message_id"))
    .values(body="", html="", reactions=[], files=[], preview=None, poll=None, deleted_at=func.now(), hidden_at=None)
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The words that a writer saw, by when they were last changed; None for the first ones."""

    edited_at: datetime | None


async def edit(scope: Scope, message_id: UUID, new: Draft, seen: Seen | None = None) -> Record:
    """Change the words of one's own message, and whom they mention; those before are kept, and so is a poll.

    The words that stand there already change nothing. Conflict `edited_meanwhile`, with the message as it is now under
    `present`, when the writer had `seen` others.
    """
    held = await _own(scope, message_id)
    if not new.body.strip() and (held["poll"] or not held["files"]):
        raise Invalid.field(
            "/body", "too_short", "A message needs words, unless it holds files alone. Write some, or delete it."
        )
    if new.body == held["body"]:
        return await messages.find(scope, message_id)
    if seen is not None and seen.edited_at != held["edited_at"]:
        present = messages.plain(await messages.find(scope, message_id))
        raise Conflict("This message was changed elsewhere meanwhile.", "edited_meanwhile", present=present)
    room = await scope.one(rooms.BY_ID_RESTRAINED, room_id=held["room_id"], me=scope.actor.member_id)
    legible = polls.legible(new.html, polls.texts(held["poll"]))
    verdict = await screening.screen(scope, room, legible, message_id, fresh=False)
    await history.keep(scope, held)
    meant = await audience.meant(scope, room, new.html)
    await scope.run(_EDIT, message_id=message_id, body=new.body, html=meant.html)
    called_before = await mentions.forget(scope, MessageId(message_id))
    await screening.carry_out(scope, room, message_id, verdict, fresh=False)
    row = await messages.find(scope, message_id)
    if verdict.holds:
        await bell.recount(scope, message_id)
        scope.announce(notices.message_hidden(RoomId(held["room_id"]), MessageId(message_id), held["seq"]))
    else:
        await _call(scope, room, row, held, meant.members, called_before=bool(called_before))
        scope.announce(notices.message_edited(RoomId(held["room_id"]), messages.plain(row)))
        outlinks.ask(scope, MessageId(message_id), meant.html)
    scope.reindex("message", message_id)
    return row


async def remove(scope: Scope, message_id: UUID) -> None:
    """Empty one's own message, which keeps its place, in an archived room too; again: nothing."""
    held = await _own(scope, message_id, removes=True)
    if held["deleted_at"] is not None:
        return
    await scope.run(BLANK, message_id=message_id)
    await history.forget(scope, MessageId(message_id))
    await mentions.forget(scope, MessageId(message_id))
    await bell.recount(scope, message_id)
    await attachments.let_go(scope, message_id)
    await voting.forget(scope, message_id)
    if held["hidden_at"] is not None:
        await withheld.forget(scope, message_id)
    scope.announce(notices.message_deleted(RoomId(held["room_id"]), MessageId(message_id), held["seq"]))
    scope.reindex("message", message_id)


async def _call(
    scope: Scope, room: Record, row: Record, held: Record, meant: Sequence[UUID | None], *, called_before: bool
) -> None:
    """Count changed words for those whom they mention now, and have their bells know."""
    if meant:
        await mentions.write(scope, held, RoomId(held["room_id"]), meant)
    if called_before:
        await bell.take_back(scope, held["id"], meant)
    if meant:
        await bell.ring_edited(scope, room, row, meant)


async def _own(scope: Scope, message_id: UUID, *, removes: bool = False) -> Record:
    held = await messages.hold(scope, message_id, writes=not removes, in_archive=removes)
    scope.require(Action.MESSAGE_POST)
    if not programs.is_own(scope, held):
        told = "Only its author deletes it here." if removes else "Only its author changes a message."
        raise Forbidden(told, "not_the_author")
    return held
