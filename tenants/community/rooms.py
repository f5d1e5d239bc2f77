"""Rooms: places in the community, and the one rule of who sees them and who may write there."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    ScalarSelect,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from tenants import audit, notices
from tenants.batches import batches
from tenants.community import room_names, room_sections, sanctions
from tenants.community.mentions import MENTIONS
from tenants.community.message_table import wordless
from tenants.courses.enrollments import ENROLLMENTS
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.ids import RoomId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action, Role
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import binds, instant, owned, refers, text

KINDS = ("open", "members", "batch", "announcement", "private")
MOST_ROOMS = 500
ARCHIVED = "This room is archived. It can be read, and nothing is added to it."
# What two people, or a few, say among themselves: nobody sees it unasked, whatever their role.
DIRECT = "direct"
STAFF = (Role.OWNER, Role.ADMIN, Role.TEACHER, Role.MODERATOR)
# Who sees a room of a batch without being enrolled in it, and a private one without being let in.
UNASKED: dict[str, tuple[Role, ...]] = {"batch": STAFF, "private": (Role.OWNER, Role.ADMIN), DIRECT: ()}

ROOMS = owned(
    "rooms",
    text("slug"),
    text("name"),
    text("topic", default=""),
    text("kind", default="members"),
    text("icon", default=""),
    Column("batch_id", Uuid),
    Column("section_id", Uuid),
    # Among the rooms of its section.
    Column("position", Integer, nullable=False, server_default="0"),
    Column("head_seq", BigInteger, nullable=False, server_default="0"),
    instant("created_at", now=True),
    instant("archived_at"),
    refers("batch_id", "batches", on_delete="SET NULL (batch_id)"),
    refers("section_id", "room_sections", on_delete="SET NULL (section_id)"),
)
ROOM_MEMBERS = owned(
    "room_members",
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    # How they stand to a direct room: `in`, `asked`, `declined`; `shut` or `refused` by a block.
    text("state", default="in"),
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
SETTINGS = owned(
    "room_settings",
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    text("level", default="all"),
    Column("muted", Boolean, nullable=False, server_default="false"),
    Column("favourite", Boolean, nullable=False, server_default="false"),
    instant("left_at"),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)

_ME = bindparam("me", type_=Uuid())
_R, _I, _E = ROOMS.c, ROOM_MEMBERS.c, ENROLLMENTS.c
_LET = exists(within(select(literal(1)).where(_I.room_id == _R.id, _I.member_id == _ME).correlate(ROOMS)))
_OF_BATCH = (_E.member_id == _ME, _E.batch_id == _R.batch_id, _E.state == "active")
_ENROLLED = exists(within(select(literal(1)).where(*_OF_BATCH).correlate(ROOMS)))
IS_DIRECT = _R.kind == DIRECT
# Only private and direct rooms have a list, only a room of a batch looks at enrollments; so says `rooms_standing`.
_LISTS = or_(_R.kind == "private", IS_DIRECT)
INSIDE = or_(and_(_LISTS, _LET), and_(_R.kind == "batch", _ENROLLED)).label("inside")
_STANDING = within(
    select(_I.state).where(_I.room_id == _R.id, _I.member_id == _ME).correlate(ROOMS)
).scalar_subquery()  # fmt: skip
_BY_NAME: Any = aggregate_order_by(literal_column("', '"), MEMBERS.c.name, MEMBERS.c.id)
_OTHERS = within(
    select(func.string_agg(MEMBERS.c.name, _BY_NAME))
    .join_from(ROOM_MEMBERS, MEMBERS)
    .where(_I.room_id == _R.id, _I.member_id.is_distinct_from(_ME))
    .correlate(ROOMS)
).scalar_subquery()
# A direct room without a name is called by those in it, as each of them sees it.
NAME = case((and_(IS_DIRECT, _R.name == ""), func.coalesce(_OTHERS, "")), else_=_R.name).label("name")
_FACTS = (
    _R.id, _R.slug, NAME, _R.topic, _R.kind, _R.icon, _R.batch_id, _R.head_seq, _R.archived_at, INSIDE,
    case((IS_DIRECT, _STANDING)).label("standing"), _R.section_id,
)  # fmt: skip
_ROOM = select(*_FACTS)
BY_ID = scoped(_ROOM.where(ROOMS.c.id == bindparam("room_id")))
# For those who write: with what holds them back, as `restraints`.
_RESTRAINED = sanctions.restrained(_ME, ROOMS.c.id)
_WRITTEN = _ROOM.where(ROOMS.c.id == bindparam("room_id")).add_columns(_RESTRAINED)
BY_ID_RESTRAINED = scoped(_WRITTEN)
BY_ID_HELD = scoped(_WRITTEN.with_for_update(key_share=True, of=ROOMS))
BY_SLUG = scoped(_ROOM.where(ROOMS.c.slug == bindparam("slug")).add_columns(_RESTRAINED))
# What is one's own: joined on the whole key, so that both are read once for all rooms.
_MARK = and_(READS.c.channel_id == _R.channel_id, READS.c.room_id == _R.id, READS.c.member_id == _ME)
_SET = and_(SETTINGS.c.channel_id == _R.channel_id, SETTINGS.c.room_id == _R.id, SETTINGS.c.member_id == _ME)
_QUIET = or_(func.coalesce(SETTINGS.c.muted, False), SETTINGS.c.left_at.is_not(None))
_LEVEL = func.coalesce(SETTINGS.c.level, "all")
_UPTO = func.coalesce(READS.c.last_seq, 0)
_OWN_MARK = select(READS.c.last_seq).where(READS.c.room_id == ROOMS.c.id, READS.c.member_id == _ME)
_READ = func.coalesce(within(_OWN_MARK.correlate(ROOMS)).scalar_subquery(), 0)


# `within` binds the channel in what an inner select reads, so the mark is read there, not in the outer join.
def _mentioned(who: ColumnElement[bool]) -> ScalarSelect[int]:
    """How many unread messages of a room mention those."""
    counted = select(func.count()).where(MENTIONS.c.room_id == ROOMS.c.id, who, MENTIONS.c.seq > _READ)
    return within(counted.correlate(ROOMS)).scalar_subquery()


# Apart, for each is one walk along the index.
_MENTIONS = _mentioned(MENTIONS.c.member_id == _ME) + _mentioned(MENTIONS.c.member_id.is_(None))
_UNREAD = func.greatest(_R.head_seq - _UPTO - wordless(ROOMS, _READ), 0)
# A room's facts and what is one's own of it, to be selected from `WITH_OWN`.
OWN_FACTS = (
    *_FACTS,
    case((or_(_QUIET, _LEVEL != "all", _R.head_seq <= _UPTO), 0), else_=_UNREAD).label("unread"),
    case((or_(_QUIET, _LEVEL == "nothing", _R.head_seq <= _UPTO), 0), else_=_MENTIONS).label("mentions"),
    _LEVEL.label("level"),
    func.coalesce(SETTINGS.c.muted, False).label("muted"),
    func.coalesce(SETTINGS.c.favourite, False).label("favourite"),
    SETTINGS.c.left_at.is_not(None).label("left"),
)
WITH_OWN = ROOMS.outerjoin(READS, _MARK).outerjoin(SETTINGS, _SET)
_S = room_sections.ROOM_SECTIONS.c
LISTED = scoped(
    select(*OWN_FACTS, _S.name.label("section_name"))
    .select_from(WITH_OWN.outerjoin(_S.id.table, and_(_S.channel_id == _R.channel_id, _S.id == _R.section_id)))
    .where(~IS_DIRECT, or_(ROOMS.c.archived_at.is_(None), bindparam("archived", type_=Boolean())))
    .order_by(room_sections.PLACE, _S.id, _R.position, _R.id)
    .limit(MOST_ROOMS)
)
_NAMES = scoped(select(_R.id, _R.name, _R.position, _R.archived_at).where(~IS_DIRECT))
_ADD = scoped(
    insert(ROOMS)
    .values(**binds("id", "slug", "name", "topic", "kind", "batch_id", "position"))
    .on_conflict_do_nothing(index_elements=["channel_id", "slug"])
    .returning(ROOMS.c.id)
)
LET_IN = scoped(
    insert(ROOM_MEMBERS)
    .values(**binds("id", "room_id", "member_id"))
    .on_conflict_do_nothing(index_elements=["channel_id", "room_id", "member_id"])
)


def may_see(scope: Scope, room: Record) -> bool:
    """The one rule of sight, which `INSIDE` and the function `rooms_standing` repeat in SQL.

    Anyone sees an open room; members see the rest, but a batch's room only if they are enrolled in it or of the staff,
    a private one only if they were let in or keep the channel, and a direct one only if they are in it, in person.
    """
    actor = scope.actor
    if room["kind"] == DIRECT and actor.key_id is not None:
        return False
    if actor.system or room["kind"] == "open":
        return actor.banned is None
    if actor.role is None or actor.banned is not None:
        return False
    return room["kind"] not in UNASKED or bool(room["inside"]) or actor.role in UNASKED[room["kind"]]


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
    require_kept(seen)
    if seen["kind"] == "announcement" and not scope.actor.system:
        try:
            scope.require(Action.MESSAGE_ANNOUNCE)
        except Forbidden:
            raise Forbidden("Only teachers and moderators write in this room. You can react.", "announcement") from None
    return seen


def require_kept(room: Record) -> None:
    """Pass for a room that goes on; Forbidden for an archived one, which is only read."""
    if room["archived_at"] is not None:
        raise Forbidden(ARCHIVED, "archived")


async def find(scope: Scope, room_id: UUID) -> Record:
    """A room the actor may see: archived or not: `id, slug, name, topic, kind, icon, batch_id, head_seq, inside`.

    Of a direct one also the actor's own `standing`.
    """
    return require_seen(scope, await scope.first(BY_ID, room_id=room_id, me=scope.actor.member_id))


async def find_by_slug(scope: Scope, slug: str) -> Record:
    """The same, by the address of its page, with `restraints`."""
    return require_seen(scope, await scope.first(BY_SLUG, slug=slug, me=scope.actor.member_id))


async def seen(scope: Scope, *, archived: bool = False) -> list[Record]:
    """Every room that the actor may see but direct ones, in their order, `archived` ones only when asked for.

    Each with its `section_id` and `section_name`, and what is the member's own: `unread` and `mentions`, which count
    nothing in muted and left rooms, and their settings `level, muted, favourite, left`.
    """
    rows = await scope.all(LISTED, me=scope.actor.member_id, archived=archived)
    return [room for room in rows if may_see(scope, room)]


async def add(scope: Scope, name: str, kind: str, topic: str = "", batch_id: UUID | None = None) -> Record:
    """A new room, of a batch where its kind is that; Invalid for a wrong name or kind, NotFound for no such batch."""
    scope.require(Action.ROOM_EDIT)
    name, topic = room_names.clean_name(name), room_names.clean_topic(topic)
    await check_kind(scope, kind, batch_id)
    standing = await take_name(scope, name)
    if len(standing) >= MOST_ROOMS:
        raise Invalid.field("/name", "too_many", f"A channel has at most {MOST_ROOMS} rooms.")
    last = max((each["position"] for each in standing), default=0)
    values = {"name": name, "topic": topic, "kind": kind, "batch_id": batch_id, "position": last + 1}
    room_id = await _insert(scope, values)
    await keep_sight(scope, room_id, kind)
    await audit.record(scope, "room.add", room_id, kind=kind)
    scope.announce(notices.rooms_changed())
    return await find(scope, room_id)


async def take_name(scope: Scope, name: str, room_id: UUID | None = None) -> list[Record]:
    """The channel's rooms, of which none but `room_id` may go on by that name; nobody names one until this ends."""
    await scope.serialise("names of rooms")
    rows = await scope.all(_NAMES)
    room_names.require_free(name, [row["name"] for row in rows if not row["archived_at"] and row["id"] != room_id])
    return rows


async def check_kind(scope: Scope, kind: str, batch_id: UUID | None) -> None:
    """Pass when there are rooms of this kind and, for a batch's room alone, such a batch."""
    if kind not in KINDS:
        raise Invalid.field("/kind", "unknown_kind", f"A room is one of: {', '.join(KINDS)}.")
    if kind != "batch" and batch_id is not None:
        raise Invalid.field("/batch", "not_of_a_batch", "Only a room of the kind `batch` has a batch.")
    if kind == "batch" and batch_id is None:
        raise Invalid.field("/batch", "batch_missing", "Say which batch the room is for.")
    if batch_id is not None:
        await batches.read(scope, batch_id)


async def keep_sight(scope: Scope, room_id: UUID, kind: str) -> None:
    """Whoever makes a room private is in it."""
    if kind == "private" and scope.actor.member_id:
        await scope.run(LET_IN, id=new_id(), room_id=room_id, member_id=scope.actor.member_id)


async def _insert(scope: Scope, values: dict[str, Any]) -> RoomId:
    for slug in room_names.slugs(values["name"], values["position"]):
        if room_id := await scope.value(_ADD, id=new_id(), slug=slug, **values):
            return RoomId(room_id)
    raise Invalid.field("/name", "taken", "There is a room of that name already.")
