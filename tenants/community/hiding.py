"""Hiding: a message loses its words for everybody and may have them back; whoever calls has seen the right to."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, exists, func, select, update

from tenants import notices
from tenants.community import attachments, bell, blocks, history, mentions, messages, outlinks, voting, withheld
from tenants.community.edits import BLANK
from tenants.community.message_table import MESSAGES
from tenants.community.withheld import WITHHELD
from tenants.ids import MessageId, RoomId
from tenants.scope import Record, Scope
from tenants.statements import CHANNEL, scoped, within

UNDO_TIME = timedelta(seconds=10)
_M, _W = MESSAGES.c, WITHHELD.c
_MESSAGE = bindparam("message_id", type_=Uuid())
_AT = update(MESSAGES).where(_M.id == _MESSAGE)
_OF_IT = (_W.message_id == _M.id, _W.channel_id == CHANNEL)
_BACK = scoped(
    _AT.where(*_OF_IT).values(
        body=_W.body,
        html=_W.html,
        reactions=_W.reactions,
        files=_W.files,
        poll=_W.poll,
        hidden_at=None,
        deleted_at=None,
    )
)
_HIDDEN_AGAIN = scoped(_AT.where(*_OF_IT).values(reactions=_W.reactions, deleted_at=None, hidden_at=_W.at))
_FORGET = scoped(
    delete(WITHHELD).where(
        _W.message_id == _MESSAGE,
        _W.at <= func.now() - UNDO_TIME,
        exists(within(select(_M.id).where(_M.id == _MESSAGE, _M.deleted_at.is_not(None)))),
    )
)


async def hide(scope: Scope, held: Record, reason: str, *, waits: bool = False) -> None:
    """Take the words of a held message away from everybody; they are kept, and may come back.

    `waits` when that is no decision, but what a filter does until there is one.
    """
    await withheld.take(scope, held["id"], reason, held=waits)
    await mentions.forget(scope, MessageId(held["id"]))
    await bell.recount(scope, held["id"])
    scope.announce(notices.message_hidden(RoomId(held["room_id"]), MessageId(held["id"]), held["seq"]))
    scope.reindex("message", held["id"])


async def remove(scope: Scope, held: Record, reason: str) -> None:
    """Delete a held message; its words are kept until `withheld.forget`."""
    await withheld.keep(scope, held["id"], reason)
    await scope.run(BLANK, message_id=held["id"])
    await mentions.forget(scope, MessageId(held["id"]))
    await bell.recount(scope, held["id"])
    scope.announce(notices.message_deleted(RoomId(held["room_id"]), MessageId(held["id"]), held["seq"]))
    scope.reindex("message", held["id"])


async def forget_deleted(scope: Scope, message_id: UUID) -> None:
    """Keep no longer what a deleted message said; while it can be brought back, or is not deleted, nothing happens."""
    if await scope.run(_FORGET, message_id=message_id):
        await history.forget(scope, MessageId(message_id))
        await attachments.let_go(scope, message_id)
        await voting.forget(scope, message_id)


async def give_back(scope: Scope, message_id: UUID, *, hidden: bool = False) -> bool:
    """Let a message say again what it said, or only be hidden again; False when its words are not kept any more.

    Whoever calls has seen the right to, also in a conversation of others.
    """
    if not await scope.run(_HIDDEN_AGAIN if hidden else _BACK, message_id=message_id):
        return False
    if not hidden:
        await withheld.forget(scope, message_id)
    row = await messages.find(scope, message_id, on_case=True)
    room_id = RoomId(UUID(row["room"]))
    named = [] if hidden else await blocks.spare(scope, UUID(row["author_id"]), mentions.meant_by(row["html"]))
    if named:
        held = await messages.hold(scope, message_id, in_archive=True, on_case=True)
        await mentions.write(scope, held, room_id, named)
    if not hidden:
        await bell.recount(scope, message_id)
        await bell.ring_restored(scope, row, named)
    scope.announce(notices.message_restored(room_id, messages.plain(row)))
    outlinks.ask(scope, MessageId(message_id), row["html"])
    scope.reindex("message", message_id)
    return True
