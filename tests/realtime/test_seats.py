"""Ten connections of one person to one channel, whichever processes they reach, and whatever becomes of those."""

import contextlib
from pathlib import Path

from socketio.exceptions import ConnectionError as Refused

from cli.drill.servers import stopped
from cli.drill.taps import Tap
from providers.embedded import EmbeddedValkey
from realtime import rooms
from realtime.connections import MOST_PER_PERSON
from realtime.lease import LEASE_SECONDS
from server.sockets import WIRE
from tests.realtime.apart import apart
from tests.realtime.clients import connected, refusal
from tests.waiting import until
from tests.webapp import Web, settings_for
from tests.world import School, World

Open = contextlib.AsyncExitStack


async def fill(web: Web, school: School, count: int, sockets: Open) -> None:
    for _ in range(count):
        await sockets.enter_async_context(connected(web, school, school.sam, wait_timeout=10))


async def is_full(web: Web, school: School) -> bool:
    told = await refusal(web, {"channel": school.slug, "token": school.sam.token})
    return bool(told["data"]["code"] == "too_many_sockets" and told["data"]["retry_after"] > 0)


async def lets_in(web: Web, school: School) -> bool:
    try:
        async with connected(web, school, school.sam):
            return True
    except Refused:
        return False


async def test_the_ten_are_counted_over_all_processes(web: Web, far: Web, world: World) -> None:
    pottery = world.pottery
    async with Open() as rest, Open() as first:
        await fill(web, pottery, 4, first)
        await fill(far, pottery, MOST_PER_PERSON - 4, rest)
        assert await is_full(web, pottery)
        assert await is_full(far, pottery)
        async with connected(web, pottery, pottery.zoe):
            await first.aclose()
        await until(lambda: lets_in(far, pottery))
        await fill(far, pottery, 4, first)
        assert await is_full(web, pottery)


async def test_those_of_a_killed_process_are_free_after_its_lease(
    database: str, valkey: EmbeddedValkey, web: Web, home: Path, world: World
) -> None:
    pottery = world.pottery
    async with apart(database, valkey.redis_url, home / "killed") as other, Open() as sockets:
        await fill(other.web, pottery, MOST_PER_PERSON, sockets)
        assert await is_full(web, pottery)
        other.process.kill()
        assert await is_full(web, pottery)
        await until(lambda: lets_in(web, pottery), within=LEASE_SECONDS + 3, every=0.5)


async def test_while_redis_is_away_each_process_counts_its_own_and_then_together_again(
    web: Web, far: Web, line: Tap, world: World
) -> None:
    pottery = world.pottery
    async with Open() as sockets:
        await fill(web, pottery, 3, sockets)
        async with stopped(line):
            await fill(far, pottery, MOST_PER_PERSON, sockets)
            assert await is_full(far, pottery)
        await until(lambda: comes_to(web, far, pottery))
    await until(lambda: lets_in(web, pottery))


async def comes_to(web: Web, far: Web, school: School) -> bool:
    await far.app[WIRE].lease.renew()
    return await is_full(web, school) if not await lets_in(web, school) else False


async def test_seats_survive_a_redis_that_was_emptied(
    web: Web, database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    pottery = world.pottery
    deployment = settings_for(database, valkey.redis_url, home / "var", 8000).deployment
    async with Open() as sockets:
        await fill(web, pottery, 9, sockets)
        await web.app[WIRE].shared.ask(lambda redis: redis.flushdb())
        await web.app[WIRE].lease.renew()
        key = f"{rooms.leased(deployment)}:seats:c/{pottery.id}/person/{pottery.sam.person_id}"

        async def again() -> bool:
            return await web.app[WIRE].shared.ask(lambda redis: redis.hlen(key)) == 9

        await until(again)
