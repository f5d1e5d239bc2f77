"""Direct rooms: conversations of two people, or of a few, found or made by the set of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, and_, bindparam, exists, func, literal, or_, select, tuple_
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert

from tenants.community import blocks, direct_standing, room_names, rooms
from tenants.community.direct_rules import ACCEPTED, ASKED, IN, TALKS, key_of
from tenants.community.rooms import DIRECT, IS_DIRECT, MOST_ROOMS, OWN_FACTS, ROOM_MEMBERS, ROOMS, STAFF, WITH_OWN
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Said
from tenants.ids import new_id
from tenants.members.members import BANNED, MEMBERS
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import EVER, LAST, Instant, binds

MOST_PEOPLE = 8
# People whom one may ask within a day before some of them answer, whoever else is in those conversations.
MOST_UNANSWERED = 20
_ME = bindparam("me", type_=Uuid())
_I, _T, _M = ROOM_MEMBERS.c, TALKS.c, MEMBERS.c
_WHO = func.jsonb_build_object("id", _M.id, "name", _M.name, "role", _M.role)
_OTHERS = within(
    select(func.jsonb_agg(aggregate_order_by(_WHO, _M.name, _M.id)))
    .join_from(ROOM_MEMBERS, MEMBERS)
    .where(_I.room_id == ROOMS.c.id, _I.member_id != _ME)
    .correlate(ROOMS)
).scalar_subquery()
_OTHER = ROOM_MEMBERS.alias("other")
_HAS_ACCEPTED = or_(*(_OTHER.c.state == each for each in ACCEPTED))
_ACCEPTED = exists(
    within(
        select(literal(1)).where(
            _OTHER.c.room_id == ROOMS.c.id, _OTHER.c.member_id != _ME, _HAS_ACCEPTED
        ).correlate(ROOMS)
    )
)  # fmt: skip
# Nobody is told of a conversation in which nothing was said, but for the one who began it.
_SPOKEN = or_(ROOMS.c.head_seq > 0, _T.started_by == _ME)
_MINE = (
    select(*OWN_FACTS, _T.pair, _T.last_at, _T.started_by, func.coalesce(_OTHERS, sql("'[]'::jsonb")).label("people"))
    .add_columns(_ACCEPTED.label("accepted"), ROOMS.c.name.label("given_name"))
    .select_from(
        WITH_OWN.join(TALKS, and_(_T.channel_id == ROOMS.c.channel_id, _T.room_id == ROOMS.c.id)).join(
            ROOM_MEMBERS, and_(_I.channel_id == ROOMS.c.channel_id, _I.room_id == ROOMS.c.id)
        )
    )
    .where(_I.member_id == _ME, IS_DIRECT, ROOMS.c.archived_at.is_(None))
)
_BEFORE = tuple_(bindparam("before", type_=Instant), bindparam("before_id", type_=Uuid()))
_PAGE = scoped(
    _MINE.where(_SPOKEN, _I.state == bindparam("state", type_=Text()))
    .where(tuple_(_T.last_at, ROOMS.c.id) < _BEFORE)
    .order_by(_T.last_at.desc(), ROOMS.c.id.desc())
    .limit(bindparam("limit"))
)
_ONE = scoped(_MINE.where(ROOMS.c.id == bindparam("room_id")))
_ASKING = scoped(
    select(func.count())
    .join_from(ROOM_MEMBERS, ROOMS, and_(_I.channel_id == ROOMS.c.channel_id, _I.room_id == ROOMS.c.id))
    .where(_I.member_id == _ME, _I.state == ASKED, ROOMS.c.head_seq > 0)
)
_BY_KEY = scoped(select(_T.room_id).where(_T.people_key == bindparam("key", type_=Uuid())))
_UNANSWERED = scoped(
    select(func.count())
    .join_from(ROOM_MEMBERS, TALKS, and_(_I.channel_id == _T.channel_id, _I.room_id == _T.room_id))
    .where(_T.started_by == _ME, _T.started_at > func.now() - sql("interval '1 day'"), _I.state == ASKED)
)
_CALLED = scoped(
    select(
        _M.id,
        _M.role,
        and_(_M.left_at.is_(None), ~BANNED).label("present"),
        blocks.deaf_to(_ME).label("deaf"),
        blocks.blocked_by(_ME).label("blocked"),
    )
    .where(_M.id == func.any(bindparam("members", type_=ARRAY(Uuid))))
    .order_by(_M.id)
)
_ADD_ROOM = scoped(insert(ROOMS).values(**binds("id", "slug", "name", "kind")))
_ADD_TALK = scoped(insert(TALKS).values(**binds("id", "room_id", "people_key", "pair", "started_by")))
_ADD_INSIDER = scoped(insert(ROOM_MEMBERS).values(**binds("id", "room_id", "member_id", "state")))


async def open_with(scope: Scope, members: Sequence[UUID], name: str = "") -> tuple[Record, bool]:
    """The conversation with those members and nobody else, and whether it was made now; a group may have a `name`.

    Whoever opens one that waits for them accepts it. Staff ask nobody first. Invalid for nobody or for more than
    eight people, NotFound for who is not here, Forbidden `unreachable` and `you_blocked`, Conflict `too_many_requests`.
    """
    scope.require(Action.MESSAGE_DIRECT)
    me = scope.member_id()
    chosen = sorted({*members} - {me})
    if not 0 < len(chosen) < MOST_PEOPLE:
        raise Invalid.field(
            "/members", "number", Said("Choose one to %(most)s people beside yourself.", most=MOST_PEOPLE - 1)
        )
    key = key_of([me, *chosen])
    await scope.serialise("direct", key)
    if found := await scope.value(_BY_KEY, key=key):
        await direct_standing.take_up(scope, found)
        return await find(scope, found), False
    people = await _reachable(scope, chosen)
    await _check_patience(scope)
    room_id = await _make(scope, people, key, room_names.clean_name(name) if name and len(chosen) > 1 else "")
    return await find(scope, room_id), True


async def find(scope: Scope, room_id: UUID) -> Record:
    """A conversation that the actor is in, with what is their own of it; NotFound for any other room.

    A room's facts, and `pair, people, accepted, last_at, started_by, unread, mentions, standing`; `people` are the
    others, each `id, name, role`; `accepted` says that one of them has.
    """
    found = await scope.first(_ONE, room_id=room_id, me=scope.actor.member_id)
    return rooms.require_seen(scope, found)


async def page(
    scope: Scope, state: str = IN, *, before: tuple[datetime, UUID] | None = None, limit: int = MOST_ROOMS
) -> list[Record]:
    """The conversations in which the acting member stands so (`in`, `asked`), those with the newest message first."""
    scope.require(Action.ROOM_JOIN)
    at, room_id = before or (EVER, LAST)
    rows = await scope.all(_PAGE, me=scope.member_id(), state=state, before=at, before_id=room_id, limit=limit)
    return [row for row in rows if rooms.may_see(scope, row)]


async def mine(scope: Scope) -> list[Record]:
    """The newest 500 conversations that the acting member is in, rows as `rooms.seen` has them; none for others."""
    actor = scope.actor
    if actor.member_id is None or actor.key_id is not None or not why(actor, Action.ROOM_JOIN).allowed:
        return []
    return await page(scope)


async def readable(scope: Scope, *, archived: bool = True) -> list[Record]:
    """Every room whose messages the acting member may read, archived ones too unless told otherwise, and conversations.

    Who sees what stands in a room, be it saved, begun or followed, sees the room: this is that rule.
    """
    return [*await rooms.seen(scope, archived=archived), *await mine(scope)]


async def asking(scope: Scope) -> int:
    """How many conversations wait for the acting member to accept them."""
    return int(await scope.value(_ASKING, me=scope.actor.member_id)) if scope.actor.member_id else 0


async def _reachable(scope: Scope, chosen: Sequence[UUID]) -> list[Record]:
    people = await scope.all(_CALLED, members=list(chosen), me=scope.member_id())
    if len([each for each in people if each["present"]]) < len(chosen):
        raise NotFound("There is no such member here.", "no_such_member")
    if any(each["blocked"] for each in people):
        raise Forbidden("You have blocked this person. Unblock them to write.", "you_blocked")
    if any(each["deaf"] for each in people):
        raise Forbidden("Nobody here can receive messages from you at present.", "unreachable")
    return people


async def _check_patience(scope: Scope) -> None:
    if scope.actor.role in STAFF:
        return
    if await scope.value(_UNANSWERED, me=scope.member_id()) >= MOST_UNANSWERED:
        raise Conflict(
            Said("%(count)s people have not answered you yet. Wait for one of them.", count=MOST_UNANSWERED),
            "too_many_requests",
        )


async def _make(scope: Scope, people: Sequence[Record], key: UUID, name: str) -> UUID:
    me, room_id = scope.member_id(), new_id()
    first = IN if scope.actor.role in STAFF else ASKED
    values: dict[str, Any] = {"id": room_id, "slug": f"direct-{room_id.hex}", "name": name, "kind": DIRECT}
    await scope.run(_ADD_ROOM, **values)
    await scope.run(_ADD_TALK, id=new_id(), room_id=room_id, people_key=key, pair=len(people) == 1, started_by=me)
    await scope.run(_ADD_INSIDER, id=new_id(), room_id=room_id, member_id=me, state=IN)
    for each in people:
        await scope.run(_ADD_INSIDER, id=new_id(), room_id=room_id, member_id=each["id"], state=first)
    return room_id
