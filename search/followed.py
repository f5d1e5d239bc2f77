"""Two engines: the embedded one always knows all documents; the other answers, and follows it as soon as it can."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from providers import ProviderDown, ProviderRefused
from search import Answer, Document, Question
from search.postgres import PostgresSearch
from tenants.errors import Unavailable
from tenants.scope import Scope

if TYPE_CHECKING:
    from search.elastic import ElasticSearch  # half a second to load, which only those pay who use it

log = structlog.get_logger("search")


class FollowedSearch:
    """SearchEngine that keeps documents in `kept`, and asks `follower`; `search.following` brings it up to date."""

    def __init__(self, kept: PostgresSearch, follower: "ElasticSearch") -> None:
        self.kept, self.follower = kept, follower

    async def index(self, scope: Scope, documents: Sequence[Document]) -> None:
        """Add the documents, each in the place of an earlier one with its id."""
        await self.kept.index(scope, documents)

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        """Take documents out, whether they are there or not."""
        await self.kept.delete(scope, ids)

    async def under(self, scope: Scope, parent_id: UUID) -> list[UUID]:
        """The documents of a parent."""
        return await self.kept.under(scope, parent_id)

    async def listed(self, scope: Scope, after: UUID | None, most: int) -> list[tuple[str, UUID]]:
        """Kind and id of up to `most` documents in the order of ids, after one of them."""
        return await self.kept.listed(scope, after, most)

    async def search(self, scope: Scope, question: Question) -> Answer:
        """The follower's answer; while it is away the embedded engine's, and said to be. Pages keep to one engine."""
        after = question.after
        if after is not None and after.degraded:
            return await self._fall_back(scope, question)
        try:
            return await self.follower.search(scope, question)
        except (ProviderDown, ProviderRefused) as away:
            log.warning("search falls back", reason=away.message)
            if after is not None:
                raise Unavailable("More of this search cannot be had now. Search again.", "search_moved", 1) from away
        return await self._fall_back(scope, question)

    async def probe(self) -> None:
        """Pass when the follower can be searched."""
        await self.follower.probe()

    async def close(self) -> None:
        """Let go of every connection."""
        await self.follower.close()

    async def _fall_back(self, scope: Scope, question: Question) -> Answer:
        return Answer((await self.kept.search(scope, question)).hits, degraded=True)
