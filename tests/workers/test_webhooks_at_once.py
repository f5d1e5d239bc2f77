"""Several endpoints are sent to at once, each one thing at a time and in order; one that stalls holds up none."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from aiohttp import web

from tenants.ids import RoomId
from tenants.scope import Tenancy
from tenants.work import Ticket
from tests.databases import Databases, bare
from tests.standins.receiver import Receiver, receiving
from tests.tenants.filtering import say
from tests.tenants.test_community import make_room
from tests.waiting import until
from tests.workers.hooking import due, listen, log, once
from tests.workers.shop import make_shop
from tests.world import School
from workers import webhooks
from workers.registry import Workshop
from workers.run import Hands


@dataclass
class Slow(Receiver):
    """A receiver that takes so many seconds to answer, and knows how many it was asked at once."""

    seconds: float = 0.0
    now: int = 0
    most: int = 0
    at: list[float] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.Response:
        """Take one request, after a while."""
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        self.at.append(time.monotonic())
        return await super().hear(request)

    @property
    def seqs(self) -> list[int]:
        """Of which messages it heard, as they came."""
        return [orjson.loads(body)["data"]["seq"] for _, body in self.heard]


@pytest.fixture
async def far() -> AsyncIterator[list[Slow]]:
    async with receiving(Slow()) as one, receiving(Slow()) as two, receiving(Slow()) as three:
        yield [one, two, three]


@pytest.fixture
def shop(tenancy: Tenancy, tmp_path: Path, far: list[Slow]) -> Workshop:
    return replace(make_shop(tenancy, tmp_path), webhook_hosts=tuple(each.host for each in far))


@pytest.fixture
async def room(tenancy: Tenancy, school: School) -> RoomId:
    return await make_room(tenancy, school)


async def tickets(shop: Workshop, school: School) -> list[list[str]]:
    """What the steward would send now."""
    return [Ticket(school.id, None, job).words() for job in await due(shop, school)]


async def perform(database: str, shop: Workshop, folder: Path, words: list[list[str]], at_once: int) -> float:
    """Do these tickets as a worker process does, by so many hands; the seconds it took."""
    own = replace(shop, tenancy=Databases.tenancy(database), store=make_shop(shop.tenancy, folder).store)
    hands, begun = Hands(own, at_once=at_once), time.monotonic()

    def work() -> None:
        for each in words:
            hands.do(each)
        while hands._at_work:
            time.sleep(0.02)

    try:
        await asyncio.to_thread(work)
        return time.monotonic() - begun
    finally:
        await asyncio.to_thread(hands.rest)


async def test_one_that_stalls_holds_up_no_other(
    shop: Workshop, database: str, tmp_path: Path, school: School, room: RoomId, far: list[Slow]
) -> None:
    stalled, quick, other = far
    stalled.seconds = 3.0
    for each in far:
        await listen(shop, school, each.url)
    for n in range(4):
        await say(shop.tenancy, school, school.sam, room, f"Message {n}")
    begun = time.monotonic()
    await perform(database, shop, tmp_path, await tickets(shop, school), 8)
    for well in (quick, other):
        assert well.seqs == [1, 2, 3, 4]
        assert max(well.at) - begun < 2.5
    # It answered slowly, so that it is left alone after its first.
    assert (stalled.seqs, stalled.most) == ([1], 1)


async def test_an_endpoint_is_sent_one_thing_at_a_time_in_order_by_however_many_hands(
    shop: Workshop, database: str, tmp_path: Path, school: School, room: RoomId, far: list[Slow]
) -> None:
    one = far[0]
    one.seconds = 0.05
    endpoint, _ = await listen(shop, school, one.url)
    for n in range(12):
        await say(shop.tenancy, school, school.sam, room, f"Message {n}")
    words = await tickets(shop, school)
    took = await perform(database, shop, tmp_path, words[::-1], 8)
    assert (one.seqs, one.most) == ([*range(1, 13)], 1)
    assert took < 10
    assert {row["state"] for row in await log(shop, school, endpoint)} == {"taken"}
    # Jobs that found it had by another look again, and find nothing left to do.
    for job in await due(shop, school):
        assert await once(shop, job) is None
    assert len(one.heard) == 12


async def test_whoever_sends_too_long_leaves_the_rest_to_come_behind_the_others(
    shop: Workshop, school: School, room: RoomId, far: list[Slow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "STAYS", 0.0)
    await listen(shop, school, far[0].url)
    for n in range(3):
        await say(shop.tenancy, school, school.sam, room, f"Message {n}")
    first, *_ = await due(shop, school)
    assert await once(shop, first) is None
    assert far[0].seqs == [1]
    # One more than the two that wait: what goes on at once, whatever those have been told to wait.
    assert len(await due(shop, school)) == 3
    *_, more = await due(shop, school)
    assert await once(shop, more) is None
    assert far[0].seqs == [1, 2]


async def test_what_a_killed_worker_had_is_had_by_others_after_a_while(
    shop: Workshop, school: School, room: RoomId, far: list[Slow]
) -> None:
    endpoint, _ = await listen(shop, school, far[0].url)
    await say(shop.tenancy, school, school.sam, room, "One")
    (job,) = await due(shop, school)
    await _had(shop, school, endpoint, "1 hour")
    assert await once(shop, job) == "the endpoint is sent another one"
    assert far[0].heard == []
    await _had(shop, school, endpoint, "-1 second")
    assert await once(shop, job) is None
    assert far[0].seqs == [1]


async def test_a_worker_that_is_told_to_end_lets_go_of_all_it_does(
    shop: Workshop, database: str, tmp_path: Path, school: School, room: RoomId, far: list[Slow]
) -> None:
    for each in far:
        each.seconds = 4.0
        await listen(shop, school, each.url)
    await say(shop.tenancy, school, school.sam, room, "One")
    hands = Hands(replace(shop, tenancy=Databases.tenancy(database)), at_once=8)
    for words in await tickets(shop, school):
        hands.do(words)

    async def all_are_asked() -> bool:
        return sum(each.now for each in far) == 3

    await until(all_are_asked)
    begun = time.monotonic()
    await asyncio.to_thread(hands.rest)
    assert time.monotonic() - begun < 3
    for each in far:
        each.seconds = 0.0
    # Nothing has to run out first: each is put off to now, and its endpoint free.
    assert [await once(shop, job) for job in await due(shop, school)] == [None] * 3
    assert [each.seqs[-1] for each in far] == [1, 1, 1]


async def _had(shop: Workshop, school: School, endpoint: UUID, until: str) -> None:
    async with bare(shop.tenancy.app, channel_id=school.id) as connection:
        await connection.execute(
            f"update webhook_endpoints set busy_by = $2, busy_until = now() + interval '{until}' where id = $1",
            endpoint, UUID(int=1),
        )  # fmt: skip
