"""Direct rooms: who in one may write, what they hear of one another, and who is told of a new message.

Whoever is asked for the first time stands apart (`asked`): they read, and answer once they accept. Until somebody has,
three messages may wait for them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Uuid, and_, bindparam, case, func, or_, select, update

from tenants import links, notices
from tenants.channels import channels
from tenants.community import rooms
from tenants.community.mentions import MENTIONS
from tenants.community.rooms import DIRECT, READS, ROOM_MEMBERS, ROOMS, SETTINGS
from tenants.errors import Conflict, Forbidden, Said
from tenants.ids import MemberId, PersonId, RoomId
from tenants.members import bell
from tenants.members.members import BANNED, MEMBERS
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import instant, owned, refers

IN, ASKED, DECLINED = "in", "asked", "declined"
# By a block: one that was accepted before, and one that never was. The other side sees no difference to before.
SHUT, REFUSED = "shut", "refused"
BLOCKED = (SHUT, REFUSED)
ACCEPTED = (IN, SHUT)
# Messages that may wait for somebody who has not accepted yet.
MOST_WAITING = 3

TALKS = owned(
    "direct_talks",
    Column("room_id", Uuid, nullable=False),
    # Of those in it; a group that somebody has left is found by it no more.
    Column("people_key", Uuid),
    Column("pair", Boolean, nullable=False),
    Column("started_by", Uuid, nullable=False),
    instant("started_at", now=True),
    instant("last_at", now=True),
    refers("room_id", "rooms"),
    refers("started_by", "members"),
)
_I, _R, _S = ROOM_MEMBERS.c, READS.c, SETTINGS.c
_ROOM = bindparam("room_id", type_=Uuid())
_UPTO = func.coalesce(_R.last_seq, 0)
_UNREAD = func.greatest(bindparam("head", type_=BigInteger()) - _UPTO, 0)
_MENTIONED = within(
    select(func.count())
    .where(MENTIONS.c.room_id == _ROOM, or_(MENTIONS.c.member_id == _I.member_id, MENTIONS.c.member_id.is_(None)))
    .where(MENTIONS.c.seq > _UPTO)
    .correlate(ROOM_MEMBERS, READS)
).scalar_subquery()
_MUTED, _LEVEL = func.coalesce(_S.muted, False), func.coalesce(_S.level, "all")
_INSIDERS = scoped(
    select(
        _I.member_id,
        _I.state,
        MEMBERS.c.name,
        MEMBERS.c.role,
        MEMBERS.c.avatar,
        MEMBERS.c.person_id,
        and_(MEMBERS.c.left_at.is_(None), ~BANNED).label("present"),
        case((or_(_MUTED, _LEVEL != "all"), 0), else_=_UNREAD).label("unread"),
        case((or_(_MUTED, _LEVEL == "nothing"), 0), else_=_MENTIONED).label("mentions"),
    )
    .select_from(
        ROOM_MEMBERS.join(MEMBERS, and_(_I.channel_id == MEMBERS.c.channel_id, _I.member_id == MEMBERS.c.id))
        .outerjoin(READS, and_(_R.channel_id == _I.channel_id, _R.room_id == _I.room_id, _R.member_id == _I.member_id))
        .outerjoin(
            SETTINGS, and_(_S.channel_id == _I.channel_id, _S.room_id == _I.room_id, _S.member_id == _I.member_id)
        )
    )
    .where(_I.room_id == _ROOM)
    .order_by(MEMBERS.c.name, MEMBERS.c.id)
)
_IS_TALK = scoped(select(TALKS.c.id).where(TALKS.c.room_id == _ROOM))
_GIVEN = scoped(select(ROOMS.c.name).where(ROOMS.c.id == _ROOM))
_TOUCH = scoped(update(TALKS).where(TALKS.c.room_id == _ROOM).values(last_at=func.now()))


def key_of(members: Iterable[UUID]) -> UUID:
    """What a set of people is found by: the same in whatever order, another for any other set."""
    return UUID(bytes=hashlib.sha256(b"".join(sorted(each.bytes for each in members))).digest()[:16])


def require_shared(room: Record) -> None:
    """Pass for a room of the channel; Conflict for a direct one, which is not the channel's to change."""
    if room["kind"] == DIRECT:
        raise Conflict("This is a conversation among its people, not a room of the channel.", "direct")


async def require_not_direct(scope: Scope, room_id: UUID) -> None:
    """The same for the id of a room that is there."""
    if await scope.value(_IS_TALK, room_id=room_id):
        raise Conflict("This is in a conversation: flag it, and another moderator decides.", "direct")


async def place_of(scope: Scope, room_id: UUID, *, on_case: bool) -> Record:
    """The room that a message is in, seen by the actor, or direct where they decide a case about it."""
    found = await scope.first(rooms.BY_ID_RESTRAINED, room_id=room_id, me=scope.actor.member_id)
    if on_case and found is not None and found["kind"] == DIRECT:
        return found
    return rooms.require_seen(scope, found)


def is_quiet(room: Record) -> bool:
    """Whether the actor is in a direct room that they have not accepted, or shut: nobody learns that they look in."""
    return bool(room["kind"] == DIRECT and room["standing"] != IN)


async def insiders(scope: Scope, room_id: UUID, head: int = 0) -> list[Record]:
    """Those in a direct room by name: `member_id, state, name, role, avatar, person_id, present`, and their counts.

    `unread` and `mentions` are as if the room's head were at `head`.
    """
    return await scope.all(_INSIDERS, room_id=room_id, head=head)


async def require_reach(scope: Scope, room: Record) -> None:
    """Pass where the actor may say something new in a room that they see; Forbidden where nobody would hear it."""
    if room["kind"] == DIRECT:
        _check(scope, await insiders(scope, room["id"]))


async def posted(scope: Scope, room: Record, seq: int) -> None:
    """Pass for a message just written, and tell those inside; raises, which takes it back, where it may not be.

    Forbidden `unanswered`, `you_blocked`, `unreachable`, and `request_waits` for a fourth one before anybody accepted.
    """
    if room["kind"] != DIRECT:
        return
    people = await insiders(scope, room["id"], seq)
    others = _check(scope, people)
    if seq > MOST_WAITING and not any(each["state"] == IN for each in others):
        raise Forbidden(
            Said(
                "%(count)s messages of yours wait here. You can write more once they are accepted.", count=MOST_WAITING
            ),
            "request_waits",
        )
    await scope.run(_TOUCH, room_id=room["id"])
    await _tell(scope, room, others, first=seq == 1)


def _check(scope: Scope, people: Sequence[Record]) -> list[Record]:
    """The others who are there to be reached."""
    me = scope.member_id()
    standing = next((each["state"] for each in people if each["member_id"] == me), ASKED)
    if standing in BLOCKED:
        raise Forbidden("You have blocked this person. Unblock them to write.", "you_blocked")
    if standing != IN:
        raise Forbidden("Accept this conversation before you answer.", "unanswered")
    others = [each for each in people if each["member_id"] != me and each["present"] and each["state"] not in BLOCKED]
    if not others:
        raise Forbidden("Nobody here can receive messages from you at present.", "unreachable")
    return others


async def _tell(scope: Scope, room: Record, others: Sequence[Record], *, first: bool) -> None:
    """The first message tells everybody that there is a conversation; counts go to those who have accepted."""
    if first:
        await _begin(scope, room, others)
    for each in others:
        if each["state"] == IN:
            counts = {"unread": each["unread"], "mentions": each["mentions"]}
            scope.announce(notices.unread(PersonId(each["person_id"]), RoomId(room["id"]), counts))


async def _begin(scope: Scope, room: Record, others: Sequence[Record]) -> None:
    room_id, actor, by = RoomId(room["id"]), scope.actor, MemberId(scope.member_id())
    url = links.room((await channels.read(scope))["slug"], room["slug"])
    named = await scope.value(_GIVEN, room_id=room_id)
    told = []
    for each in others:
        who, asked = PersonId(each["person_id"]), each["state"] != IN
        scope.announce(notices.direct_started(who, room_id, url, named or actor.name, by, request=asked))
        told.append(notices.direct_begun(who, room_id, url, actor.name))
    if actor.person_id is not None:
        scope.announce(notices.direct_started(actor.person_id, room_id, url, room["name"], by, request=False))
    await bell.ring(scope, told, UUID(str(room_id)))
