"""The bell: what a person was told in a channel, kept until they have read it, and for 90 days in all.

About one thing a person has one notice of a kind: news of it take the place of the old ones, and are unread again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Uuid, bindparam, func, select, update

from tenants.errors import SignInNeeded
from tenants.ids import PersonId, new_id
from tenants.notices import Notice, bell_read
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import instant, owned, text

MOST_COUNTED = 100
KEPT_DAYS = 90

RINGS = owned(
    "rings",
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    text("kind"),
    Column("thing_id", Uuid, nullable=False),
    text("title"),
    text("url"),
    text("state", default=""),
    instant("at", now=True),
    instant("read_at"),
)
_R = RINGS.c
_MINE = _R.person_id == bindparam("me", type_=Uuid())
_ALL = select(_R.id, _R.kind, _R.title, _R.url, _R.state, _R.at, _R.read_at).where(_MINE)
_NEWEST = scoped(_ALL.order_by(_R.id.desc()).limit(bindparam("limit")))
_OLDER = scoped(_ALL.where(_R.id < bindparam("after")).order_by(_R.id.desc()).limit(bindparam("limit")))
_UNREAD = Scoped(
    "select count(*) from"
    " (select 1 from rings where channel_id = $1 and person_id = $2 and read_at is null limit $3) as each",
    ("channel_id", "me", "most"),
    {},
)
_UPTO = _R.id <= bindparam("upto", type_=Uuid())
_READ = scoped(update(RINGS).where(_MINE, _R.read_at.is_(None), _UPTO).values(read_at=func.now()))
# A row that stands takes the new id as well, for ids are the order of the list.
_RING = Scoped(
    "with gone as (delete from rings where channel_id = $1 and person_id = any($3::uuid[]) and at < $6"
    " and not (kind = $4 and thing_id = $5))"
    " insert into rings (channel_id, id, person_id, kind, thing_id, title, url, state)"
    " select $1, new.id, new.person_id, $4, $5, $7, $8, $9 from unnest($2::uuid[], $3::uuid[]) as new(id, person_id)"
    " order by new.person_id"
    " on conflict (channel_id, person_id, kind, thing_id) do update"
    " set id = excluded.id, title = excluded.title, url = excluded.url, state = excluded.state, at = now(),"
    " read_at = null where (rings.title, rings.url, rings.state) <> (excluded.title, excluded.url, excluded.state)"
    " returning id, person_id, at",
    ("channel_id", "ids", "people", "kind", "thing_id", "before", "title", "url", "state"),
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
        notice = told[row["person_id"]]
        scope.announce(replace(notice, payload={**notice.payload, "id": str(row["id"]), "at": row["at"].isoformat()}))


async def page(scope: Scope, after: UUID | None = None, limit: int = 50) -> list[Record]:
    """What the acting member was told, newest first: `id, kind, title, url, state, at, read_at`."""
    me = _reader(scope)
    if after is None:
        return await scope.all(_NEWEST, me=me, limit=limit)
    return await scope.all(_OLDER, me=me, after=after, limit=limit)


async def unread(scope: Scope) -> int:
    """How many notices the acting member has not read, up to a hundred."""
    return int(await scope.value(_UNREAD, me=_reader(scope), most=MOST_COUNTED))


async def mark_read(scope: Scope, upto: UUID) -> None:
    """All notices up to this one are read; their other devices are told. However often it is said."""
    me = _reader(scope)
    if await scope.run(_READ, me=me, upto=upto):
        scope.announce(bell_read(me, await unread(scope)))


def _reader(scope: Scope) -> PersonId:
    scope.require(Action.ROOM_JOIN)
    if scope.actor.person_id is None:
        raise SignInNeeded()
    return scope.actor.person_id
