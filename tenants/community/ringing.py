"""Ringing: a message rings the bell of those whom it mentions, and of those who follow its thread; once each.

Nobody is rung who may not see the room, holds it muted, has left it or asked to hear nothing of it, has blocked the
writer, has read so far, or wrote the message. Replies ring only where every message is to be told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.expression import union_all

from tenants import links, notices
from tenants.channels.channels import CHANNELS
from tenants.community.audience import PRESENT, SEES
from tenants.community.blocks import deaf_to
from tenants.community.following import THREAD_MEMBERS
from tenants.community.rooms import DIRECT, READS, SETTINGS
from tenants.ids import MessageId, PersonId, new_id
from tenants.jobs import RingMany
from tenants.members import bell
from tenants.members.bell import RINGS
from tenants.members.choices import CHOICES
from tenants.members.members import MEMBERS
from tenants.members.pushes import PUSHES
from tenants.scope import Record, Scope
from tenants.statements import CHANNEL, scoped, within
from tenants.texts import cut, plain

AT_ONCE = 200
MAILED_AFTER = timedelta(minutes=5)
EXCERPT = 160
_M, _R, _T, _S = MEMBERS.c, RINGS.c, THREAD_MEMBERS.c, SETTINGS.c
_ROOM, _MESSAGE, _ROOT = (bindparam(name, type_=Uuid()) for name in ("room_id", "message_id", "root_id"))
_SEQ, _AFTER = bindparam("seq", type_=BigInteger()), bindparam("after", type_=Uuid())
_AUTHOR = bindparam("author", type_=Uuid())
_MOST = bindparam("most", type_=BigInteger())
_NAMED = func.any(bindparam("named", type_=ARRAY(Uuid)))
_ASKED = union_all(
    within(select(_M.id.label("member_id"), literal(True).label("named")).where(_M.id == _NAMED, _M.id > _AFTER)),
    within(
        select(_T.member_id, literal(False))
        .where(_T.message_id == bindparam("followed", type_=Uuid()), _T.following, _T.member_id > _AFTER)
        .order_by(_T.member_id)
        .limit(_MOST)
    ),
    within(
        select(_M.id, literal(True))
        .where(bindparam("everyone", type_=Boolean()), _M.id > _AFTER)
        .order_by(_M.id)
        .limit(_MOST)
    ),
).subquery("asked")
_CHOSEN = (
    select(_ASKED.c.member_id, func.bool_or(_ASKED.c.named).label("named"))
    .group_by(_ASKED.c.member_id)
    .order_by(_ASKED.c.member_id)
    .limit(_MOST)
    .cte("chosen")
)
_WISHES = or_(_S.muted, _S.left_at.is_not(None), _S.level == "nothing", and_(_S.level == "mentions", ~_CHOSEN.c.named))
_ASIDE = within(
    select(literal(1)).where(_S.room_id == _ROOM, _S.member_id == _M.id, _WISHES).correlate(MEMBERS, _CHOSEN)
)
_HAS_READ = within(
    select(literal(1)).where(READS.c.room_id == _ROOM, READS.c.member_id == _M.id, READS.c.last_seq >= _SEQ)
    .correlate(MEMBERS)
)  # fmt: skip
_OTHER = RINGS.alias("told")
_WAS_TOLD = within(
    select(literal(1)).where(_OTHER.c.message_id == _MESSAGE, _OTHER.c.person_id == _M.person_id).correlate(MEMBERS)
)
_KIND = case((_CHOSEN.c.named, "mention"), else_="reply")
_NO_BELL = within(
    select(literal(1)).where(CHOICES.c.person_id == _M.person_id, CHOICES.c.kind == _KIND, ~CHOICES.c.bell)
    .correlate(MEMBERS, _CHOSEN)
)  # fmt: skip
# The time of the first id, and the end of the member's own: ids in order of their making, and no two alike.
_ID = as_type(
    func.overlay(
        as_type(bindparam("first_id", type_=Uuid()), Text), func.right(as_type(_M.id, Text), 12), 25
    ), Uuid,
)  # fmt: skip
_COLUMNS = (
    "channel_id", "id", "person_id", "kind", "thing_id", "title", "url", "room_id", "message_id", "root_id", "seq",
    "at_bell", "mail_at",
)  # fmt: skip
_NEW = insert(RINGS).from_select(
    list(_COLUMNS),
    within(
        select(
            CHANNEL, _ID, _M.person_id,
            _KIND, case((_CHOSEN.c.named, _MESSAGE), else_=_ROOT),
            literal(""), literal(""), _ROOM, _MESSAGE, _ROOT, _SEQ,
            ~exists(_NO_BELL), func.now() + MAILED_AFTER,
        )
        .select_from(MEMBERS.join(_CHOSEN, _CHOSEN.c.member_id == _M.id))
        .where(_M.id != _AUTHOR, PRESENT, SEES)
        .where(~exists(_ASIDE), or_(bindparam("late", type_=Boolean()), ~exists(_HAS_READ)), ~exists(_WAS_TOLD))
        .where(~deaf_to(_AUTHOR))
        .order_by(_M.person_id)
    ),
)  # fmt: skip
_RUNG = (
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "person_id", "kind", "thing_id"],
        set_={
            **{name: _NEW.excluded[name] for name in ("id", "message_id", "seq", "at_bell")},
            # What was mailed and is still unread is not mailed again.
            "mail_at": case((_R.read_at.is_(None), _R.mail_at), else_=_NEW.excluded.mail_at),
            "mail_id": case((_R.read_at.is_(None), _R.mail_id), else_=None),
            "times": case((_R.read_at.is_(None), _R.times + 1), else_=1),
            "at": func.now(),
            "read_at": None,
        },
        where=_R.seq < _NEW.excluded.seq,
    )
    .returning(_R.id, _R.person_id, _R.kind, _R.times, _R.at, _R.at_bell)
    .cte("rung")
)
_FACTS = ("id", "person_id", "kind", "times", "at", "at_bell")
_NO_PUSH = within(
    select(literal(1)).where(CHOICES.c.person_id == _RUNG.c.person_id, CHOICES.c.kind == _RUNG.c.kind, ~CHOICES.c.push)
    .correlate(_RUNG)
)  # fmt: skip
_BROWSERS = within(
    select(func.jsonb_agg(PUSHES.c.id)).where(PUSHES.c.person_id == _RUNG.c.person_id, ~exists(_NO_PUSH))
    .correlate(_RUNG)
).scalar_subquery()  # fmt: skip
_EACH = func.jsonb_build_object(
    literal("pushes"), _BROWSERS, *(part for name in _FACTS for part in (literal(name), _RUNG.c[name]))
)
_RING = scoped(
    select(
        within(select(CHANNELS.c.slug)).scalar_subquery().label("slug"),
        select(func.count()).select_from(_CHOSEN).scalar_subquery().label("chosen"),
        select(_CHOSEN.c.member_id).order_by(_CHOSEN.c.member_id.desc()).limit(1).scalar_subquery().label("last"),
        select(func.jsonb_agg(_EACH)).select_from(_RUNG).scalar_subquery().label("rung"),
    )
)
_KEPT = within(select(_M.person_id).where(_M.id == _NAMED))
_TAKE_BACK = scoped(
    delete(RINGS).where(_R.message_id == _MESSAGE, _R.kind == "mention", _R.person_id.not_in(_KEPT))
    .returning(_R.person_id)
)  # fmt: skip
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Call:
    """A message that may ring: where it stands, by whom (a member and their name), what it says, and its thread.

    `polled` when what it says is the question of a poll.
    """

    message_id: UUID
    seq: int
    author: UUID
    by: str
    html: str
    root_id: UUID | None = None
    root_seq: int = 0
    polled: bool = False


async def ring(
    scope: Scope, room: Record, call: Call, meant: Sequence[UUID | None] = (), *, edited: bool = False,
    late: bool = False, after: UUID = FIRST,
) -> None:  # fmt: skip
    """Ring for whom a message is `meant` (None: the whole room) and for those who follow its thread, in one statement.

    One that is `edited` rings for those alone whom it mentions, and whom it has not rung for.

    One that comes `late`, into a place that some have read past, rings for them too. More than AT_ONCE are rung by
    jobs that follow, those behind the member `after` by each.
    """
    named, everyone = [each for each in meant if each is not None], None in meant
    followed = None if edited else call.root_id
    if not named and not everyone and followed is None:
        return
    row = await scope.one(
        _RING, room_id=room["id"], kind=room["kind"], batch_id=room["batch_id"], message_id=call.message_id,
        seq=call.seq, root_id=call.root_id, followed=followed, author=call.author, named=named, everyone=everyone,
        late=late, after=after, first_id=new_id(), most=AT_ONCE,
    )  # fmt: skip
    for rung in row["rung"] or ():
        bell.push(scope, UUID(rung["id"]), rung["pushes"])
        if rung["at_bell"]:
            scope.announce(_notice(room, call, row["slug"], rung))
    if row["chosen"] >= AT_ONCE:
        scope.enqueue(RingMany(MessageId(call.message_id), row["last"]))


async def take_back(scope: Scope, message_id: UUID, meant: Sequence[UUID | None]) -> set[UUID]:
    """A message mentions only these from now on: the bells of the others forget it. The persons who were told of it."""
    if None in meant:
        return set()
    rows = await scope.all(_TAKE_BACK, message_id=message_id, named=[each for each in meant if each is not None])
    return {row["person_id"] for row in rows}


def _notice(room: Record, call: Call, slug: str, rung: dict[str, Any]) -> notices.Notice:
    # A conversation is called by its other people, so each of them has another name for it.
    name = call.by if room["kind"] == DIRECT else room["name"]
    facts = {"room": str(room["id"]), "room_name": name, "message": str(call.message_id), "by": call.by}
    told = {name: rung[name] for name in ("id", "kind", "times", "at")}
    url = links.message(slug, room["slug"], call.seq)
    if rung["kind"] == "reply":
        url = links.reply(slug, room["slug"], call.root_seq, call.seq)
    title = excerpt(call.html, polled=call.polled)
    return notices.called(PersonId(UUID(rung["person_id"])), {**told, **facts, "title": title, "url": url})


def excerpt(html: str, *, polled: bool = False) -> str:
    """What a notice says of a message: its beginning, on one line, and that it is a poll."""
    return cut(f"Poll: {plain(html)}" if polled else plain(html), EXCERPT)
