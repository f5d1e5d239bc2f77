"""The index follows the rows: through the steward and a worker process, killed workers, and a Redis that forgets."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis

import search
from providers.embedded import EmbeddedValkey
from search import KINDS, documents
from search.indexing import drain, follow, rebuild
from tenants.community import edits
from tenants.ids import new_id
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.search.library import found, index, make_room, say
from tests.tenants.school import make_course
from tests.waiting import until
from tests.workers.shop import SECRET
from tests.world import School, World
from workers.queues import Queues
from workers.steward import Steward

PREFIX = "guildhall-index"
ENGINE = search.choose()


@pytest.fixture
async def steward(own: Tenancy, valkey: EmbeddedValkey) -> AsyncIterator[Steward]:
    """A steward at work, which looks every second."""
    redis = Redis.from_url(valkey.redis_url)
    redis.flushall()
    steward = Steward(own, Queues(redis, PREFIX, SECRET.encode()))
    working = asyncio.create_task(steward.run(valkey.redis_url, f"{PREFIX}:wake"))
    yield steward
    working.cancel()
    redis.close()


@pytest.fixture
def worker(fresh: str, valkey: EmbeddedValkey, tmp_path: Path) -> "Worker":
    return Worker([fresh, valkey.redis_url, PREFIX, str(tmp_path)])


class Worker:
    """A process that does the jobs of the index queue; it can be killed and started again."""

    def __init__(self, arguments: list[str]) -> None:
        self._command = [sys.executable, "-m", "tests.workers.index_worker", *arguments]

    def __enter__(self) -> "Worker":
        self.process = subprocess.Popen(self._command)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


async def waiting(tenancy: Tenancy) -> int:
    async with bare(tenancy.relay) as connection:
        return int(await connection.fetchval("select count(*) from index_changes"))


async def kept(tenancy: Tenancy, school: School) -> dict[UUID, tuple[str, str, str]]:
    """The documents that the engine holds."""
    async with bare(tenancy.app, channel_id=school.id) as connection:
        rows = await connection.fetch("select id, kind, visibility, body from search_documents")
    return {row["id"]: (row["kind"], row["visibility"], row["body"]) for row in rows}


async def due(tenancy: Tenancy, school: School) -> dict[UUID, tuple[str, str, str]]:
    """The documents that the rows make now."""
    wanted = {}
    for kind in KINDS:
        async with bare(tenancy.app, channel_id=school.id) as connection:
            ids = [row["id"] for row in await connection.fetch(f"select id from {kind}s")]
        async with tenancy.scope(school.id, acting_system("test")) as scope:
            for document in await documents.read(scope, kind, ids):
                wanted[document.id] = (document.kind, document.visibility, document.body)
    return wanted


async def talk(tenancy: Tenancy, school: School, count: int) -> list[UUID]:
    room = await make_room(tenancy, school, school.people[next(iter(school.people))])
    who = next(iter(school.people.values()))
    return [await say(tenancy, school, who, room, f"clay number {number} " + "slip " * 40) for number in range(count)]


async def test_what_is_posted_is_found_after_the_steward_s_next_look(
    own: Tenancy, here: World, steward: Steward, worker: Worker
) -> None:
    school = here.pottery
    with worker:
        room = await make_room(own, school, school.ana)
        said = await say(own, school, school.sam, room, "A teapot with two spouts")
        course = await make_course(own, school, school.ben)

        async def is_found() -> bool:
            return await found(own, school, school.zoe, "teapot spouts") == {said} and bool(
                await found(own, school, None, "first bowl")
            )

        await until(is_found, within=20)
        async with own.scope(school.id, school.sam.actor) as scope:
            await edits.remove(scope, said)

        assert await found(own, school, school.zoe, "teapot spouts") == set()

        async def is_gone() -> bool:
            return set(await kept(own, school)) == {course.id, course.text, course.film, course.free}

        await until(is_gone, within=20)


async def test_a_killed_worker_and_an_emptied_redis_lose_no_change(
    own: Tenancy, here: World, steward: Steward, worker: Worker, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.steward.INDEX_LOST_SECONDS", 3.0)
    for school in (here.pottery, here.chess):
        await talk(own, school, 900)
    before = await waiting(own)

    async def at_work() -> bool:
        return 0 < await waiting(own) < before

    with worker:
        await until(at_work, within=30)
        worker.kill()
    left = await waiting(own)
    assert 0 < left < before
    with Redis.from_url(valkey.redis_url) as redis, worker:
        redis.flushall()
        await until(lambda: fewer(own, left), within=30)
        worker.kill()
    with worker:
        await until(lambda: fewer(own, 1), within=60)
    for school in (here.pottery, here.chess):
        assert await kept(own, school) == await due(own, school)
        assert len(await kept(own, school)) == 900


async def fewer(tenancy: Tenancy, than: int) -> bool:
    return await waiting(tenancy) < than


async def test_changes_may_come_twice_and_in_any_order(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    said = await talk(tenancy, school, 6)
    course = await make_course(tenancy, school, school.ana)
    await index(tenancy, school.id)
    before = await kept(tenancy, school)
    changes = [("message", each) for each in said] + [("lesson", course.text), ("course", course.id)]
    for order in (changes[::-1] * 2, [("room", said[0]), *changes], changes[3:] + changes[:3]):
        async with tenancy.scope(school.id, acting_system("test")) as scope:
            await follow(scope, ENGINE, order)
        after = await kept(tenancy, school)
        assert {each: after.get(each) for each in before} == {each: before[each] for each in before}


async def test_one_worker_at_a_time_follows_a_channel_and_none_waits(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    await talk(tenancy, school, 5)
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        assert await scope.claim("index")
        assert await drain(tenancy, ENGINE, school.id) == 0
    assert await drain(tenancy, ENGINE, school.id) == 5


async def test_a_rebuild_makes_documents_equal_to_rows_whatever_was_there(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    await talk(tenancy, school, 250)
    course = await make_course(tenancy, school, school.ana)
    await index(tenancy, school.id)
    async with bare(tenancy.app, channel_id=school.id) as connection:
        await connection.execute("update search_documents set body = 'wrong' where kind = 'lesson'")
        await connection.execute("delete from search_documents where kind = 'message'")
        await connection.execute(
            "insert into search_documents select channel_id, $2::uuid, kind, parent_id, visibility, place, seq, title,"
            " 'ghost', title_words, 'ghost', indexed_at from search_documents where id = $1", course.id, new_id()
        )  # fmt: skip
    assert await found(tenancy, school, school.zoe, "ghost")
    assert await rebuild(tenancy, ENGINE, school.id) == 250 + 4
    assert await kept(tenancy, school) == await due(tenancy, school)
    assert not await found(tenancy, school, school.zoe, "ghost")
