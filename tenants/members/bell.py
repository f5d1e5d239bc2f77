"""The bell: what a person was told in a channel, kept until they have read it, and for 90 days in all.

About one thing a person has one notice of a kind: news of it take the place of the old ones, and are unread again.
`community/ringing.py` rings for messages, `community/bell.py` shows the bell to its reader.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Uuid

from tenants.ids import new_id
from tenants.jobs import PushNotice
from tenants.notices import Notice
from tenants.scope import Scope
from tenants.statements import Scoped
from tenants.tables import instant, owned, refers, text

KEPT_DAYS = 90

# What is about a message names it, and carries none of its words: they are read where they stand.
RINGS = owned(
    "rings",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("kind"),
    Column("thing_id", Uuid, nullable=False),
    text("title"),
    text("url"),
    text("state", default=""),
    # How often news came since the person last read.
    Column("times", Integer, nullable=False, server_default="1"),
    instant("at", now=True),
    instant("read_at"),
    Column("room_id", Uuid),
    Column("message_id", Uuid),
    # The first message of the thread that the message is in.
    Column("root_id", Uuid),
    Column("seq", BigInteger),
    # Who wants no bell for it may still be told by other ways.
    Column("at_bell", Boolean, nullable=False, server_default="true"),
    # When it is mailed if it is unread by then, and the mail it was in since it was last read.
    instant("mail_at"),
    Column("mail_id", Uuid),
    refers("room_id", "rooms"),
    refers("message_id", "messages"),
    refers("root_id", "messages"),
)
# A row that stands takes the new id as well, for ids are the order of the list.
_RING = Scoped(
    "with gone as (delete from rings where channel_id = $1 and person_id = any($3::uuid[]) and at < $6"
    " and not (kind = $4 and thing_id = $5))"
    " insert into rings (channel_id, id, person_id, kind, thing_id, title, url, state, at_bell)"
    " select $1, new.id, new.person_id, $4, $5, $7, $8, $9, not exists (select 1 from notice_choices c"
    " where c.channel_id = $1 and c.person_id = new.person_id and c.kind = $4 and not c.bell)"
    " from unnest($2::uuid[], $3::uuid[]) as new(id, person_id)"
    " order by new.person_id"
    " on conflict (channel_id, person_id, kind, thing_id) do update"
    " set id = excluded.id, title = excluded.title, url = excluded.url, state = excluded.state, at = now(),"
    " at_bell = excluded.at_bell,"
    " times = case when rings.read_at is null then rings.times + 1 else 1 end,"
    " read_at = null where (rings.title, rings.url, rings.state) <> (excluded.title, excluded.url, excluded.state)"
    " returning id, person_id, at, times, at_bell, (select array_agg(p.id) from pushes p"
    " where p.channel_id = $1 and p.person_id = rings.person_id and not exists (select 1 from notice_choices c"
    " where c.channel_id = $1 and c.person_id = rings.person_id and c.kind = $4 and not c.push)) as pushes",
    ("channel_id", "ids", "people", "kind", "thing_id", "before", "title", "url", "state"),
    {},
)
# A row that is being rung anew meanwhile stays unread, and nobody waits for anybody.
_READ_ROOMS = Scoped(
    "with due as (select r.id from unnest($2::uuid[], $3::uuid[], $4::bigint[]) as seen(room_id, member_id, seq)"
    " join members m on m.channel_id = $1 and m.id = seen.member_id"
    " join rings r on r.channel_id = $1 and r.person_id = m.person_id and r.room_id = seen.room_id"
    " and r.seq <= seen.seq and r.read_at is null for update of r skip locked)"
    " update rings set read_at = now(), mail_at = null from due where rings.channel_id = $1 and rings.id = due.id"
    " returning rings.person_id",
    ("channel_id", "rooms", "members", "seqs"),
    {},
)
_READ_THREAD = Scoped(
    "with due as (select id from rings where channel_id = $1 and person_id = $2 and root_id = $3 and seq <= $4"
    " and read_at is null for update skip locked)"
    " update rings set read_at = now(), mail_at = null from due where rings.channel_id = $1 and rings.id = due.id"
    " returning rings.person_id",
    ("channel_id", "me", "root_id", "seq"),
    {},
)


async def ring(scope: Scope, notices: Sequence[Notice], thing_id: UUID) -> None:
    """Keep what some people are told about one thing, each one notice of one kind, and tell it to those who look.

    What a person has been told in the same words already is not told again.
    """
    if not notices:
        return
    told = {notice.person_id: notice for notice in notices}
    said = notices[0].payload
    rows = await scope.all(
        _RING, ids=[new_id() for _ in told], people=list(told), kind=said["kind"], thing_id=thing_id,
        before=datetime.now(UTC) - timedelta(days=KEPT_DAYS), title=said["title"], url=said["url"],
        state=said.get("state", ""),
    )  # fmt: skip
    for row in rows:
        push(scope, row["id"], row["pushes"])
        if not row["at_bell"]:
            continue
        notice = told[row["person_id"]]
        facts = {"id": str(row["id"]), "at": row["at"].isoformat(), "times": row["times"]}
        scope.announce(replace(notice, payload={**notice.payload, **facts}))


def push(scope: Scope, ring_id: UUID, pushes: Sequence[UUID | str] | None) -> None:
    """Have some browsers told of a notice."""
    for each in pushes or ():
        scope.enqueue(PushNotice(UUID(str(each)), ring_id))


async def note_rooms_read(scope: Scope, marks: Sequence[tuple[UUID, UUID, int]]) -> set[UUID]:
    """What was told of messages up to a `seq` of a room is read by a member: `(room, member, seq)` each.

    The persons who have read something just now.
    """
    in_rooms, members, seqs = [[mark[place] for mark in marks] for place in range(3)]
    return {row[0] for row in await scope.all(_READ_ROOMS, rooms=in_rooms, members=members, seqs=seqs)}


async def note_thread_read(scope: Scope, root_id: UUID, seq: int) -> set[UUID]:
    """The same for the acting person and what is in a thread up to `seq`."""
    rows = await scope.all(_READ_THREAD, me=scope.actor.person_id, root_id=root_id, seq=seq)
    return {row[0] for row in rows}
