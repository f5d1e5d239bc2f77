"""Messages: posted once whatever is sent twice, numbered without holes in each room; deleted, they keep their place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Text, Uuid, and_, bindparam, case, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants import notices
from tenants.community import (
    attachments,
    audience,
    direct_rules,
    following,
    mentions,
    outlinks,
    polls,
    programs,
    ringing,
    rooms,
    sanctions,
    screening,
    withheld,
)
from tenants.community.drafts import Draft
from tenants.community.mentions import Meant
from tenants.community.message_table import MESSAGES
from tenants.community.ringing import Call
from tenants.community.rooms import READS, ROOMS
from tenants.community.screening import PASSED
from tenants.errors import NotFound
from tenants.ids import MessageId, RoomId, new_id
from tenants.members.members import MEMBERS
from tenants.scope import Record, Scope
from tenants.statements import CHANNEL, scoped, within

PAGE = 50
NONE = orjson.Fragment("[]")


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands; `again` says that it stood there before."""

    id: MessageId
    seq: int
    again: bool


# Ids and JSON columns leave as text: they go to the wire as they are, without a decode and an encode on the way.
SIGNED = (
    cast(func.coalesce(MESSAGES.c.program_id, MESSAGES.c.member_id), Text).label("author_id"),
    func.coalesce(MESSAGES.c.program, MEMBERS.c.name).label("author_name"),
    case((MESSAGES.c.program_id.is_(None), MEMBERS.c.avatar)).label("author_avatar"),
    # None for a program.
    case((MESSAGES.c.program_id.is_(None), MEMBERS.c.role)).label("author_role"),
)
SHOWN = (
    cast(MESSAGES.c.id, Text).label("id"),
    cast(MESSAGES.c.room_id, Text).label("room"),
    MESSAGES.c.seq,
    *SIGNED,
    MESSAGES.c.body,
    MESSAGES.c.html,
    MESSAGES.c.created_at,
    MESSAGES.c.edited_at,
    MESSAGES.c.deleted_at,
    cast(MESSAGES.c.reply_to, Text).label("reply_to"),
    MESSAGES.c.thread_count,
    MESSAGES.c.thread_last_seq,
    cast(MESSAGES.c.reactions, Text).label("reactions"),
    cast(MESSAGES.c.files, Text).label("files"),
    MESSAGES.c.hidden_at,
    cast(MESSAGES.c.preview, Text).label("preview"),
    cast(MESSAGES.c.poll, Text).label("poll"),
)
IN_ROOM = select(*SHOWN).join_from(MESSAGES, MEMBERS).where(MESSAGES.c.room_id == bindparam("room_id"))
BEFORE = scoped(
    IN_ROOM.where(MESSAGES.c.seq < bindparam("before")).order_by(MESSAGES.c.seq.desc()).limit(bindparam("limit"))
)
AFTER = scoped(IN_ROOM.where(MESSAGES.c.seq > bindparam("after")).order_by(MESSAGES.c.seq).limit(bindparam("limit")))
_ONE = scoped(select(*SHOWN).join_from(MESSAGES, MEMBERS).where(MESSAGES.c.id == bindparam("id")))
_HELD_COLUMNS = (
    "id", "room_id", "member_id", "program_id", "seq", "body", "files", "poll", "created_at", "edited_at", "deleted_at",
    "hidden_at",
)  # fmt: skip
_HELD = scoped(
    select(*(MESSAGES.c[name] for name in _HELD_COLUMNS)).where(MESSAGES.c.id == bindparam("id")).with_for_update()
)
_ME, _CLIENT, _ROOM = (bindparam(name, type_=Uuid()) for name in ("me", "client_id", "room_id"))
_PRIOR = within(
    select(MESSAGES.c.id, MESSAGES.c.seq).where(MESSAGES.c.member_id == _ME, MESSAGES.c.client_id == _CLIENT)
).cte("prior")
_BUMPED = (
    update(ROOMS)
    .where(ROOMS.c.channel_id == CHANNEL, ROOMS.c.id == _ROOM, ~select(literal(1)).select_from(_PRIOR).exists())
    .values(head_seq=ROOMS.c.head_seq + 1)
    .returning(ROOMS.c.head_seq)
    .cte("bumped")
)
_ADDED_COLUMNS = (
    "channel_id", "id", "room_id", "member_id", "client_id", "program_id", "reply_to", "program", "body", "html", "seq",
)  # fmt: skip
_ADDED = (
    insert(MESSAGES)
    .from_select(
        _ADDED_COLUMNS,
        select(
            CHANNEL,
            bindparam("id", type_=Uuid()),
            _ROOM,
            _ME,
            _CLIENT,
            *(bindparam(name, type_=Uuid()) for name in ("program_id", "reply_to")),
            *(bindparam(name, type_=Text()) for name in ("program", "body", "html")),
            _BUMPED.c.head_seq,
        ).select_from(_BUMPED),
    )
    .returning(MESSAGES.c.id, MESSAGES.c.seq, MESSAGES.c.created_at, MESSAGES.c.program_id)
    .cte("added")
)
# Who had read all has read what they say, too; who had not still has to.
_OWN_MARK = and_(READS.c.channel_id == CHANNEL, READS.c.room_id == _ROOM, READS.c.member_id == _ME)
_BY_A_PERSON = _ADDED.c.program_id.is_(None)
_MOVED = (
    update(READS)
    .where(_OWN_MARK, READS.c.last_seq == _ADDED.c.seq - 1, _BY_A_PERSON)
    .values(last_seq=_ADDED.c.seq)
    .returning(READS.c.last_seq)
    .cte("moved")
)
_MARKED = (
    insert(READS)
    .from_select(
        ("channel_id", "id", "room_id", "member_id", "last_seq"),
        select(CHANNEL, _ADDED.c.id, _ROOM, _ME, _ADDED.c.seq).where(_ADDED.c.seq == 1, _BY_A_PERSON),
    )
    .on_conflict_do_nothing()
    .returning(READS.c.last_seq)
    .cte("marked")
)
_STANDS = scoped(select(_PRIOR.c.id))
_AVATAR = within(select(MEMBERS.c.avatar).where(MEMBERS.c.id == _ME)).scalar_subquery()
_POST = scoped(
    select(_ADDED.c.id, _ADDED.c.seq, _ADDED.c.created_at, literal(False).label("again"), _AVATAR.label("avatar"))
    .union_all(select(_PRIOR.c.id, _PRIOR.c.seq, func.now(), literal(True), _AVATAR))
    .add_cte(_MOVED, _MARKED)
)


def shown(row: Record | Sequence[Any]) -> dict[str, Any]:
    """A message as the wire shows it, of a row's values in order; its JSON columns are raw fragments for orjson."""
    id_, room, seq, author, name, avatar, role, body, html, created, edited, deleted, *rest = row
    reply_to, count, last, reactions, files, hidden, preview, poll = rest
    whole = {
        "id": id_,
        "room": room,
        "seq": seq,
        "author": programs.signature(author, name, avatar, role),
        "body": body,
        "html": html,
        "created_at": created,
        "edited_at": edited,
        "deleted": deleted is not None,
        "hidden": hidden is not None,
        "reply_to": reply_to,
        "thread": {"count": count, "last_seq": last},
        "reactions": NONE if reactions == "[]" else orjson.Fragment(reactions),
        "files": NONE if files == "[]" else orjson.Fragment(files),
        "poll": None if poll is None else polls.shown(poll),
    }
    return whole if preview in {None, "{}"} else whole | {"preview": orjson.Fragment(preview)}


def plain(row: Record | Sequence[Any]) -> dict[str, Any]:
    """The same of plain values only, for a notice."""
    loaded: dict[str, Any] = orjson.loads(encoded(shown(row)))
    return loaded


def encoded(value: Any) -> bytes:
    """JSON with times in RFC 3339 UTC."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC, default=str)


async def page(
    scope: Scope, room_id: UUID, *, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> list[Record]:
    """Messages of a room in order of `seq`: the newest `limit`, those before a seq, or those after one."""
    await rooms.find(scope, room_id)
    return await page_of_seen(scope, room_id, before=before, after=after, limit=limit)


async def page_of_seen(
    scope: Scope, room_id: UUID, *, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> list[Record]:
    """The same, for a caller that has just been given the room."""
    if after is not None:
        return await scope.all(AFTER, room_id=room_id, after=after, limit=limit)
    rows = await scope.all(BEFORE, room_id=room_id, before=2**62 if before is None else before, limit=limit)
    return rows[::-1]


async def find(scope: Scope, message_id: UUID, *, on_case: bool = False) -> Record:
    """One message in a room that the actor may see; `on_case` also one of a case, in a conversation of others."""
    row = await scope.first(_ONE, id=message_id)
    if row is None:
        raise NotFound("There is no such message here.", "no_such_message")
    await direct_rules.place_of(scope, UUID(row["room"]), on_case=on_case)
    return row


async def post(scope: Scope, room_id: UUID, new: Draft) -> Posted:
    """Post a draft, or tell where it already stands: a `client_id` counts once per author, the first body stands."""
    # The room's row is locked first, so that the search for an earlier post sees all that was committed before us.
    held = await scope.first(rooms.BY_ID_HELD, room_id=room_id, me=scope.actor.member_id)
    room, message_id, verdict = rooms.require_writable(scope, held), new_id(), PASSED
    if screening.applies(scope, room) and not await scope.first(_STANDS, me=scope.member_id(), client_id=new.client_id):
        verdict = await screening.screen(scope, room, new.legible, message_id, fresh=True)
    meant = await audience.meant(scope, room, new.html)
    by = {"me": scope.member_id(), "client_id": new.client_id, **programs.named(scope)}
    said = {"body": new.body, "html": meant.html, "reply_to": new.reply_to}
    row = await scope.one(_POST, id=message_id, room_id=room_id, **by, **said)
    posted = Posted(MessageId(row["id"]), row["seq"], row["again"])
    if not posted.again:
        # What was posted before a mute stays posted when it is sent again.
        await sanctions.require_may_write(scope, room)
        files = encoded(await attachments.take(scope, posted.id, new.files)).decode() if new.files else "[]"
        poll = await polls.take(scope, posted.id, new.poll) if new.poll else None
        await screening.carry_out(scope, room, posted.id, verdict, fresh=True)
        if verdict.holds:
            new, meant, files, poll = replace(new, body=""), Meant(""), "[]", None
        root_seq = await following.reply(scope, new.reply_to, room_id, posted.seq, meant.members)
        if meant.members:
            await mentions.write(scope, row, RoomId(room_id), meant.members)
        if not verdict.holds:
            me, thread = (scope.member_id(), scope.actor.name), (new.reply_to, root_seq)
            call = Call(posted.id, posted.seq, *me, meant.html, *thread, polled=poll is not None)
            await ringing.ring(scope, room, call, meant.members)
            programs.hear_of(scope, room, posted.id, posted.seq)
        fresh = _fresh(scope, room_id, replace(new, html=meant.html), row, (files, poll), hidden=verdict.holds)
        scope.announce(notices.message_posted(RoomId(room_id), fresh))
        outlinks.ask(scope, posted.id, meant.html)
        scope.reindex("message", posted.id)
        await direct_rules.posted(scope, room, posted.seq)
    return posted


async def hold(
    scope: Scope, message_id: UUID, *, writes: bool = False, in_archive: bool = False, on_case: bool = False
) -> Record:
    """A message that is there and seen, locked until the transaction ends; Forbidden in an archived room.

    `writes`: by one who is not muted, to a message that has its words, where others hear them. `on_case`: the message
    of a case that the actor decides, though it be in a conversation of others.
    """
    held = await scope.first(_HELD, id=message_id)
    if held is None:
        raise NotFound("There is no such message here.", "no_such_message")
    room = await direct_rules.place_of(scope, held["room_id"], on_case=on_case)
    if not in_archive:
        rooms.require_kept(room)
    if writes:
        await sanctions.require_unmuted(scope, room)
        withheld.require_words(held)
        await direct_rules.require_reach(scope, room)
    return held


def _fresh(
    scope: Scope, room_id: UUID, new: Draft, row: Record, carried: tuple[str, str | None], *, hidden: bool
) -> dict[str, Any]:
    """A message just posted with the files and the poll that it `carried`, without reading it again."""
    files, poll = carried
    who = programs.writer(scope, row["avatar"])
    times, thread = (row["created_at"], None, None), (new.reply_to, 0, None)
    hidden_at = row["created_at"] if hidden else None
    return plain(
        (row["id"], room_id, row["seq"], *who, new.body, new.html, *times, *thread, "[]", files, hidden_at, None, poll)
    )
