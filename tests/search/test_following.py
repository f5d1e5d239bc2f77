"""The second engine follows: through its death and return, poison, late writes, and a new index behind the alias."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from providers import ProviderDown, ProviderRefused
from search import KINDS, PUBLIC, Question, elastic_door, following
from search.elastic import ElasticSearch
from search.elastic_bulk import Write, send
from search.elastic_door import Door
from search.elastic_indexes import Indexes
from search.elastic_mapping import source
from search.followed import FollowedSearch
from search.indexing import drain
from search.postgres import PostgresSearch
from search.query import search as look
from tenants.community import edits
from tenants.errors import Unavailable
from tenants.ids import new_id
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.search.library import make_room, say
from tests.search.test_engines import message
from tests.standins.elasticsearch import Node
from tests.tenants.school import make_course
from tests.waiting import until
from tests.workers.shop import make_shop
from tests.world import School, World
from workers import indexing
from workers.registry import Workshop

SYSTEM = acting_system("test")


@pytest.fixture
async def pair(elasticsearch: Node, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FollowedSearch]:
    monkeypatch.setattr(elastic_door, "REST_SECONDS", 0.1)
    pair = FollowedSearch(PostgresSearch(), ElasticSearch(elasticsearch.url, f"test-{new_id().hex}"))
    await pair.follower.indexes.swap(await pair.follower.indexes.create())
    yield pair
    await pair.follower.indexes.drop()
    await pair.close()


@pytest.fixture
def shop(tenancy: Tenancy, tmp_path: Path, pair: FollowedSearch) -> Workshop:
    return replace(make_shop(tenancy, tmp_path), search=pair)


async def kept(tenancy: Tenancy, engine: PostgresSearch | ElasticSearch, school: School) -> list[tuple[str, UUID]]:
    listed: list[tuple[str, UUID]] = []
    async with tenancy.scope(school.id, SYSTEM) as scope:
        while page := await engine.listed(scope, listed[-1][1] if listed else None, 100):
            listed += page
    return listed


async def bodies(tenancy: Tenancy, pair: FollowedSearch, school: School, text: str) -> set[str]:
    await pair.follower.refresh()
    async with tenancy.scope(school.id, SYSTEM) as scope:
        seen = (PUBLIC, *(f"room:{row['id']}" for row in await _rooms(tenancy, school)))
        answer = await pair.follower.search(scope, Question(((text,),), "", KINDS, seen, 100))
    return {hit.body for hit in answer.hits}


async def _rooms(tenancy: Tenancy, school: School) -> list[dict[str, UUID]]:
    async with bare(tenancy.app, channel_id=school.id) as connection:
        return [dict(row) for row in await connection.fetch("select id from rooms")]


async def waiting(tenancy: Tenancy, school: School) -> int:
    async with bare(tenancy.relay) as connection:
        sql = "select count(*) from index_changes where channel_id = $1 and refused is null"
        return int(await connection.fetchval(sql, school.id))


async def test_a_killed_engine_that_comes_back_catches_up_with_what_was_posted_meanwhile(
    tenancy: Tenancy, world: World, elasticsearch: Node, pair: FollowedSearch, shop: Workshop
) -> None:
    school = world.pottery
    room = await make_room(tenancy, school, school.ana)
    gone = await say(tenancy, school, school.sam, room, "slip one that goes")
    await indexing.drain(shop, school.id)

    async def post() -> None:
        for number in range(60):
            await say(tenancy, school, school.sam, room, f"slip number {number}")
            if number == 20:
                elasticsearch.kill()
            if number % 7 == 0:
                await indexing.drain(shop, school.id)

    try:
        await post()
        async with tenancy.scope(school.id, school.sam.actor) as scope:
            await edits.remove(scope, gone)
        await indexing.drain(shop, school.id)
        assert await waiting(tenancy, school) > 0
        async with tenancy.scope(school.id, school.zoe.actor) as scope:
            found = await look(scope, pair, "slip number")
        assert (found.degraded, len(found.items)) == (True, 20)
        async with tenancy.scope(school.id, school.zoe.actor) as scope:
            more = await look(scope, pair, "slip number", after=found.next)
        assert (more.degraded, {each.hit.id for each in more.items} & {each.hit.id for each in found.items}) == (
            True, set(),
        )  # fmt: skip
        with pytest.raises(ProviderDown, match=r"ELASTICSEARCH_URL|left alone"):
            await pair.probe()
    finally:
        await asyncio.to_thread(elasticsearch.start)

    async def caught_up() -> bool:
        await indexing.drain(shop, school.id)
        return await waiting(tenancy, school) == 0

    await until(caught_up, within=30)
    here, there = await kept(tenancy, pair.kept, school), await kept(tenancy, pair.follower, school)
    assert (there, len(there)) == (here, 60)
    async with tenancy.scope(school.id, school.zoe.actor) as scope:
        assert not (await look(scope, pair, "slip number")).degraded


async def test_an_older_write_that_comes_late_changes_nothing(
    tenancy: Tenancy, world: World, pair: FollowedSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    school, old = world.pottery, message("stoneware")
    from search import elastic

    late: list[Sequence[Write]] = []
    real = send

    async def held(door: Door, indexes: Indexes, writes: Sequence[Write]) -> dict[UUID, str]:
        late.append(writes)
        return {}

    async with tenancy.scope(school.id, SYSTEM) as scope:
        monkeypatch.setattr(elastic, "send", held)
        await pair.follower.index(scope, [old])
        await pair.follower.delete(scope, [old.id])
        monkeypatch.setattr(elastic, "send", real)
        await pair.follower.index(scope, [replace(old, body="porcelain")])
    for writes in late:
        assert await real(pair.follower._door, pair.follower.indexes, writes) == {}
    assert await bodies(tenancy, pair, school, "porcelain") == {"porcelain"}
    assert await bodies(tenancy, pair, school, "stoneware") == set()


async def test_a_document_that_is_refused_is_set_aside_and_holds_up_nothing(
    tenancy: Tenancy, world: World, pair: FollowedSearch, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from search import elastic

    school = world.pottery
    room = await make_room(tenancy, school, school.ana)
    said = [await say(tenancy, school, school.sam, room, f"grog {number}") for number in range(5)]
    real = source
    monkeypatch.setattr(
        elastic, "source",
        lambda channel, each: {**real(channel, each), **({"colour": 1} if each.id == said[2] else {})},
    )  # fmt: skip
    await indexing.drain(shop, school.id)
    assert await waiting(tenancy, school) == 0
    assert await following.refused(tenancy, school.id) == 1
    assert {id_ for _, id_ in await kept(tenancy, pair.follower, school)} == {*said} - {said[2]}
    monkeypatch.setattr(elastic, "source", real)
    await following.fill(tenancy, pair, school.id)
    assert await following.refused(tenancy, school.id) == 0
    assert await kept(tenancy, pair.follower, school) == await kept(tenancy, pair.kept, school)


async def test_a_new_index_is_filled_while_people_write_and_takes_the_old_one_s_place(
    tenancy: Tenancy, world: World, pair: FollowedSearch, shop: Workshop
) -> None:
    school = world.pottery
    course = await make_course(tenancy, school, school.ana)
    room = await make_room(tenancy, school, school.ana)
    said = [await say(tenancy, school, school.sam, room, f"ash {number}") for number in range(30)]
    await indexing.drain(shop, school.id)
    indexes = pair.follower.indexes
    abandoned = await indexes.create()
    assert await indexes.drop_abandoned() == 1
    fresh = await indexes.create()
    assert fresh != abandoned

    async def write() -> None:
        for number in range(20):
            await say(tenancy, school, school.sam, room, f"ash later {number}")
            async with tenancy.scope(school.id, school.sam.actor) as scope:
                await edits.remove(scope, said[number])
            await indexing.drain(shop, school.id)

    writing = asyncio.create_task(write())
    await following.fill(tenancy, pair, school.id)
    await indexes.swap(fresh)
    await writing
    await indexing.drain(shop, school.id)
    assert await indexes.targets() == [f"{fresh}-into"]
    there = await kept(tenancy, pair.follower, school)
    assert there == await kept(tenancy, pair.kept, school)
    assert course.id in {id_ for _, id_ in there}
    assert len(there) == 30 + 4


async def test_without_an_index_changes_wait_and_the_cure_is_named(
    tenancy: Tenancy, world: World, pair: FollowedSearch, shop: Workshop
) -> None:
    school = world.pottery
    await pair.follower.indexes.drop()
    room = await make_room(tenancy, school, school.ana)
    said = await say(tenancy, school, school.sam, room, "engobe")
    await indexing.drain(shop, school.id)
    assert await waiting(tenancy, school) == 1
    with pytest.raises(ProviderRefused, match="guildhall reindex"):
        await pair.probe()
    async with tenancy.scope(school.id, school.zoe.actor) as scope:
        found = await look(scope, pair, "engobe")
    assert (found.degraded, [each.hit.id for each in found.items]) == (True, [said])
    fresh = await pair.follower.indexes.create()
    await following.fill(tenancy, pair, school.id)
    await pair.follower.indexes.swap(fresh)
    assert await waiting(tenancy, school) == 0
    assert [id_ for _, id_ in await kept(tenancy, pair.follower, school)] == [said]


async def test_what_a_channel_s_changes_name_of_another_never_leaves_it(
    tenancy: Tenancy, world: World, pair: FollowedSearch, shop: Workshop
) -> None:
    room = await make_room(tenancy, world.chess, world.chess.otto)
    secret = await say(tenancy, world.chess, world.chess.otto, room, "zwischenzug")
    await indexing.drain(shop, world.chess.id)
    async with tenancy.scope(world.pottery.id, SYSTEM) as scope:
        scope.reindex("message", secret)
        await following.hand_on(scope, [("message", secret), ("course", secret)])
    await indexing.drain(shop, world.pottery.id)
    assert await kept(tenancy, pair.follower, world.pottery) == []
    assert [id_ for _, id_ in await kept(tenancy, pair.follower, world.chess)] == [secret]


async def test_pages_that_began_in_the_engine_do_not_go_on_in_another(
    tenancy: Tenancy, world: World, pair: FollowedSearch, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = world.pottery
    room = await make_room(tenancy, school, school.ana)
    for number in range(5):
        await say(tenancy, school, school.sam, room, f"wedge {number}")
    await indexing.drain(shop, school.id)
    await pair.follower.refresh()
    async with tenancy.scope(school.id, school.zoe.actor) as scope:
        page = await look(scope, pair, "wedge", limit=2)
    assert page.next is not None

    async def away(*_: object) -> None:
        raise ProviderDown("away")

    monkeypatch.setattr(pair.follower, "search", away)
    async with tenancy.scope(school.id, school.zoe.actor) as scope:
        with pytest.raises(Unavailable, match="Search again"):
            await look(scope, pair, "wedge", limit=2, after=page.next)


async def test_without_a_second_engine_what_waited_for_one_is_forgotten(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    async with tenancy.scope(school.id, SYSTEM) as scope:
        await following.hand_on(scope, [("message", new_id())])
    assert await drain(tenancy, PostgresSearch(), school.id) == 1
    assert await waiting(tenancy, school) == 0
