"""Indexing into the real Elasticsearch: documents a CPU-second of the worker, and how soon a message is found."""

import asyncio
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import orjson

from bench.engine import engine_for
from bench.role import settings_of
from bench.stage import Stage
from bench.texts import texts
from realtime.broadcast import Herald
from realtime.telling import Teller
from realtime.wake import Waker
from search import following
from search.elastic import ElasticSearch
from search.followed import FollowedSearch
from settings import Settings
from tenants.community import drafts, messages
from tenants.errors import Unavailable
from tenants.ids import ChannelId, new_id
from tenants.scope import Tenancy
from tests.waiting import until
from workers import indexing
from workers.__main__ import make_shop, make_tenancy

ROUNDS, DOCUMENTS, TOGETHER = 3, 3000, 100
WRITES_A_SECOND, SECONDS, WARM_UP_SECONDS, PATIENCE_SECONDS = 200, 20.0, 5.0, 60.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Figures:
    """Documents a CPU-second of each round, followed from rows and filled anew; seconds until each was found.

    `writes` is how many a second were committed meanwhile: fewer than were asked for where the machine is too busy.
    """

    followed: list[float]
    filled: list[float]
    lags: list[float]
    writes: float

    @property
    def lag(self) -> float:
        """The seconds within which 99 of 100 were found."""
        return sorted(self.lags)[int(len(self.lags) * 0.99)]


async def measure(stage: Stage, engine_url: str) -> Figures:
    """Both, one after the other, over an index of their own."""
    place = (stage.database_url, stage.redis_url, engine_url, str(stage.home / "indexing"))
    settings = settings_of(*place)
    async with engine_for(settings) as engine:
        rounds = [await _round(stage, settings, place) for _ in range(1 + ROUNDS)][1:]
        lags, writes = await _lags(stage, settings, engine, place)
    return Figures([each[0] for each in rounds], [each[1] for each in rounds], lags, writes)


async def _round(stage: Stage, settings: Settings, place: tuple[str, ...]) -> tuple[float, float]:
    """Post much, and have it followed by a worker process of its own."""
    tenancy = make_tenancy(settings)
    await post(tenancy, stage, DOCUMENTS)
    await tenancy.close()
    words = [sys.executable, "-m", "bench.indexing", str(stage.world.pottery.id), *place]
    done = await asyncio.to_thread(subprocess.run, words, stdout=subprocess.PIPE, text=True, check=True)
    followed, filled = map(float, done.stdout.splitlines()[-1].split())
    return followed, filled


async def post(tenancy: Tenancy, stage: Stage, count: int) -> None:
    """So many messages into the rooms of the stage, many to a transaction."""
    school, rooms, bodies = stage.world.pottery, itertools.cycle(stage.write_rooms), texts(count)
    for begin in range(0, count, TOGETHER):
        async with tenancy.scope(school.id, school.sam.actor) as scope:
            for _ in range(min(TOGETHER, count - begin)):
                await messages.post(scope, next(rooms), drafts.draft(new_id(), next(bodies)))


async def follow(channel_id: ChannelId, settings: Settings) -> None:
    """As the index worker does it; prints documents a CPU-second, followed from rows and then filled anew."""
    shop = make_shop(settings)
    assert isinstance(shop.search, FollowedSearch)
    counted = await shop.tenancy.relay.ask("select count(*) from index_changes where channel_id = $1", channel_id)
    waiting = counted[0][0]
    began = time.process_time()
    await indexing.drain(shop, channel_id)
    followed = time.process_time() - began
    began = time.process_time()
    filled = await following.fill(shop.tenancy, shop.search, channel_id)
    print(waiting / followed, filled / (time.process_time() - began))
    await shop.search.close()
    await shop.tenancy.close()


@dataclass(slots=True)
class Watch:
    """When messages were committed, and when a look into the index first saw them."""

    posted: dict[UUID, float] = field(default_factory=dict)
    found: dict[UUID, float] = field(default_factory=dict)

    async def whole(self) -> bool:
        """Whether all that was posted was found."""
        return self.posted.keys() <= self.found.keys()


async def _lags(
    stage: Stage, settings: Settings, engine: ElasticSearch, place: tuple[str, ...]
) -> tuple[list[float], float]:
    """From each commit to the first look that finds it, through the steward, Redis, the worker and a refresh."""
    watch, tenancy = Watch(), Tenancy.open(*map(settings.role_url, ("guildhall_app", "guildhall_relay")))
    herald = Herald(settings.redis_url, settings.deployment, settings.wire_key)
    teller = Teller(tenancy, herald, Waker(settings.redis_url, settings.deployment))
    tenancy.after_commit = teller.hand
    with _roles(place):
        looking = asyncio.create_task(_look(settings.elasticsearch_url, engine.indexes.searched, watch))
        # The roles are up, and have nothing to catch up with, when one message was found.
        await _write(stage, tenancy, watch, 1)
        await until(watch.whole, within=PATIENCE_SECONDS, every=LOOK_SECONDS)
        watch.posted.clear()
        await _write(stage, tenancy, watch, int(WRITES_A_SECOND * (SECONDS + WARM_UP_SECONDS)))
        await until(watch.whole, within=PATIENCE_SECONDS, every=LOOK_SECONDS)
        looking.cancel()
    await teller.close()
    await tenancy.close()
    warm = min(watch.posted.values()) + WARM_UP_SECONDS
    lags = [watch.found[each] - at for each, at in watch.posted.items() if at >= warm]
    return lags, len(lags) / (max(watch.posted.values()) - warm)


@contextlib.contextmanager
def _roles(place: tuple[str, ...]) -> Iterator[None]:
    processes = [
        subprocess.Popen([sys.executable, "-m", "bench.role", role, *place], stdout=subprocess.DEVNULL)
        for role in ("index", "steward")
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


async def _write(stage: Stage, tenancy: Tenancy, watch: Watch, count: int) -> None:
    """So many at the rate, whether the last write has come back or not."""
    school, rooms, bodies = stage.world.pottery, itertools.cycle(stage.write_rooms), texts(1)
    began, writing = time.perf_counter(), set[asyncio.Task[None]]()

    async def write(room_id: UUID, draft: drafts.Draft) -> None:
        while True:  # as a client does that is told 503
            with contextlib.suppress(Unavailable):
                async with tenancy.scope(school.id, school.sam.actor) as scope:
                    posted = await messages.post(scope, room_id, draft)
                break
        watch.posted[posted.id] = time.perf_counter()

    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / WRITES_A_SECOND - time.perf_counter()))
        task = asyncio.create_task(write(next(rooms), drafts.draft(new_id(), next(bodies))))
        writing.add(task)
        task.add_done_callback(writing.discard)
    await asyncio.gather(*writing)


async def _look(url: str, index: str, watch: Watch) -> None:
    """Ask for what is new, again and again."""
    after = ""
    async with aiohttp.ClientSession(url) as session:
        while True:
            asked: dict[str, Any] = {"size": 2000, "sort": ["id"], "_source": False, "query": {"match_all": {}}}
            asked |= {"search_after": [after]} if after else {}
            async with session.post(f"/{index}/_search", json=asked) as answer:
                hits = orjson.loads(await answer.read())["hits"]["hits"]
            now = time.perf_counter()
            for hit in hits:
                watch.found.setdefault(UUID(hit["sort"][0]), now)
            waiting = watch.posted.keys() - watch.found.keys()
            after = str(UUID(int=min(waiting).int - 1)) if waiting else after
            await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(follow(ChannelId(UUID(sys.argv[1])), settings_of(*sys.argv[2:])))
