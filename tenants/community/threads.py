"""Threads: the replies to one message, in the order of their room, and the threads that a member follows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, exists, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from tenants import notices
from tenants.community import bell, direct, following, messages
from tenants.community.following import THREAD_MEMBERS, Standing
from tenants.community.message_table import MESSAGES
from tenants.community.messages import PAGE, SHOWN
from tenants.ids import MessageId, RoomId
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import EVER, LAST, Instant

MOST_COUNTED = 100
_REPLIES = (
    select(*SHOWN).join_from(MESSAGES, MEMBERS).where(MESSAGES.c.reply_to == bindparam("message_id", type_=Uuid()))
)
BEFORE = scoped(
    _REPLIES.where(MESSAGES.c.seq < bindparam("before")).order_by(MESSAGES.c.seq.desc()).limit(bindparam("limit"))
)
AFTER = scoped(_REPLIES.where(MESSAGES.c.seq > bindparam("after")).order_by(MESSAGES.c.seq).limit(bindparam("limit")))
_REPLY = MESSAGES.alias("reply")
_NEW = (
    _REPLY.c.reply_to == THREAD_MEMBERS.c.message_id,
    _REPLY.c.seq > THREAD_MEMBERS.c.last_seq,
    _REPLY.c.deleted_at.is_(None),
)
_UNREAD = within(select(func.count()).where(*_NEW).correlate(THREAD_MEMBERS)).scalar_subquery()
_HAS_NEW = exists(within(select(literal(1)).where(*_NEW).correlate(THREAD_MEMBERS)))
_MINE = (THREAD_MEMBERS.c.member_id == bindparam("me", type_=Uuid()), THREAD_MEMBERS.c.following)
_WAITING = scoped(
    select(THREAD_MEMBERS.c.room_id, func.count().label("threads"))
    .where(*_MINE, _HAS_NEW)
    .group_by(THREAD_MEMBERS.c.room_id)
)
_FOLLOWED = scoped(
    select(*SHOWN, MESSAGES.c.thread_last_at, _UNREAD.label("unread"))
    .join_from(THREAD_MEMBERS, MESSAGES, THREAD_MEMBERS.c.message_id == MESSAGES.c.id)
    .join(MEMBERS, MESSAGES.c.member_id == MEMBERS.c.id)
    .where(*_MINE, THREAD_MEMBERS.c.room_id == func.any(bindparam("rooms", type_=ARRAY(Uuid))))
    .where(
        tuple_(MESSAGES.c.thread_last_at, MESSAGES.c.id)
        < tuple_(bindparam("before", type_=Instant), bindparam("before_id", type_=Uuid()))
    )
    .order_by(MESSAGES.c.thread_last_at.desc(), MESSAGES.c.id.desc())
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Thread:
    """A message and a page of the replies to it, and how the reader stands to them."""

    root: Record
    replies: list[Record]
    standing: Standing


async def read(
    scope: Scope, message_id: UUID, *, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> Thread:
    """The newest replies to a message, those before a `seq`, or those after one; each page ascends by `seq`."""
    root = await messages.find(scope, message_id)
    if after is not None:
        found = await scope.all(AFTER, message_id=message_id, after=after, limit=limit)
    else:
        upto = 2**62 if before is None else before
        found = (await scope.all(BEFORE, message_id=message_id, before=upto, limit=limit))[::-1]
    return Thread(root, found, await following.standing(scope, message_id))


async def followed(scope: Scope, *, before: tuple[datetime, UUID] | None = None, limit: int = PAGE) -> list[Record]:
    """The threads that the acting member follows in rooms they see, those with the latest reply first.

    Each is its first message with `thread_last_at` and `unread`; `before` is where the page before this one ended.
    """
    scope.require(Action.ROOM_JOIN)
    at, message_id = before or (EVER, LAST)
    place = {"before": at, "before_id": message_id, "rooms": await _seen(scope)}
    return await scope.all(_FOLLOWED, me=scope.member_id(), limit=limit, **place)


async def waiting(scope: Scope) -> int:
    """In how many of those threads something is unread, counted up to a hundred."""
    scope.require(Action.ROOM_JOIN)
    found = await scope.all(_WAITING, me=scope.member_id())
    # Mostly there is nothing, and then nobody asks which rooms are seen.
    seen = set(await _seen(scope)) if found else set()
    return min(MOST_COUNTED, sum(int(row["threads"]) for row in found if row["room_id"] in seen))


async def mark_read(scope: Scope, message_id: UUID, seq: int) -> Standing:
    """Note that the member has read a thread up to `seq`; the mark only moves forward."""
    root = await messages.find(scope, message_id)
    scope.require(Action.ROOM_JOIN)
    before = await following.standing(scope, message_id)
    standing = await following.mark_read(scope, root, seq)
    await bell.read_thread(scope, message_id, standing.last_seq)
    if standing != before:
        _tell(scope, root, standing)
    return standing


async def follow(scope: Scope, message_id: UUID, *, on: bool) -> None:
    """Follow a thread by hand, or leave it alone until one writes in it again."""
    root = await messages.find(scope, message_id)
    scope.require(Action.ROOM_JOIN)
    await following.follow(scope, root, on=on)
    _tell(scope, root, await following.standing(scope, message_id))


async def _seen(scope: Scope) -> list[UUID]:
    return [row["id"] for row in await direct.readable(scope, archived=False)]


def _tell(scope: Scope, root: Record, standing: Standing) -> None:
    if person := scope.actor.person_id:
        place = RoomId(UUID(root["room"])), MessageId(UUID(root["id"]))
        scope.announce(notices.thread_changed(person, *place, standing.last_seq, following=standing.following))
