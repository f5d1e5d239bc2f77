"""Following: the second engine takes the documents that the first one holds; what it has not taken yet waits.

Whatever writes to it holds the channel's lock `index`, and reads the documents under it. A change is forgotten once
every index took its document; a document that is refused for good is set aside with the reason, and holds up nothing.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from sqlalchemy import ARRAY, Uuid, bindparam, delete, func, select

from search.followed import FollowedSearch
from tenants.ids import ChannelId, new_id
from tenants.outbox import INDEX_CHANGES
from tenants.permissions import acting_system
from tenants.scope import Scope, Tenancy
from tenants.statements import Scoped, scoped

log = structlog.get_logger("search.following")
BATCH, CHUNK = 500, 200
_C = INDEX_CHANGES.c
_WAITING = scoped(
    select(_C.document_id).where(_C.followed, _C.refused.is_(None)).order_by(_C.id).limit(bindparam("most"))
)
_REFUSED = scoped(select(func.count()).select_from(INDEX_CHANGES).where(_C.refused.is_not(None)))
_FORGET = scoped(
    delete(INDEX_CHANGES).where(_C.followed, _C.document_id == bindparam("ids", type_=ARRAY(Uuid())).any_())
)
_ADD = Scoped(
    "insert into index_changes (channel_id, id, kind, document_id, followed, refused)"
    " select $1, id, kind, document_id, true, refused"
    " from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[]) as new(id, kind, document_id, refused)",
    ("channel_id", "ids", "kinds", "documents", "refused"),
    {},
)


async def hand_on(scope: Scope, touched: Sequence[tuple[str, UUID]]) -> None:
    """Have documents taken by the second engine, once this transaction is committed."""
    await _add(scope, touched, [None] * len(touched))


async def catch_up(tenancy: Tenancy, engine: FollowedSearch, channel_id: ChannelId, most: int = BATCH) -> int:
    """Have up to `most` waiting changes taken; how many. ProviderDown or ProviderRefused: they all wait on.

    0 when none are left or another worker is at it.
    """
    async with tenancy.scope(channel_id, acting_system("index")) as scope:
        if not await scope.claim("index"):
            return 0
        waiting = await scope.all(_WAITING, most=most)
        if waiting:
            await _take(scope, engine, sorted({row["document_id"] for row in waiting}))
        return len(waiting)


async def fill(tenancy: Tenancy, engine: FollowedSearch, channel_id: ChannelId) -> int:
    """Have every document of a channel taken, and those dropped that are no more; how many documents there are."""
    count, after = 0, None
    while page := await _fill_page(tenancy, engine, channel_id, after):
        count, after = count + len(page), page[-1]
    return count


async def drop_gone(tenancy: Tenancy, engine: FollowedSearch, channel_id: ChannelId) -> None:
    """Take out of the second engine what the first one does not hold."""
    after: UUID | None = None
    while True:
        async with tenancy.scope(channel_id, acting_system("index")) as scope:
            await scope.serialise("index")
            listed = [document_id for _, document_id in await engine.follower.listed(scope, after, CHUNK)]
            if not listed:
                return
            await _take(scope, engine, listed)
        after = listed[-1]


async def refused(tenancy: Tenancy, channel_id: ChannelId) -> int:
    """How many documents of a channel the second engine will never take as they are."""
    async with tenancy.scope(channel_id, acting_system("index"), readonly=True) as scope:
        return int(await scope.value(_REFUSED))


async def _fill_page(tenancy: Tenancy, engine: FollowedSearch, channel_id: ChannelId, after: UUID | None) -> list[UUID]:
    async with tenancy.scope(channel_id, acting_system("index")) as scope:
        await scope.serialise("index")
        page = [document_id for _, document_id in await engine.kept.listed(scope, after, CHUNK)]
        await _take(scope, engine, page)
        return page


async def _take(scope: Scope, engine: FollowedSearch, ids: Sequence[UUID]) -> None:
    """Write the documents as the first engine holds them now, and forget the changes that asked for it."""
    held = {each.id: each for each in await engine.kept.documents(scope, ids)}
    refusals = await engine.follower.write(scope, list(held.values()), [each for each in ids if each not in held])
    await scope.run(_FORGET, ids=list(ids))
    await _set_aside(scope, {(held[each].kind, each): reason for each, reason in refusals.items()})


async def _set_aside(scope: Scope, refusals: Mapping[tuple[str, UUID], str]) -> None:
    for (kind, document_id), reason in refusals.items():
        log.error("document refused", channel=str(scope.channel_id), kind=kind, id=str(document_id), reason=reason)
    await _add(scope, list(refusals), list(refusals.values()))


async def _add(scope: Scope, changes: Sequence[tuple[str, UUID]], reasons: Sequence[str | None]) -> None:
    if changes:
        await scope.run(
            _ADD, ids=[new_id() for _ in changes], kinds=[kind for kind, _ in changes],
            documents=[document_id for _, document_id in changes], refused=list(reasons),
        )  # fmt: skip
