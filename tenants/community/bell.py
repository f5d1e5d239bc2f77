"""The bell as its reader finds it: without rooms they no longer see, without the words of what was taken away.

What is told of a message is read from the message itself, so an edit, a hiding or an end is at the bell at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, false, func, literal, or_, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY

from tenants import links
from tenants.channels.channels import CHANNELS
from tenants.community import direct_rules, mentions, messages, ringing, rooms
from tenants.community.audience import seeing
from tenants.community.message_table import MESSAGES
from tenants.community.ringing import Call
from tenants.community.rooms import ROOMS
from tenants.errors import SignInNeeded
from tenants.ids import MessageId, PersonId
from tenants.members import bell
from tenants.members.bell import RINGS
from tenants.members.members import MEMBERS
from tenants.notices import bell_read
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import CHANNEL, scoped, within

MOST_COUNTED = 100
MOST_TOLD = 200
_R, _M = RINGS.c, MESSAGES.c
_ROOT, _BY = MESSAGES.alias("root"), MEMBERS.alias("by")
_ME = bindparam("me", type_=Uuid())
_GONE = or_(_M.deleted_at.is_not(None), _M.hidden_at.is_not(None))
# Bound on the whole key, for they are the optional side of a join.
_OF_ROOM = and_(ROOMS.c.channel_id == _R.channel_id, ROOMS.c.id == _R.room_id)
_OF_MESSAGE = and_(_M.channel_id == _R.channel_id, _M.id == _R.message_id)
_ABOUT = RINGS.outerjoin(ROOMS, _OF_ROOM).outerjoin(MESSAGES, _OF_MESSAGE)
_SEEN = or_(_R.room_id.is_(None), seeing(ROOMS.c.kind, ROOMS.c.id, ROOMS.c.batch_id))
# Of a thread that rang more than once something is left when the last reply is gone.
_COUNTS = and_(_R.read_at.is_(None), _R.at_bell, _SEEN, or_(_R.message_id.is_(None), ~_GONE, _R.times > 1))
_EACH = (
    within(
        select(literal(1).label("one")).select_from(_ABOUT).where(_R.person_id == MEMBERS.c.person_id, _COUNTS)
        .correlate(MEMBERS).limit(MOST_COUNTED)
    ).lateral("each")
)  # fmt: skip
_UNREAD = scoped(
    select(MEMBERS.c.person_id, func.count(_EACH.c.one).label("unread"))
    .select_from(MEMBERS.outerjoin(_EACH, true()))
    .where(MEMBERS.c.person_id == func.any(bindparam("people", type_=ARRAY(Uuid))))
    .group_by(MEMBERS.c.person_id)
)
# A conversation without a name is called by the other who wrote.
_CALLED = func.coalesce(func.nullif(ROOMS.c.name, ""), _BY.c.name)
_ALL = (
    select(
        _R.id, _R.thing_id, _R.kind, _R.title, _R.url, _R.state, _R.at, _R.read_at, _R.times, _R.room_id, _R.message_id,
        _CALLED.label("room_name"), ROOMS.c.slug.label("room_slug"), _M.seq, _M.html,
        _M.poll.is_not(None).label("polled"),
        func.coalesce(_GONE, false()).label("gone"), _BY.c.name.label("by"), _ROOT.c.seq.label("root_seq"),
        within(select(CHANNELS.c.slug)).scalar_subquery().label("slug"),
    )
    .select_from(
        MEMBERS.join(
            _ABOUT.outerjoin(_ROOT, and_(_ROOT.c.channel_id == _R.channel_id, _ROOT.c.id == _R.root_id)).outerjoin(
                _BY, and_(_BY.c.channel_id == _M.channel_id, _BY.c.id == _M.member_id)
            ),
            _R.person_id == MEMBERS.c.person_id,
        )
    )
    # The join in brackets is not looked into for its channel.
    .where(MEMBERS.c.person_id == _ME, _R.channel_id == CHANNEL, _SEEN)
)  # fmt: skip
_AT_BELL = _ALL.where(_R.at_bell)
_NEWEST = scoped(_AT_BELL.order_by(_R.id.desc()).limit(bindparam("limit")))
_OLDER = scoped(_AT_BELL.where(_R.id < bindparam("after")).order_by(_R.id.desc()).limit(bindparam("limit")))
_LEFT = (
    _ALL.where(_R.message_id.is_not(None), _R.read_at.is_(None), ~_GONE)
    .order_by(_R.id.desc())
    .limit(bindparam("limit"))
)
_WAITING = scoped(_LEFT)
_OF_MAIL = scoped(_LEFT.where(_R.mail_id == bindparam("mail_id", type_=Uuid())))
_ONE = scoped(_ALL.where(_R.id == bindparam("ring_id")))
_UPTO = _R.id <= bindparam("upto", type_=Uuid())
_READ = scoped(
    update(RINGS).where(_R.person_id == _ME, _R.read_at.is_(None), _UPTO).values(read_at=func.now(), mail_at=None)
)
_HOLDERS = scoped(
    select(_R.person_id).where(_R.message_id == bindparam("message_id"), _R.read_at.is_(None)).limit(MOST_TOLD)
)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice: what it is about, and of a message who wrote it where.

    `title` is what the message says, empty when that was taken away (`gone`).
    """

    id: UUID
    thing_id: UUID
    kind: str
    title: str
    url: str
    state: str
    at: datetime
    read: bool
    times: int
    by: str = ""
    room_id: UUID | None = None
    room_name: str = ""
    message_id: UUID | None = None
    gone: bool = False


async def page(scope: Scope, after: UUID | None = None, limit: int = 50) -> list[Told]:
    """What the acting member was told, newest first."""
    me = _reader(scope)
    if after is None:
        rows = await scope.all(_NEWEST, me=me, limit=limit)
    else:
        rows = await scope.all(_OLDER, me=me, after=after, limit=limit)
    return [_told(row) for row in rows]


async def one(scope: Scope, ring_id: UUID) -> Told | None:
    """A notice of the acting member's, or None when there is no such, or something newer took its place."""
    row = await scope.first(_ONE, me=_reader(scope), ring_id=ring_id)
    return _told(row) if row else None


async def waiting(scope: Scope, *, mail_id: UUID | None = None, limit: int = 50) -> list[Told]:
    """What the acting member has not read of mentions and replies that have their words, newest first.

    With `mail_id` what one mail was asked for.
    """
    me = _reader(scope)
    if mail_id is None:
        rows = await scope.all(_WAITING, me=me, limit=limit)
    else:
        rows = await scope.all(_OF_MAIL, me=me, mail_id=mail_id, limit=limit)
    return [_told(row) for row in rows]


async def unread(scope: Scope) -> int:
    """How many notices the acting member has not read, up to a hundred."""
    row = await scope.first(_UNREAD, people=[_reader(scope)])
    return row["unread"] if row else 0


async def mark_read(scope: Scope, upto: UUID) -> None:
    """All notices up to this one are read; their other devices are told. However often it is said."""
    me = _reader(scope)
    if await scope.run(_READ, me=me, upto=upto):
        await _tell(scope, [me])


async def read_rooms(scope: Scope, marks: Sequence[tuple[Any, ...]]) -> None:
    """What was told of messages that members have read in their rooms is read: `(room, member, seq)` each."""
    if marks:
        await _tell(scope, await bell.note_rooms_read(scope, marks))


async def read_thread(scope: Scope, root_id: UUID, seq: int) -> None:
    """What the acting member was told of a thread is read up to a `seq`."""
    await _tell(scope, await bell.note_thread_read(scope, root_id, seq))


async def recount(scope: Scope, message_id: UUID) -> None:
    """A message lost its words, or has them again: those who were told of it and have not read it hear how many stay.

    Of very many, some hear it with their next page.
    """
    await _tell(scope, [row["person_id"] for row in await scope.all(_HOLDERS, message_id=message_id)])


async def recount_for(scope: Scope, person_id: PersonId) -> None:
    """A person sees a room no more, or again: their devices hear how many notices are left to read."""
    await _tell(scope, [person_id])


async def take_back(scope: Scope, message_id: UUID, meant: Sequence[UUID | None]) -> None:
    """An edited message mentions only these from now on: it is at nobody else's bell, unless as a reply."""
    await _tell(scope, await ringing.take_back(scope, message_id, meant))


async def ring_edited(scope: Scope, room: Record, row: Record, meant: Sequence[UUID | None]) -> None:
    """An edited message, as `messages.find` reads it, rings for those whom it did not mention before."""
    await ringing.ring(scope, room, await _call_of(scope, row), meant, edited=True)


async def ring_restored(scope: Scope, row: Record, meant: Sequence[UUID | None]) -> None:
    """A message that has its words, again or at last, rings for those who were not told of it before.

    Whoever calls has seen that the actor may know of it, also in a conversation of others.
    """
    room = await direct_rules.place_of(scope, UUID(row["room"]), on_case=True)
    await ringing.ring(scope, room, await _call_of(scope, row), meant, late=True)


async def ring_on(scope: Scope, message_id: UUID, after: UUID) -> None:
    """Ring for those behind the member `after` whom a message concerns, unless it was taken away meanwhile."""
    held = await messages.hold(scope, message_id, in_archive=True)
    if held["deleted_at"] is not None or held["hidden_at"] is not None:
        return
    row, room = await messages.find(scope, message_id), await rooms.find(scope, held["room_id"])
    meant = tuple(await mentions.of_message(scope, MessageId(message_id)))
    await ringing.ring(scope, room, await _call_of(scope, row), meant, after=after)


async def _call_of(scope: Scope, row: Record) -> Call:
    root = None if row["reply_to"] is None else await messages.find(scope, UUID(row["reply_to"]), on_case=True)
    by = (UUID(row["author_id"]), row["author_name"])
    thread: dict[str, Any] = {"root_id": UUID(root["id"]), "root_seq": root["seq"]} if root else {}
    return Call(UUID(row["id"]), row["seq"], *by, row["html"], **thread, polled=row["poll"] is not None)


async def _tell(scope: Scope, people: Iterable[UUID]) -> None:
    """Have the devices of some people show how many notices they have not read."""
    if people := list(people):
        for row in await scope.all(_UNREAD, people=people):
            scope.announce(bell_read(PersonId(row["person_id"]), row["unread"]))


def _told(row: Record) -> Told:
    facts = {name: row[name] for name in ("id", "thing_id", "kind", "title", "url", "state", "at", "times")}
    told = Told(**facts, read=row["read_at"] is not None)
    return told if row["message_id"] is None else _of_message(row, facts)


def _of_message(row: Record, facts: dict[str, Any]) -> Told:
    url = links.message(row["slug"], row["room_slug"], row["seq"])
    if row["kind"] == "reply":
        url = links.reply(row["slug"], row["room_slug"], row["root_seq"], row["seq"])
    title = "" if row["gone"] else ringing.excerpt(row["html"], polled=row["polled"])
    return Told(
        **facts | {"title": title, "url": url},
        read=row["read_at"] is not None, by=row["by"], room_id=row["room_id"], room_name=row["room_name"],
        message_id=row["message_id"], gone=row["gone"],
    )  # fmt: skip


def _reader(scope: Scope) -> PersonId:
    scope.require(Action.ROOM_JOIN)
    if scope.actor.person_id is None:
        raise SignInNeeded()
    return scope.actor.person_id
