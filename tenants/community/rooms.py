"""Rooms: places in the community, and the one rule of who sees them and who may write there."""

import re
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    ScalarSelect,
    Uuid,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from tenants import audit, notices
from tenants.community import sanctions
from tenants.community.mentions import MENTIONS
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.ids import MemberId, PersonId, RoomId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action, Role
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped, within
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_line

KINDS = ("open", "members", "announcement", "private")
MOST_ROOMS = 500
# Pages beside those of rooms.
TAKEN = {"decisions"}

ROOMS = owned(
    "rooms",
    text("slug"),
    text("name"),
    text("topic", default=""),
    text("kind", default="members"),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("head_seq", BigInteger, nullable=False, server_default="0"),
    instant("created_at", now=True),
    instant("archived_at"),
)
ROOM_MEMBERS = owned(
    "room_members",
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    instant("added_at", now=True),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)
READS = owned(
    "room_reads",
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)

_ME = bindparam("me", type_=Uuid())
_INSIDE = exists(
    within(
        select(literal(1)).where(
            ROOM_MEMBERS.c.room_id == ROOMS.c.id, ROOM_MEMBERS.c.member_id == _ME
        ).correlate(ROOMS)
    )
).label("inside")  # fmt: skip
_FACTS = (ROOMS.c.id, ROOMS.c.slug, ROOMS.c.name, ROOMS.c.topic, ROOMS.c.kind, ROOMS.c.head_seq, _INSIDE)
_ROOM = select(*_FACTS).where(ROOMS.c.archived_at.is_(None))
BY_ID = scoped(_ROOM.where(ROOMS.c.id == bindparam("room_id")))
# For those who write: with what holds them back, as `restraints`.
_RESTRAINED = sanctions.restrained(_ME, ROOMS.c.id)
_WRITTEN = _ROOM.where(ROOMS.c.id == bindparam("room_id")).add_columns(_RESTRAINED)
BY_ID_RESTRAINED = scoped(_WRITTEN)
BY_ID_HELD = scoped(_WRITTEN.with_for_update(key_share=True, of=ROOMS))
BY_SLUG = scoped(_ROOM.where(ROOMS.c.slug == bindparam("slug")).add_columns(_RESTRAINED))
_READ = within(
    select(READS.c.last_seq).where(READS.c.room_id == ROOMS.c.id, READS.c.member_id == _ME).correlate(ROOMS)
).scalar_subquery()
_UPTO = scoped(select(READS.c.last_seq).where(READS.c.room_id == bindparam("room_id"), READS.c.member_id == _ME))
_UNREAD = func.greatest(ROOMS.c.head_seq - func.coalesce(_READ, 0), 0)


def _mentioned(who: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many unread messages of a room mention those."""
    after = MENTIONS.c.seq > func.coalesce(_READ, 0)
    return within(
        select(func.count()).where(MENTIONS.c.room_id == ROOMS.c.id, who, after).correlate(ROOMS)
    ).scalar_subquery()


# Apart, for each is one walk along the index.
_MENTIONED = case(
    (_UNREAD > 0, _mentioned(MENTIONS.c.member_id == _ME) + _mentioned(MENTIONS.c.member_id.is_(None))), else_=0
)
_ALL = scoped(
    select(*_FACTS, _UNREAD.label("unread"), _MENTIONED.label("mentions"))
    .where(ROOMS.c.archived_at.is_(None))
    .order_by(ROOMS.c.position, ROOMS.c.id)
    .limit(MOST_ROOMS)
)
_COUNT = scoped(select(func.count(), func.coalesce(func.max(ROOMS.c.position), 0).label("last")).select_from(ROOMS))
_ADD = scoped(
    insert(ROOMS)
    .values(**binds("id", "slug", "name", "topic", "kind", "position"))
    .on_conflict_do_nothing(index_elements=["channel_id", "slug"])
    .returning(ROOMS.c.id)
)
_LET_IN = scoped(
    insert(ROOM_MEMBERS)
    .values(**binds("id", "room_id", "member_id"))
    .on_conflict_do_nothing(index_elements=["channel_id", "room_id", "member_id"])
)
_TAKE_OUT = scoped(
    delete(ROOM_MEMBERS).where(
        ROOM_MEMBERS.c.room_id == bindparam("room_id"), ROOM_MEMBERS.c.member_id == bindparam("member_id")
    )
)
_PERSON = scoped(select(MEMBERS.c.person_id).where(MEMBERS.c.id == bindparam("member_id")))
_INSIDERS = scoped(
    select(MEMBERS.c.id, MEMBERS.c.name)
    .join_from(ROOM_MEMBERS, MEMBERS)
    .where(ROOM_MEMBERS.c.room_id == bindparam("room_id"))
    .order_by(MEMBERS.c.id)
)
_NEW_READ = insert(READS).values(**binds("id", "room_id", "member_id", "last_seq"))
_MARK = scoped(
    _NEW_READ.on_conflict_do_update(
        index_elements=["channel_id", "member_id", "room_id"],
        set_={"last_seq": func.greatest(READS.c.last_seq, _NEW_READ.excluded.last_seq)},
    ).returning(READS.c.last_seq)
)
# In one order for everybody, so that two processes that write the same marks never wait for each other in a ring.
_MARK_ALL = Scoped(
    "insert into room_reads (channel_id, id, room_id, member_id, last_seq)"
    " select $1, new.id, rooms.id, members.id, greatest(0, least(new.seq, rooms.head_seq))"
    " from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) as new(id, room_id, member_id, seq)"
    " join rooms on rooms.channel_id = $1 and rooms.id = new.room_id"
    " join members on members.channel_id = $1 and members.id = new.member_id"
    " order by members.id, rooms.id"
    " on conflict (channel_id, member_id, room_id)"
    " do update set last_seq = greatest(room_reads.last_seq, excluded.last_seq)"
    " returning room_id, member_id, last_seq",
    ("channel_id", "ids", "rooms", "members", "seqs"),
    {},
)


def slug_of(name: str) -> str:
    """A room's address from its name: `General chat` → `general-chat`; empty when no letter of it is Latin."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]


def may_see(scope: Scope, room: Record) -> bool:
    """Anyone sees an open room; members see the rest; a private one is seen by those in it, owners and admins."""
    actor = scope.actor
    if actor.system or room["kind"] == "open":
        return actor.banned is None
    if actor.role is None or actor.banned is not None:
        return False
    return room["kind"] != "private" or bool(room["inside"]) or actor.role in {Role.OWNER, Role.ADMIN}


def require_seen(scope: Scope, room: Record | None) -> Record:
    """The room; NotFound when there is none, or none that the actor may see: the two are never told apart.

    The banned are told so, whatever they ask for.
    """
    if scope.actor.banned is not None:
        scope.require(Action.ROOM_JOIN)
    if room is None or not may_see(scope, room):
        raise NotFound("There is no such room here.", "no_such_room")
    return room


def require_writable(scope: Scope, room: Record | None) -> Record:
    """The room; NotFound when the actor may not see it, Forbidden when they may not write there."""
    seen = require_seen(scope, room)
    scope.require(Action.MESSAGE_POST)
    if seen["kind"] == "announcement" and not scope.actor.system:
        try:
            scope.require(Action.MESSAGE_ANNOUNCE)
        except Forbidden:
            raise Forbidden("Only teachers and moderators write in this room. You can react.", "announcement") from None
    return seen


async def find(scope: Scope, room_id: UUID) -> Record:
    """A room the actor may see: `id, slug, name, topic, kind, head_seq, inside`."""
    return require_seen(scope, await scope.first(BY_ID, room_id=room_id, me=scope.actor.member_id))


async def find_by_slug(scope: Scope, slug: str) -> Record:
    """The same, by the address of its page, with `restraints`."""
    return require_seen(scope, await scope.first(BY_SLUG, slug=slug, me=scope.actor.member_id))


async def seen(scope: Scope) -> list[Record]:
    """Every room that the actor may see, in their order, with `unread` and `mentions` counts for members."""
    return [room for room in await scope.all(_ALL, me=scope.actor.member_id) if may_see(scope, room)]


async def add(scope: Scope, name: str, kind: str, topic: str = "") -> Record:
    """A new room; Invalid for a wrong name or kind."""
    scope.require(Action.ROOM_EDIT)
    name = clean_line(name, "/name", longest=60)
    topic = clean_line(topic, "/topic", longest=200, shortest=0)
    if kind not in KINDS:
        raise Invalid.field("/kind", "unknown_kind", f"A room is one of: {', '.join(KINDS)}.")
    standing = await scope.one(_COUNT)
    if standing[0] >= MOST_ROOMS:
        raise Invalid.field("/name", "too_many", f"A channel has at most {MOST_ROOMS} rooms.")
    room_id = await _insert(scope, name, kind, topic, standing["last"] + 1)
    if kind == "private" and scope.actor.member_id:
        await scope.run(_LET_IN, id=new_id(), room_id=room_id, member_id=scope.actor.member_id)
    await audit.record(scope, "room.add", room_id, kind=kind)
    return await find(scope, room_id)


async def let_in(scope: Scope, room_id: UUID, member_id: MemberId) -> None:
    """Put a member into a private room, however often."""
    scope.require(Action.ROOM_EDIT)
    await _private(scope, room_id)
    await scope.run(_LET_IN, id=new_id(), room_id=room_id, member_id=member_id)
    await audit.record(scope, "room.let_in", room_id, member=str(member_id))


async def take_out(scope: Scope, room_id: UUID, member_id: MemberId) -> None:
    """Take a member out of a private room, their sockets too; NotFound when they are not in it."""
    scope.require(Action.ROOM_EDIT)
    await _private(scope, room_id)
    if not await scope.run(_TAKE_OUT, room_id=room_id, member_id=member_id):
        raise NotFound("That member is not in this room.")
    scope.announce(notices.room_left(PersonId(await scope.value(_PERSON, member_id=member_id)), RoomId(room_id)))
    await audit.record(scope, "room.take_out", room_id, member=str(member_id))


async def insiders(scope: Scope, room_id: UUID) -> list[Record]:
    """Who is in a private room: `id, name`."""
    await _private(scope, room_id)
    return await scope.all(_INSIDERS, room_id=room_id)


async def mark_read(scope: Scope, room_id: UUID, seq: int) -> int:
    """Note that the member has read up to `seq`; the mark only moves forward, and never past the room's head."""
    room = await find(scope, room_id)
    upto = max(0, min(seq, room["head_seq"]))
    values = {"id": new_id(), "room_id": room_id, "member_id": scope.member_id(), "last_seq": upto}
    return int(await scope.value(_MARK, **values))


async def mark_all_read(scope: Scope, marks: Sequence[tuple[RoomId, MemberId, int]]) -> list[Record]:
    """The same for many members at once, each room and member at most once; whoever calls has seen their rights.

    The marks as they are then: `room_id, member_id, last_seq`; rooms and members that are not there are left out.
    """
    in_rooms, members, seqs = [[mark[place] for mark in marks] for place in range(3)]
    ids = [new_id() for _ in marks]
    return await scope.all(_MARK_ALL, ids=ids, rooms=in_rooms, members=members, seqs=seqs)


async def read_upto(scope: Scope, room_id: UUID) -> int:
    """How far the acting member has read a room; 0 for anybody else."""
    me = scope.actor.member_id
    return int(await scope.value(_UPTO, room_id=room_id, me=me) or 0) if me else 0


async def _private(scope: Scope, room_id: UUID) -> Record:
    room = await find(scope, room_id)
    if room["kind"] != "private":
        raise Invalid.field("/room", "not_private", "Only a private room has a list of who is in it.")
    return room


async def _insert(scope: Scope, name: str, kind: str, topic: str, position: int) -> RoomId:
    base = slug_of(name) or "room"
    for slug in (f"{base}-room" if base in TAKEN else base, f"{base}-{position}", f"{base}-{new_id().hex[-6:]}"):
        values = {"slug": slug, "name": name, "topic": topic, "kind": kind, "position": position}
        if room_id := await scope.value(_ADD, id=new_id(), **values):
            return RoomId(room_id)
    raise Invalid.field("/name", "taken", "There is a room of that name already.")
