"""Outgoing webhooks: what happens reaches the programs that asked for it, signed, once for each, for up to a day."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from providers import SignatureRefused
from providers.standard_webhooks import make_secret, verify
from tenants.community import bell
from tenants.errors import Conflict
from tenants.ids import RoomId
from tenants.members import members
from tenants.scope import Tenancy
from tenants.sealing import Seals
from tenants.webhooks import deliveries, endpoints
from tests.databases import bare
from tests.standins.receiver import Receiver, receiver, speaking
from tests.tenants.filtering import add as add_filter
from tests.tenants.filtering import change, owner_runs, say
from tests.tenants.moderating import act, acting, waiting
from tests.tenants.test_community import make_room
from tests.tenants.test_direct import talking
from tests.workers.shop import make_shop
from tests.workers.test_mended import do
from tests.world import School, World, make_person
from workers import webhooks
from workers.registry import Workshop


@pytest.fixture
def school(world: World) -> School:
    return world.pottery


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


async def listen(shop: Workshop, school: School, url: str, *events: str) -> tuple[UUID, str]:
    """An endpoint of the school's owner, and its secret."""
    secret, chosen = make_secret(), events or ("message.posted",)
    async with acting(shop.tenancy, school, school.ana) as scope:
        row = await endpoints.add(scope, Seals(shop.secret), secret, name="Robot", url=url, events=chosen)
    return row["id"], secret


async def due(shop: Workshop, school: School) -> list[UUID]:
    """The deliveries of a school that are asked for, oldest first."""
    asked = "select id from jobs where channel_id = $1 and name = 'DeliverWebhook' order by id"
    async with bare(shop.tenancy.relay) as connection:
        return [row["id"] for row in await connection.fetch(asked, school.id)]


async def send(shop: Workshop, school: School) -> list[str | None]:
    """Do each of them once; what each waits for."""
    return [await once(shop, job) for job in await due(shop, school)]


async def once(shop: Workshop, job: UUID) -> str | None:
    """Do one; what it waits for then, None when nothing more is to be done."""
    row = await do(shop, job)
    assert row is None or row["state"] == "waiting"
    return row["error"] if row else None


async def log(shop: Workshop, school: School, endpoint: UUID) -> list[Any]:
    async with acting(shop.tenancy, school, school.ana) as scope:
        return await deliveries.page(scope, endpoint)


async def forget_pause(shop: Workshop, database: str, school: School) -> None:
    await owner_runs(
        database, "webhook_endpoints", "update webhook_endpoints set away_until = null where channel_id = $1", school.id
    )


async def test_a_message_reaches_a_program_signed_and_without_its_words(
    shop: Workshop, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, secret = await listen(shop, school, far.url)
    posted = await say(shop.tenancy, school, school.sam, room, "A secret recipe")
    assert await send(shop, school) == [None]
    ((headers, body),) = far.heard
    told = orjson.loads(body)
    assert told["type"] == "message.posted"
    assert told["data"] == {
        "channel": str(school.id), "message": str(posted.id), "room": str(room),
        "member": str(school.sam.member_id), "seq": 1,
    }  # fmt: skip
    assert b"secret recipe" not in body
    (row,) = await log(shop, school, endpoint)
    assert verify(secret, headers, body) == str(row["event_id"])
    with pytest.raises(SignatureRefused):
        verify(make_secret(), headers, body)
    assert (row["state"], row["attempts"]) == ("taken", 1)
    async with acting(shop.tenancy, school, school.ana) as scope:
        (attempt,) = await deliveries.attempts(scope, row["id"])
    assert (attempt["status"], attempt["trouble"]) == (200, "")
    assert "webhook-id" in attempt["request_head"]
    assert await send(shop, school) == []


async def test_only_what_was_asked_for_is_sent_and_only_of_ones_own_channel(
    shop: Workshop, world: World, school: School, room: RoomId, far: Receiver
) -> None:
    await listen(shop, school, far.url, "member.joined")
    await say(shop.tenancy, school, school.sam, room, "Hello")
    person = await make_person(shop.tenancy, "newcomer")
    for at in (school, world.chess):
        async with acting(shop.tenancy, at, person) as scope:
            joined = await members.join(scope)
            if at is school:
                member = joined["id"]
            await members.join(scope)
    assert await send(shop, school) == [None]
    assert await due(shop, world.chess) == []
    ((_, body),) = far.heard
    assert orjson.loads(body)["data"] == {"channel": str(school.id), "member": str(member)}


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
    assert await once(shop, good) is None
    for place in range(len(deliveries.PAUSES) + 1):
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


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/x", "not https"), ("https://127.0.0.1/x", "is private"),
        ("http://example.org/x", "not https"), ("HTTPS://LocalHost/x", "is private"),
    ],
)  # fmt: skip
async def test_no_private_address_is_asked(shop: Workshop, school: School, room: RoomId, url: str, why: str) -> None:
    endpoint, _ = await listen(shop, school, url)
    await say(shop.tenancy, school, school.sam, room, "One")
    assert await send(shop, school) == [None]
    (row,) = await log(shop, school, endpoint)
    assert row["state"] == "failed"
    async with acting(shop.tenancy, school, school.ana) as scope:
        assert why in (await endpoints.find(scope, endpoint))["trouble"]


async def test_both_secrets_sign_for_a_day_after_a_change(
    shop: Workshop, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, before = await listen(shop, school, far.url)
    after = make_secret()
    async with acting(shop.tenancy, school, school.ana) as scope:
        await endpoints.turn(scope, Seals(shop.secret), endpoint, after)
        await deliveries.test(scope, endpoint)
    assert await send(shop, school) == [None]
    ((headers, body),) = far.heard
    assert verify(before, headers, body) == verify(after, headers, body)
    assert orjson.loads(body)["type"] == "test"


async def test_a_held_message_is_told_when_it_is_let_go_and_a_refused_one_never(
    shop: Workshop, school: School, room: RoomId, far: Receiver
) -> None:
    await listen(shop, school, far.url)
    await add_filter(shop.tenancy, school, "words")
    await say(shop.tenancy, school, school.sam, room, "clay")
    assert await due(shop, school) == []
    (case,) = await waiting(shop.tenancy, school, school.mia)
    await act(shop.tenancy, school, school.mia, "keep", case_id=case.row["id"])
    assert await send(shop, school) == [None]
    assert orjson.loads(far.heard[0][1])["data"]["seq"] == 1


async def test_a_message_that_was_told_is_not_told_again_when_its_later_words_are_held_and_kept(
    shop: Workshop, school: School, room: RoomId, far: Receiver
) -> None:
    await listen(shop, school, far.url)
    await add_filter(shop.tenancy, school, "words")
    posted = await say(shop.tenancy, school, school.sam, room, "A bowl")
    assert await send(shop, school) == [None]
    await change(shop.tenancy, school, school.sam, posted.id, "clay")
    (case,) = await waiting(shop.tenancy, school, school.mia)
    kept = await act(shop.tenancy, school, school.mia, "keep", case_id=case.row["id"])
    assert kept["before"] == {"released": True}
    assert await due(shop, school) == []


async def test_what_waits_for_an_endpoint_that_is_off_or_gone_ends(
    shop: Workshop, school: School, room: RoomId, far: Receiver
) -> None:
    endpoint, _ = await listen(shop, school, far.url)
    for words in ("One", "Two"):
        await say(shop.tenancy, school, school.sam, room, words)
    first, second = await due(shop, school)
    async with acting(shop.tenancy, school, school.ana) as scope:
        await endpoints.edit(scope, endpoint, enabled=False)
    assert await once(shop, first) is None
    async with acting(shop.tenancy, school, school.ana) as scope:
        await endpoints.remove(scope, endpoint)
    assert await once(shop, second) is None
    assert far.heard == []


async def test_what_is_said_in_private_is_told_to_no_program(shop: Workshop, school: School, far: Receiver) -> None:
    await listen(shop, school, far.url)
    await talking(shop.tenancy, school, school.sam, school.zoe)
    assert await due(shop, school) == []
