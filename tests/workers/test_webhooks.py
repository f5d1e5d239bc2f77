"""Outgoing webhooks: what happens reaches the programs that asked for it, signed, once for each, for up to a day."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from providers import SignatureRefused
from providers.standard_webhooks import make_secret, verify
from tenants.ids import RoomId
from tenants.members import bans, members, roles
from tenants.permissions import Role
from tenants.scope import Tenancy
from tenants.sealing import Seals
from tenants.webhooks import deliveries, endpoints
from tests.standins.receiver import Receiver, receiver
from tests.tenants.filtering import add as add_filter
from tests.tenants.filtering import change, say
from tests.tenants.moderating import act, acting, waiting
from tests.tenants.test_community import make_room
from tests.tenants.test_direct import talking
from tests.workers.hooking import due, listen, log, once, send
from tests.workers.shop import make_shop
from tests.world import School, World, make_person
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


async def test_nobody_who_was_banned_is_told(shop: Workshop, school: School, far: Receiver) -> None:
    endpoint, _ = await listen(shop, school, far.url)
    async with acting(shop.tenancy, school, school.ana) as scope:
        await roles.change(scope, school.mia.member_id, Role.ADMIN)
        await bans.ban(scope, school.mia.member_id, "spam")
        await endpoints.switch_off(scope, endpoint, "It is gone.")
        rows, _ = await scope._transaction.run("select person_id from rings where channel_id = $1", [school.id])
    assert [row[0] for row in rows] == [school.ana.person_id]


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
