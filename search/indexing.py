"""Indexing: documents follow their rows. `index_changes` says which rows; a change is forgotten once it was followed.

What is written depends on the rows alone, not on the change, so changes may come twice and in any order. One
transaction at a time follows changes in a channel: two would let an older reading overwrite a newer one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Uuid, bindparam, delete, or_, select

from search import KINDS, SearchEngine, documents, following
from search.followed import FollowedSearch
from tenants.community.message_table import MESSAGES
from tenants.courses.courses import COURSES
from tenants.courses.lessons import LESSONS
from tenants.ids import ChannelId
from tenants.outbox import INDEX_CHANGES
from tenants.permissions import acting_system
from tenants.scope import Scope, Tenancy
from tenants.statements import scoped

BATCH = 500
CHUNK = 100
Change = tuple[str, UUID]

_CHANGES = scoped(
    select(INDEX_CHANGES.c.id, INDEX_CHANGES.c.kind, INDEX_CHANGES.c.document_id)
    .where(INDEX_CHANGES.c.refused.is_(None), or_(~INDEX_CHANGES.c.followed, bindparam("all", type_=Boolean)))
    .order_by(INDEX_CHANGES.c.id)
    .limit(bindparam("most"))
)
_FORGET = scoped(delete(INDEX_CHANGES).where(INDEX_CHANGES.c.id == bindparam("ids", type_=ARRAY(Uuid())).any_()))
_TABLES = {"course": COURSES, "lesson": LESSONS, "message": MESSAGES}
_ROWS = {
    kind: scoped(
        select(table.c.id).where(table.c.id > bindparam("after")).order_by(table.c.id).limit(bindparam("most"))
    )
    for kind, table in _TABLES.items()
}


async def drain(tenancy: Tenancy, engine: SearchEngine, channel_id: ChannelId, most: int = BATCH) -> int:
    """Follow up to `most` changes of a channel; how many. 0 when none are left or another worker is at it.

    Where a second engine follows, what was touched waits for it in the same transaction: see `search.following`.
    """
    followed = isinstance(engine, FollowedSearch)
    async with tenancy.scope(channel_id, acting_system("index")) as scope:
        if not await scope.claim("index"):
            return 0
        changes = await scope.all(_CHANGES, most=most, all=not followed)
        touched = await follow(scope, engine, ((change["kind"], change["document_id"]) for change in changes))
        await scope.run(_FORGET, ids=[change["id"] for change in changes])
        if followed:
            await following.hand_on(scope, touched)
        return len(changes)


async def rebuild(tenancy: Tenancy, engine: SearchEngine, channel_id: ChannelId) -> int:
    """Follow every row of a channel, and drop the documents that have none; how many rows there were."""
    rows = 0
    for kind in KINDS:
        after = UUID(int=0)
        while page := await _follow_page(tenancy, engine, channel_id, kind, after):
            rows, after = rows + len(page), page[-1]
    last: UUID | None = None
    while left := await _follow_listed(tenancy, engine, channel_id, last):
        last = left[-1]
    return rows


async def follow(scope: Scope, engine: SearchEngine, changes: Iterable[Change]) -> list[Change]:
    """Write the documents of changed rows as the rows are now; a course takes its lessons with it. What was written."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for kind, document_id in changes:
        wanted[kind].add(document_id)
    for course_id in wanted.get("course", ()):
        wanted["lesson"] |= {*await documents.lessons_under(scope, course_id), *await engine.under(scope, course_id)}
    for kind, ids in wanted.items():
        await _write(scope, engine, kind, sorted(ids))
    return [(kind, document_id) for kind, ids in wanted.items() for document_id in ids]


async def _write(scope: Scope, engine: SearchEngine, kind: str, ids: Sequence[UUID]) -> None:
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = await documents.read(scope, kind, chunk)
        await engine.index(scope, found)
        await engine.delete(scope, sorted({*chunk} - {document.id for document in found}))


async def _follow_page(
    tenancy: Tenancy, engine: SearchEngine, channel_id: ChannelId, kind: str, after: UUID
) -> list[UUID]:
    async with tenancy.scope(channel_id, acting_system("index")) as scope:
        await scope.serialise("index")
        page = [row["id"] for row in await scope.all(_ROWS[kind], after=after, most=CHUNK)]
        await _write(scope, engine, kind, page)
        return page


async def _follow_listed(
    tenancy: Tenancy, engine: SearchEngine, channel_id: ChannelId, after: UUID | None
) -> list[UUID]:
    async with tenancy.scope(channel_id, acting_system("index")) as scope:
        await scope.serialise("index")
        listed = await engine.listed(scope, after, CHUNK)
        for kind in {kind for kind, _ in listed}:
            gone = [document_id for its, document_id in listed if its == kind]
            await _write(scope, engine, kind, gone)
        return [document_id for _, document_id in listed]
