"""A process without sockets tells what it commits at once, and leaves to the steward what it cannot tell."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from providers.embedded import EmbeddedValkey
from realtime import rooms
from realtime.broadcast import Herald
from realtime.telling import Teller
from realtime.wake import Waker
from settings import Settings
from tenants.ids import LessonId, new_id
from tenants.jobs import SendMail
from tenants.notices import recording_ready
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import Databases, bare
from tests.realtime.clients import connected
from tests.waiting import until
from tests.webapp import Web, settings_for
from tests.world import World

NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
def settings(database: str, valkey: EmbeddedValkey, home: Path) -> Settings:
    """Those of the web application of the test."""
    return settings_for(database, valkey.redis_url, home / "var", 8000)


@pytest.fixture
async def worker(database: str) -> AsyncIterator[Tenancy]:
    """The scopes of another process."""
    tenancy = Databases.tenancy(database)
    yield tenancy
    await tenancy.close()


def teller_of(worker: Tenancy, redis_url: str, settings: Settings) -> Teller:
    teller = Teller(
        worker, Herald(redis_url, settings.deployment, settings.wire_key), Waker(redis_url, settings.deployment)
    )
    worker.after_commit = teller.hand
    return teller


async def announce(worker: Tenancy, world: World) -> None:
    async with worker.scope(world.pottery.id, acting_system("test")) as scope:
        scope.announce(recording_ready(world.pottery.sam.person_id, LessonId(new_id()), "Centring", "/x"))


async def left(tenancy: Tenancy, world: World) -> int:
    async with bare(tenancy.relay) as connection:
        count: int = await connection.fetchval(
            "select count(*) from notices where channel_id = $1", world.pottery.id
        )  # fmt: skip
    return count


async def test_a_notice_of_a_worker_is_heard_without_the_steward_and_its_row_goes(
    web: Web, world: World, worker: Tenancy, valkey: EmbeddedValkey, settings: Settings
) -> None:
    teller = teller_of(worker, valkey.redis_url, settings)
    async with connected(web, world.pottery, world.pottery.sam) as sam:
        await announce(worker, world)
        (notice,) = await sam.hears("notice")
    assert (notice["kind"], notice["title"]) == ("recording", "Centring")

    async def gone() -> bool:
        return await left(worker, world) == 0

    await until(gone)
    await teller.close()


async def test_what_a_worker_cannot_tell_is_left_to_the_steward(
    world: World, worker: Tenancy, settings: Settings
) -> None:
    teller = teller_of(worker, NOBODY, settings)
    await announce(worker, world)
    await teller.close()
    assert await left(worker, world) == 1


async def test_the_steward_is_woken_for_a_job_that_a_worker_asks_for(
    world: World, worker: Tenancy, valkey: EmbeddedValkey, settings: Settings
) -> None:
    teller = teller_of(worker, valkey.redis_url, settings)
    async with Redis.from_url(valkey.redis_url) as redis, redis.pubsub() as steward:
        await steward.subscribe(rooms.wake(settings.deployment))
        await steward.get_message(timeout=5)
        async with worker.scope(world.pottery.id, acting_system("test")) as scope:
            scope.enqueue(SendMail("welcome", world.pottery.sam.person_id))
        heard = await steward.get_message(ignore_subscribe_messages=True, timeout=5)
    assert heard is not None
    await teller.close()
