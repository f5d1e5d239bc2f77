"""Elasticsearch as the engine: every write and every question carries its channel, as routing and as filter."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from providers import ProviderDown, ProviderRefused
from search import Answer, Document, Hit, Question
from search import elastic_query as query
from search.elastic_bulk import send, write
from search.elastic_door import SEARCH_SECONDS, Door, whole
from search.elastic_indexes import Indexes
from search.elastic_mapping import key, source
from tenants.scope import Scope
from tenants.statements import Scoped

PAGE = 500
SHOWN_TEXT = 8000
# One row per channel. The clock keeps versions growing also after the database was restored from an older copy.
_VERSION = Scoped(
    "insert into search_versions (channel_id, id, version)"
    " values ($1, $1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)"
    " on conflict (channel_id, id) do update set version = greatest(search_versions.version + 1, excluded.version)"
    " returning version",
    ("channel_id",),
    {},
)
_HEADERS = {"accept": "application/json", "content-type": "application/json"}


class ElasticSearch:
    """SearchEngine in the Elasticsearch at `url`, in indexes named after `deployment`.

    Writers hold the channel's lock, and take versions under it: an older write never overwrites a newer one. All
    methods raise ProviderDown or ProviderRefused when it cannot be had.
    """

    def __init__(self, url: str, deployment: str) -> None:
        self._door = Door(url)
        self.indexes = Indexes(self._door, deployment)

    async def index(self, scope: Scope, documents: Sequence[Document]) -> None:
        """Add the documents, each in the place of an earlier one; ProviderRefused for one that it cannot take."""
        for refusal in (await self.write(scope, documents, ())).values():
            raise ProviderRefused(refusal, "document_refused")

    async def delete(self, scope: Scope, ids: Sequence[UUID]) -> None:
        """Take documents out, whether they are there or not."""
        await self.write(scope, (), ids)

    async def write(self, scope: Scope, documents: Sequence[Document], gone: Sequence[UUID]) -> dict[UUID, str]:
        """Add documents and take others out; those that it will never take, and why."""
        if not documents and not gone:
            return {}
        version = int(await scope.value(_VERSION))
        writes = [
            write(each.id, _action(scope, each.id, version), source(scope.channel_id, each)) for each in documents
        ]
        writes += [write(each, _action(scope, each, version), None) for each in gone]
        return await send(self._door, self.indexes, writes)

    async def under(self, scope: Scope, parent_id: UUID) -> list[UUID]:
        """The documents of a parent."""
        await self.refresh()
        filters = [{"term": {"parent_id": str(parent_id)}}]
        return [UUID(kept["id"]) async for kept in self._all(scope, filters)]

    async def listed(self, scope: Scope, after: UUID | None, most: int) -> list[tuple[str, UUID]]:
        """Kind and id of up to `most` documents in the order of ids, after one of them."""
        await self.refresh()
        hits = await self._page(scope, [], after, most)
        return [(hit["_source"]["kind"], UUID(hit["_source"]["id"])) for hit in hits]

    async def search(self, scope: Scope, question: Question) -> Answer:
        """The best hits first; if nothing has the words, what resembles them, unless it is `exactly`."""
        after = question.after
        if after is None or not after.near:
            hits = await self._found(scope, question, query.exact(question), near=False)
            if hits or after or question.exactly:
                return Answer(hits)
        return Answer(await self._found(scope, question, query.near(question), near=True))

    async def refresh(self) -> None:
        """Let searches see all that was written."""
        with self._door.call() as client:
            await client.indices.refresh(index=self.indexes.searched)

    async def probe(self) -> None:
        """Pass when it answers, is new enough, and has an index that can be searched."""
        await self._door.probe()
        await self.indexes.require_searched()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._door.close()

    async def _found(self, scope: Scope, question: Question, asked: dict[str, Any], *, near: bool) -> list[Hit]:
        return [_hit(hit, near=near) for hit in await self._ask(scope, query.found(question, asked))]

    async def _all(self, scope: Scope, filters: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        after: UUID | None = None
        while page := await self._page(scope, filters, after, PAGE):
            for hit in page:
                yield hit["_source"]
            after = UUID(page[-1]["_source"]["id"])

    async def _page(
        self, scope: Scope, filters: list[dict[str, Any]], after: UUID | None, most: int
    ) -> list[dict[str, Any]]:
        later = {"search_after": [str(after)]} if after else {}
        return await self._ask(
            scope, {"query": {"bool": {"filter": filters}}, "sort": [{"id": "asc"}], "size": most, **later}
        )

    async def _ask(self, scope: Scope, page: dict[str, Any]) -> list[dict[str, Any]]:
        """The one place that searches: in the scope's channel only, and what comes back is looked at once more."""
        channel = str(scope.channel_id)
        params = {
            "routing": channel, "preference": channel, "timeout": f"{SEARCH_SECONDS:.0f}s",
            "allow_partial_search_results": "false",
        }  # fmt: skip
        # The client's own search() takes longer over naming each part of a question than all else that we do.
        with self._door.call(SEARCH_SECONDS) as client:
            path = f"/{self.indexes.searched}/_search"
            sent = query.body(channel, page)
            answer = whole(await client.perform_request("POST", path, params=params, headers=_HEADERS, body=sent))
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        if any(hit["_source"]["channel_id"] != channel for hit in hits):
            raise ProviderDown("Elasticsearch answered with documents of another channel; the answer was thrown away.")
        return hits


def _action(scope: Scope, document_id: UUID, version: int) -> dict[str, Any]:
    """The one place that says where a write goes: to the scope's channel, unless a newer one is there."""
    channel = scope.channel_id
    return {"_id": key(channel, document_id), "routing": str(channel), "version": version, "version_type": "external"}


def _hit(hit: dict[str, Any], *, near: bool) -> Hit:
    kept = hit["_source"]
    parent = UUID(kept["parent_id"]) if kept["parent_id"] else None
    facts = (parent, kept["place"], kept["seq"], kept["title"], kept["body"][:SHOWN_TEXT])
    return Hit(UUID(kept["id"]), kept["kind"], *facts, score=hit["_score"], near=near)
