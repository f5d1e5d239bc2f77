"""Threads: replies in order, who follows them, and what of them is unread, for nobody who may not see them."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tenants.community import edits, insiders, messages, threads
from tenants.community.drafts import draft
from tenants.errors import Forbidden, NotFound, SignInNeeded
from tenants.ids import RoomId
from tenants.permissions import VISITOR, Actor
from tenants.scope import Tenancy
from tests.tenants.test_community import make_room, say
from tests.world import School, World


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    return await make_room(tenancy, world.pottery)


async def reply(tenancy: Tenancy, school: School, actor: Actor, root: messages.Posted, room: RoomId, body: str) -> int:
    async with tenancy.scope(school.id, actor) as scope:
        return (await messages.post(scope, room, draft(uuid4(), body, root.id))).seq


async def unread(tenancy: Tenancy, school: School, actor: Actor) -> list[tuple[UUID, int]]:
    async with tenancy.scope(school.id, actor) as scope:
        return [(UUID(row["id"]), row["unread"]) for row in await threads.followed(scope)]


async def test_replies_are_read_in_pages_and_counted_however_many_come_at_once(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    root = await say(tenancy, pottery, pottery.sam.actor, room, "Which clay?")
    actors = (pottery.zoe.actor, pottery.ben.actor)
    seqs = await asyncio.gather(*(reply(tenancy, pottery, actors[n % 2], root, room, f"{n}") for n in range(8)))
    await say(tenancy, pottery, pottery.sam.actor, room, "beside it")
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        thread = await threads.read(scope, root.id)
        assert [row["seq"] for row in thread.replies] == sorted(seqs) == list(range(2, 10))
        assert (thread.root["thread_count"], thread.root["thread_last_seq"]) == (8, 9)
        assert [row["seq"] for row in (await threads.read(scope, root.id, before=6, limit=2)).replies] == [4, 5]
        assert [row["seq"] for row in (await threads.read(scope, root.id, after=6, limit=2)).replies] == [7, 8]
        assert (thread.standing.following, thread.standing.last_seq) == (False, 0)


async def test_who_began_wrote_or_was_mentioned_follows_and_has_unread_what_others_wrote(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    sam, zoe, ben, mia = (pottery.people[name].actor for name in ("sam", "zoe", "ben", "mia"))
    root = await say(tenancy, pottery, sam, room, "Which clay?")
    await reply(tenancy, pottery, zoe, root, room, f"Ask <@{ben.member_id}>")
    last = await reply(tenancy, pottery, zoe, root, room, "or nobody")
    counts = {"sam": [(root.id, 2)], "zoe": [(root.id, 0)], "ben": [(root.id, 2)], "mia": []}
    for name, expected in counts.items():
        assert await unread(tenancy, pottery, pottery.people[name].actor) == expected
    async with tenancy.scope(pottery.id, sam) as scope:
        marks = [(await threads.mark_read(scope, root.id, seq)).last_seq for seq in (2, 1, -5, 2**53)]
        assert marks == [2, 2, 2, last]
    async with tenancy.scope(pottery.id, mia) as scope:
        await threads.follow(scope, root.id, on=True)
    await reply(tenancy, pottery, sam, root, room, "Both then")
    assert [await unread(tenancy, pottery, who) for who in (sam, zoe, ben, mia)] == [
        [(root.id, 0)], [(root.id, 1)], [(root.id, 3)], [(root.id, 1)]
    ]  # fmt: skip


async def test_who_wants_no_more_of_a_thread_hears_no_more_until_they_write_again(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    sam, zoe = pottery.sam.actor, pottery.zoe.actor
    root = await say(tenancy, pottery, sam, room)
    await reply(tenancy, pottery, zoe, root, room, "one")
    for _ in range(2):
        async with tenancy.scope(pottery.id, sam) as scope:
            await threads.follow(scope, root.id, on=False)
    await reply(tenancy, pottery, zoe, root, room, f"<@{sam.member_id}> two")
    assert await unread(tenancy, pottery, sam) == []
    await reply(tenancy, pottery, sam, root, room, "three")
    assert await unread(tenancy, pottery, sam) == [(root.id, 0)]


async def test_deleted_replies_are_not_unread_and_the_thread_with_the_latest_reply_is_first(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    sam, zoe = pottery.sam.actor, pottery.zoe.actor
    roots = [await say(tenancy, pottery, sam, room) for _ in range(3)]
    for root in (roots[2], roots[0], roots[1]):
        await reply(tenancy, pottery, zoe, root, room, "a reply")
    async with tenancy.scope(pottery.id, zoe) as scope:
        (answer,) = (await threads.read(scope, roots[0].id)).replies
        await edits.remove(scope, UUID(answer["id"]))
    assert await unread(tenancy, pottery, sam) == [(roots[1].id, 1), (roots[0].id, 0), (roots[2].id, 1)]
    async with tenancy.scope(pottery.id, sam) as scope:
        (first,) = await threads.followed(scope, limit=1)
        place = (first["thread_last_at"], UUID(first["id"]))
        rest = await threads.followed(scope, before=place)
    assert [UUID(row["id"]) for row in rest] == [roots[0].id, roots[2].id]


async def test_a_thread_is_seen_by_those_who_see_its_room(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    sam, ana = pottery.sam, pottery.ana.actor
    room = await make_room(tenancy, pottery, "private")
    async with tenancy.scope(pottery.id, ana) as scope:
        await insiders.let_in(scope, room, sam.member_id)
    root = await say(tenancy, pottery, sam.actor, room)
    await reply(tenancy, pottery, ana, root, room, "yes")
    assert await unread(tenancy, pottery, sam.actor) == [(root.id, 1)]
    async with tenancy.scope(pottery.id, ana) as scope:
        await insiders.take_out(scope, room, sam.member_id)
    assert await unread(tenancy, pottery, sam.actor) == []
    eve = world.chess.eve.actor
    for school, actor in ((pottery, sam.actor), (pottery, pottery.zoe.actor), (world.chess, eve)):
        async with tenancy.scope(school.id, actor) as scope:
            for ask in (threads.read(scope, root.id), threads.mark_read(scope, root.id, 1)):
                with pytest.raises(NotFound):
                    await ask
            with pytest.raises(NotFound):
                await threads.follow(scope, root.id, on=True)


async def test_visitors_read_threads_of_open_rooms_and_follow_none(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    room = await make_room(tenancy, pottery, "open")
    root = await say(tenancy, pottery, pottery.sam.actor, room)
    await reply(tenancy, pottery, pottery.zoe.actor, root, room, "yes")
    async with tenancy.scope(pottery.id, VISITOR) as scope:
        assert len((await threads.read(scope, root.id)).replies) == 1
        for ask in (threads.follow(scope, root.id, on=True), threads.mark_read(scope, root.id, 1)):
            with pytest.raises((SignInNeeded, Forbidden)):
                await ask


async def test_own_devices_hear_how_far_a_thread_was_read_and_whether_it_is_followed(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery, mia = world.pottery, world.pottery.mia
    root = await say(tenancy, pottery, pottery.sam.actor, room)
    last = await reply(tenancy, pottery, pottery.zoe.actor, root, room, "yes")
    async with tenancy.scope(pottery.id, mia.actor) as scope:
        assert await threads.waiting(scope) == 0
        await threads.follow(scope, root.id, on=True)
        for seq in (1, 99, last):
            await threads.mark_read(scope, root.id, seq)
        told = [notice for _, notice in scope._notices if notice.event == "thread.changed"]
    assert [(notice.payload["seq"], notice.payload["following"]) for notice in told] == [(last, True)]
    assert {(notice.person_id, notice.room_id, notice.payload["message"]) for notice in told} == {
        (mia.actor.person_id, None, str(root.id))
    }
    await reply(tenancy, pottery, pottery.zoe.actor, root, room, "or no")
    async with tenancy.scope(pottery.id, mia.actor) as scope:
        assert await threads.waiting(scope) == 1


async def test_who_only_reads_a_thread_follows_it_once_they_are_mentioned(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery, mia = world.pottery, world.pottery.mia.actor
    root = await say(tenancy, pottery, pottery.sam.actor, room)
    await reply(tenancy, pottery, pottery.zoe.actor, root, room, "yes")
    async with tenancy.scope(pottery.id, mia) as scope:
        assert (await threads.mark_read(scope, root.id, 99)).following is False
    await reply(tenancy, pottery, pottery.zoe.actor, root, room, f"Ask <@{mia.member_id}>")
    assert await unread(tenancy, pottery, mia) == [(root.id, 1)]
