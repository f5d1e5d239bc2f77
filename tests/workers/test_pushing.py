"""Pushing: a notice reaches the browsers that asked for it, encrypted, and ends when it is read or not wanted."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from providers.push import WebPush
from tenants import work
from tenants.community import edits, insiders, reads
from tenants.ids import RoomId
from tenants.members import bans, choices, members, pushes
from tenants.members.choices import Choices, Ways
from tenants.people import sessions
from tenants.people.quiet import Hours
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.standins.push import PushService, push_service
from tests.tenants.test_bell import ring, told
from tests.tenants.test_community import make_room, say
from tests.workers.shop import SECRET
from tests.world import School, Somebody, World
from workers.registry import Workshop
from workers.run import perform_leased


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def at_work(shop: Workshop, service: PushService) -> AsyncIterator[Workshop]:
    made = replace(shop, push=WebPush(SECRET.encode(), "mailto:school@guildhall.example", [service.host]))
    yield made
    await made.push.close()


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    room = await make_room(tenancy, world.pottery, "private")
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await insiders.let_in(scope, room, world.pottery.zoe.member_id)
        await insiders.let_in(scope, room, world.pottery.sam.member_id)
    return room


async def subscribe(tenancy: Tenancy, school: School, who: Somebody, service: PushService, name: str = "one") -> UUID:
    async with tenancy.scope(school.id, who.actor) as scope:
        return await pushes.put(scope, service.subscription(name)["endpoint"], service.point, service.secret)


async def do(shop: Workshop, school: School) -> list[str]:
    """Do the pushes that wait; the states of those that are left."""
    async with bare(shop.tenancy.relay) as connection:
        query = "select id, state from jobs where channel_id = $1 and name = 'PushNotice' order by id"
        for row in await connection.fetch(query, school.id):
            leased = await work.take(shop.tenancy, work.Ticket(school.id, None, row["id"]))
            if leased is not None:
                await perform_leased(shop, leased)
        return [row["state"] for row in await connection.fetch(query, school.id)]


async def left(tenancy: Tenancy, school: School) -> int:
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        rows, _ = await scope._transaction.run("select count(*) from pushes where channel_id = $1", [school.id])
        return int(rows[0][0])


def at(who: Somebody) -> str:
    return f"<@{who.member_id}>"


async def test_a_mention_reaches_each_browser_of_whom_it_means(
    at_work: Workshop, world: World, room: RoomId, service: PushService
) -> None:
    pottery, tenancy = world.pottery, at_work.tenancy
    for name in ("one", "two", "one"):
        await subscribe(tenancy, pottery, pottery.zoe, service, name)
    await say(tenancy, pottery, pottery.sam.actor, room, f"{at(pottery.zoe)} *hot*")
    thing = UUID(int=5)
    await ring(tenancy, pottery, told(pottery.zoe, "Bowls", thing), thing=thing)
    assert await do(at_work, pottery) == []
    url = f"/c/{pottery.slug}/community/wheel-talk?at=1#m-1"
    assert [said for said, _ in service.got if said["url"] == url] == [
        {"title": "Sam, Wheel talk", "body": "@Zoe hot", "url": url, "tag": said["tag"]} for said, _ in service.got[:2]
    ]
    assert [said["title"] for said, _ in service.got[2:]] == ["A recording can be watched"] * 2
    assert [headers["TTL"] for _, headers in service.got] == ["600", "600", "43200", "43200"]


@pytest.mark.parametrize("end", ["read", "deleted", "banned", "left", "taken out", "not chosen", "ended", "signed out"])
async def test_what_was_read_taken_away_or_is_not_wanted_is_not_pushed(
    at_work: Workshop, world: World, room: RoomId, service: PushService, end: str
) -> None:
    pottery, tenancy = world.pottery, at_work.tenancy
    push_id = await subscribe(tenancy, pottery, pottery.zoe, service)
    posted = await say(tenancy, pottery, pottery.sam.actor, room, at(pottery.zoe))
    if end == "signed out":
        session_id = pottery.zoe.actor.session_id
        assert session_id is not None
        async with tenancy.person(pottery.zoe.person_id) as person:
            await sessions.end(person, session_id)
    who = pottery.sam if end == "deleted" else pottery.ana if end in {"banned", "taken out"} else pottery.zoe
    async with tenancy.scope(pottery.id, who.actor) as scope:
        if end == "read":
            await reads.mark_read(scope, room, 1)
        elif end == "deleted":
            await edits.remove(scope, posted.id)
        elif end == "banned":
            await bans.ban(scope, pottery.zoe.member_id, "spam")
        elif end == "left":
            await members.leave(scope)
        elif end == "taken out":
            await insiders.take_out(scope, room, pottery.zoe.member_id)
        elif end == "not chosen":
            await choices.put(scope, Choices({"mention": Ways(push=False)}))
        elif end == "ended":
            await pushes.end(scope, push_id)
    assert await do(at_work, pottery) == []
    assert service.asked == 0


@pytest.mark.parametrize(("status", "kept"), [(410, 0), (404, 0), (403, 0), (429, 1), (503, 1)])
async def test_a_browser_that_is_gone_is_forgotten_and_a_service_that_is_busy_is_asked_again(
    at_work: Workshop, world: World, room: RoomId, service: PushService, status: int, kept: int
) -> None:
    pottery, tenancy = world.pottery, at_work.tenancy
    await subscribe(tenancy, pottery, pottery.zoe, service)
    await say(tenancy, pottery, pottery.sam.actor, room, at(pottery.zoe))
    service.status, service.headers = status, {"Retry-After": "120"}
    assert await do(at_work, pottery) == ["waiting"] * kept
    assert await left(tenancy, pottery) == kept
    assert await do(at_work, pottery) == ["waiting"] * kept
    assert service.asked == 1


async def test_nothing_is_asked_for_where_nobody_wants_it(
    at_work: Workshop, world: World, room: RoomId, service: PushService
) -> None:
    pottery, tenancy = world.pottery, at_work.tenancy
    await subscribe(tenancy, pottery, pottery.zoe, service)
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await choices.put(scope, Choices({"mention": Ways(push=False), "recording": Ways(push=False)}))
    await say(tenancy, pottery, pottery.ana.actor, room, f"{at(pottery.zoe)} {at(pottery.sam)}")
    await ring(tenancy, pottery, told(pottery.zoe, "Bowls", UUID(int=5)), thing=UUID(int=5))
    assert await asked(tenancy, pottery) == []
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await choices.put(scope, Choices({"mention": Ways(), "recording": Ways()}))
    await say(tenancy, pottery, pottery.ana.actor, room, at(pottery.zoe))
    await ring(tenancy, pottery, told(pottery.zoe, "Cups", UUID(int=6)), thing=UUID(int=6))
    assert await asked(tenancy, pottery) == ["webhooks"] * 2


async def asked(tenancy: Tenancy, school: School) -> list[str]:
    """The queues of the pushes that were asked for."""
    async with bare(tenancy.relay) as connection:
        query = "select queue from jobs where channel_id = $1 and name = 'PushNotice'"
        return [row["queue"] for row in await connection.fetch(query, school.id)]


async def test_in_quiet_hours_it_waits(at_work: Workshop, world: World, room: RoomId, service: PushService) -> None:
    pottery, tenancy = world.pottery, at_work.tenancy
    await subscribe(tenancy, pottery, pottery.zoe, service)
    now = datetime.now(UTC)
    minute = now.hour * 60 + now.minute
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await choices.put(scope, Choices(hours=Hours("UTC", (minute - 60) % 1440, (minute + 120) % 1440)))
    await say(tenancy, pottery, pottery.sam.actor, room, at(pottery.zoe))
    assert await do(at_work, pottery) == ["waiting"]
    async with bare(tenancy.relay) as connection:
        run_at = await connection.fetchval(
            "select run_at from jobs where channel_id = $1 and name = 'PushNotice'", pottery.id
        )
    assert 110 * 60 < (run_at - now).total_seconds() <= 121 * 60
    assert service.asked == 0


async def test_of_many_browsers_the_newest_are_kept_and_one_is_whose_signs_in_there(
    tenancy: Tenancy, world: World, service: PushService
) -> None:
    pottery = world.pottery
    ids = [await subscribe(tenancy, pottery, pottery.zoe, service, f"{n}") for n in range(pushes.MOST + 2)]
    assert await left(tenancy, pottery) == pushes.MOST
    assert await subscribe(tenancy, pottery, pottery.sam, service, f"{pushes.MOST + 1}") == ids[-1]
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        push: Any = await pushes.find(scope, ids[-1])
        assert push["person_id"] == pottery.sam.person_id
        assert await pushes.find(scope, ids[0]) is None
