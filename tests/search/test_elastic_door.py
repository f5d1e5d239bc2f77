"""What is said when Elasticsearch is away, wrong, full or overloaded: a sentence with the setting and the cure."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from providers import ProviderDown, ProviderRefused
from search import KINDS, PUBLIC, Question, elastic_bulk, elastic_door
from search.elastic import ElasticSearch
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.search.test_engines import message
from tests.standins.serving import serving
from tests.world import World

SYSTEM = acting_system("test")
INFO: dict[str, Any] = {"version": {"number": "8.19.0"}, "tagline": "You Know, for Search"}
ALIASES: dict[str, Any] = {"g-documents-1": {"aliases": {"g-documents": {}, "g-documents-1-into": {}}}}
HEADERS = {"X-Elastic-Product": "Elasticsearch"}


class Vendor:
    """An Elasticsearch that answers what it was told to."""

    def __init__(self) -> None:
        self.status, self.info, self.aliases = 200, INFO, ALIASES
        self.headers = HEADERS
        self.hits: Any = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": []}}
        self.bulks: list[dict[str, Any]] = []
        self.pause = 0.0
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        await request.read()
        await asyncio.sleep(self.pause)
        if self.status != 200:
            return web.json_response(
                {"error": {"type": "no", "reason": "no"}}, status=self.status, headers=self.headers
            )
        return web.json_response(self._body(request.path), headers=self.headers)

    def _body(self, path: str) -> Any:
        if path == "/":
            return self.info
        if path.endswith("_alias"):
            return self.aliases
        if path.endswith("_bulk"):
            return {"errors": True, "items": [{"index": self.bulks.pop(0) if len(self.bulks) > 1 else self.bulks[0]}]}
        return self.hits


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def engine(vendor: Vendor) -> AsyncIterator[ElasticSearch]:
    async with serving([web.route("*", "/{path:.*}", vendor.answer)]) as url:
        engine = ElasticSearch(url, "g")
        yield engine
        await engine.close()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, ProviderRefused, "name and password, or the key. ELASTICSEARCH_URL"),
        (403, ProviderRefused, "user in ELASTICSEARCH_URL"),
        (404, ProviderRefused, "guildhall reindex"),
        (429, ProviderDown, "overloaded"),
        (500, ProviderDown, "overloaded"),
        (503, ProviderDown, "overloaded"),
        (400, ProviderRefused, "refused"),
    ],
)
async def test_each_answer_of_the_engine_has_its_sentence(
    vendor: Vendor, engine: ElasticSearch, status: int, kind: type[Exception], words: str
) -> None:
    vendor.status = status
    with pytest.raises(kind, match=words):
        await engine.probe()


async def test_what_is_too_old_or_no_elasticsearch_is_named(vendor: Vendor, engine: ElasticSearch) -> None:
    vendor.info = {"version": {"number": "7.10.2"}, "tagline": ""}
    with pytest.raises(ProviderRefused, match=r"7\.17"):
        await engine.probe()
    vendor.headers = {}
    with pytest.raises(ProviderRefused, match="no Elasticsearch"):
        await engine.probe()


async def test_a_silent_engine_is_given_up_in_time_and_then_left_alone(
    vendor: Vendor, engine: ElasticSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_door, "SEARCH_SECONDS", 0.1)
    vendor.pause = 5
    for _ in range(3):
        with pytest.raises(ProviderDown, match="did not answer in time"):
            await engine.probe()
    asked = len(vendor.asked)
    with pytest.raises(ProviderDown, match="left alone"):
        await engine.probe()
    assert len(vendor.asked) == asked


async def test_nobody_at_the_address_and_an_address_that_is_none_are_told() -> None:
    engine = ElasticSearch("http://127.0.0.1:9", "g")
    with pytest.raises(ProviderDown, match="does not answer at ELASTICSEARCH_URL"):
        await engine.probe()
    await engine.close()
    with pytest.raises(ValueError, match="ELASTICSEARCH_URL"):
        ElasticSearch("http://[::", "g")


@pytest.mark.parametrize(
    "lie", [{"timed_out": True, "_shards": {"failed": 0}}, {"timed_out": False, "_shards": {"failed": 1}}]
)
async def test_half_an_answer_is_none(
    tenancy: Tenancy, world: World, vendor: Vendor, engine: ElasticSearch, lie: dict[str, Any]
) -> None:
    vendor.hits = {**lie, "hits": {"hits": []}}
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        with pytest.raises(ProviderDown, match="part of Elasticsearch"):
            await engine.search(scope, Question((("kiln",),), "", KINDS, (PUBLIC,), 20))


async def test_documents_of_another_channel_are_thrown_away_whatever_the_engine_says(
    tenancy: Tenancy, world: World, vendor: Vendor, engine: ElasticSearch
) -> None:
    stray = {"_source": {"channel_id": str(world.chess.id)}, "_score": 1.0}
    vendor.hits = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": [stray]}}
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        with pytest.raises(ProviderDown, match="another channel"):
            await engine.search(scope, Question((("kiln",),), "", KINDS, (PUBLIC,), 20))


FULL = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "queue"}}
BLOCKED = {"status": 403, "error": {"type": "cluster_block_exception", "reason": "index read-only"}}
POISON = {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "bad"}}


async def test_a_full_queue_is_tried_again_and_a_read_only_index_named(
    tenancy: Tenancy, world: World, vendor: Vendor, engine: ElasticSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_bulk, "FIRST_PAUSE", 0.001)
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        vendor.bulks = [FULL, FULL, {"status": 201}]
        await engine.index(scope, [message("kiln")])
        assert len([each for each in vendor.asked if "_bulk" in each]) == 3
        vendor.bulks = [FULL]
        with pytest.raises(ProviderDown, match="overloaded"):
            await engine.index(scope, [message("kiln")])
        vendor.bulks = [BLOCKED]
        with pytest.raises(ProviderDown, match="read-only"):
            await engine.index(scope, [message("kiln")])
        vendor.bulks = [POISON]
        with pytest.raises(ProviderRefused, match="mapper_parsing_exception"):
            await engine.index(scope, [message("kiln")])
        vendor.bulks = [{"status": 409, "error": {"type": "version_conflict_engine_exception"}}]
        await engine.index(scope, [message("kiln")])
    assert all("require_alias=true" in each for each in vendor.asked if "_bulk" in each)
