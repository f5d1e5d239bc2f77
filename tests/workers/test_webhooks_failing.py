"""Webhooks that are not taken, or slowly, or answered strangely: tried again, left alone, and in the end given up."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tenants.community import bell
from tenants.errors import Conflict
from tenants.ids import RoomId
from tenants.scope import Tenancy
from tenants.webhooks import deliveries, endpoints
from tests.databases import bare
from tests.standins.receiver import Receiver, receiver, speaking
from tests.tenants.filtering import say
from tests.tenants.moderating import acting
from tests.tenants.test_community import make_room
from tests.workers.hooking import due, forget_pause, listen, log, once, send
from tests.workers.shop import make_shop
from tests.world import School
from workers import webhooks
from workers.registry import Workshop


@pytest.fixture
async def far() -> AsyncIterator[Receiver]:
    async with receiver() as running:
        yield running


@pytest.fixture
def shop(tenancy: Tenancy, tmp_path: Path, far: Receiver) -> Workshop:
    return replace(make_shop(tenancy, tmp_path), webhook_hosts=(far.host,))


@pytest.fixture
async def room(tenancy: Tenancy, school: School) -> RoomId:
    return await make_room(tenancy, school)


async def test_what_is_not_taken_is_tried_again_and_the_endpoint_left_alone_meanwhile(
    shop: Workshop, database: str, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, _ = await listen(shop, school, far.url)
    far.answers = [500, 302]
    await say(shop.tenancy, school, school.sam, room, "One")
    assert await send(shop, school) == ["answered 500"]
    await say(shop.tenancy, school, school.sam, room, "Two")
    assert await send(shop, school) == ["the endpoint is left alone for a while"] * 2
    assert len(far.heard) == 1
    await forget_pause(shop, database, school)
    first, second = await due(shop, school)
    assert await once(shop, first) == "answered 302"
    await forget_pause(shop, database, school)
    assert [await once(shop, each) for each in (first, second)] == [None, None]
    ids = [headers["webhook-id"] for headers, _ in far.heard]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert [row["state"] for row in await log(shop, school, endpoint)] == ["taken", "taken"]


async def test_who_takes_nothing_for_a_day_or_is_gone_is_switched_off_and_it_is_told(
    shop: Workshop, database: str, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, _ = await listen(shop, school, far.url)
    far.answers = [500] * 11
    await say(shop.tenancy, school, school.sam, room, "One")
    for _ in range(len(deliveries.PAUSES)):
        assert await send(shop, school) == ["answered 500"]
        await forget_pause(shop, database, school)
    assert await send(shop, school) == [None]
    async with acting(shop.tenancy, school, school.ana) as scope:
        row = await endpoints.find(scope, endpoint)
        assert (row["enabled"], row["trouble"]) == (False, "It took nothing for a day.")
        assert [told.title for told in await bell.page(scope)] == [
            "The webhook Robot is off: It took nothing for a day."
        ]
    await say(shop.tenancy, school, school.sam, room, "Two")
    assert await due(shop, school) == []
    async with acting(shop.tenancy, school, school.ana) as scope:
        await endpoints.edit(scope, endpoint, enabled=True)
        (failed,) = await deliveries.page(scope, endpoint)
        await deliveries.replay(scope, failed["id"])
    assert await send(shop, school) == [None]
    assert far.heard[-1][0]["webhook-id"] == str(failed["event_id"])
    far.answers = [410]
    await say(shop.tenancy, school, school.sam, room, "Three")
    assert await send(shop, school) == [None]
    async with acting(shop.tenancy, school, school.ana) as scope:
        assert not (await endpoints.find(scope, endpoint))["enabled"]


async def test_an_answer_in_no_utf8_is_kept_and_what_it_means_is_done(
    shop: Workshop, database: str, school: School, room: RoomId
) -> None:
    head = b"HTTP/1.1 %b\r\nX-Why: caf\xe9\r\nContent-Length: 0\r\n\r\n"
    async with speaking(head % b"503 Later", head % b"200 OK") as host:
        shop = replace(shop, webhook_hosts=(host,))
        endpoint, _ = await listen(shop, school, f"http://{host}/hook")
        await say(shop.tenancy, school, school.sam, room, "One")
        assert await send(shop, school) == ["answered 503"]
        await forget_pause(shop, database, school)
        assert await send(shop, school) == [None]
    (row,) = await log(shop, school, endpoint)
    assert (row["state"], row["attempts"]) == ("taken", 2)
    async with acting(shop.tenancy, school, school.ana) as scope:
        heads = [each["response_head"] for each in await deliveries.attempts(scope, row["id"])]
    assert ["X-Why: caf\ufffd" in head for head in heads] == [True, True]


async def test_what_waits_for_a_job_that_broke_can_be_sent_again(
    shop: Workshop, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, _ = await listen(shop, school, far.url)
    await say(shop.tenancy, school, school.sam, room, "One")
    (row,) = await log(shop, school, endpoint)
    async with acting(shop.tenancy, school, school.ana) as scope:
        with pytest.raises(Conflict):
            await deliveries.replay(scope, row["id"])
    (job,) = await due(shop, school)
    async with bare(shop.tenancy.relay) as connection:
        await connection.execute("update jobs set state = 'failed', error = 'It broke' where id = $1", job)
    async with acting(shop.tenancy, school, school.ana) as scope:
        await deliveries.replay(scope, row["id"])
    async with acting(shop.tenancy, school, school.ana) as scope:
        with pytest.raises(Conflict):
            await deliveries.replay(scope, row["id"])
    (again,) = [each for each in await due(shop, school) if each != job]
    assert await once(shop, again) is None
    assert [each["state"] for each in await log(shop, school, endpoint)] == ["taken"]
    assert far.heard[0][0]["webhook-id"] == str(row["event_id"])


async def test_who_answers_slowly_waits_for_its_turn_and_who_says_nothing_is_left_soon(
    shop: Workshop, database: str, school: School, room: RoomId, far: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert webhooks.PATIENCE.total == 5.0
    endpoint, _ = await listen(shop, school, far.url)
    for words in ("One", "Two", "Three"):
        await say(shop.tenancy, school, school.sam, room, words)
    first, second, third = await due(shop, school)
    monkeypatch.setattr(webhooks, "SLOW_MS", -1)
    monkeypatch.setattr(webhooks, "TIMES", 1_000_000)
    assert await once(shop, first) is None
    assert await once(shop, second) == "the endpoint is left alone for a while"
    async with acting(shop.tenancy, school, school.ana) as scope:
        row = await endpoints.find(scope, endpoint)
    assert (row["failures"], row["enabled"], row["away_until"] > datetime.now(UTC)) == (0, True, True)
    await forget_pause(shop, database, school)
    monkeypatch.undo()
    monkeypatch.setattr(webhooks, "PATIENCE", replace(webhooks.PATIENCE, total=0.2))
    async with speaking() as host:
        shop = replace(shop, webhook_hosts=(host, far.host))
        async with acting(shop.tenancy, school, school.ana) as scope:
            await endpoints.edit(scope, endpoint, url=f"http://{host}/hook")
        assert await once(shop, second) == "The answer took longer than is allowed."
    async with acting(shop.tenancy, school, school.ana) as scope:
        await endpoints.edit(scope, endpoint, url=far.url)
    assert await once(shop, third) is None


async def test_an_event_that_is_never_taken_ends_alone_where_others_were(
    shop: Workshop, database: str, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, _ = await listen(shop, school, far.url)
    await say(shop.tenancy, school, school.sam, room, "One")
    await say(shop.tenancy, school, school.sam, room, "Two")
    bad, good = await due(shop, school)
    far.answers = [500]
    assert await once(shop, bad) == "answered 500"
    await forget_pause(shop, database, school)
    assert await once(shop, good) is None
    for place in range(1, len(deliveries.PAUSES) + 1):
        far.answers = [500]
        last = place == len(deliveries.PAUSES)
        assert await once(shop, bad) == (None if last else "answered 500")
        await forget_pause(shop, database, school)
    assert [row["state"] for row in await log(shop, school, endpoint)] == ["taken", "failed"]
    async with acting(shop.tenancy, school, school.ana) as scope:
        row = await endpoints.find(scope, endpoint)
        assert (row["enabled"], row["trouble"]) == (True, "")
        assert await bell.page(scope) == []


async def test_who_took_something_before_but_nothing_since_is_switched_off(
    shop: Workshop, database: str, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, _ = await listen(shop, school, far.url)
    await say(shop.tenancy, school, school.sam, room, "One")
    assert await send(shop, school) == [None]
    await say(shop.tenancy, school, school.sam, room, "Two")
    far.answers = [500] * 11
    for _ in range(len(deliveries.PAUSES)):
        assert await send(shop, school) == ["answered 500"]
        await forget_pause(shop, database, school)
    assert await send(shop, school) == [None]
    async with acting(shop.tenancy, school, school.ana) as scope:
        row = await endpoints.find(scope, endpoint)
    assert (row["enabled"], row["trouble"]) == (False, "It took nothing for a day.")
