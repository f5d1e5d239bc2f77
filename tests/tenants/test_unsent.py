"""What members have begun to write: the same on all their devices, for nobody else, gone with their place."""

import asyncio
from uuid import uuid4

import pytest

from tenants.community import direct, direct_standing, insiders, room_editing, unsent
from tenants.community.unsent import Place
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, SignInNeeded, TooLarge
from tenants.ids import RoomId
from tenants.members import bans, members
from tenants.permissions import VISITOR, Actor
from tenants.scope import Tenancy
from tests.tenants.test_community import make_room, say
from tests.world import School, World


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    return await make_room(tenancy, world.pottery)


async def put(
    tenancy: Tenancy, school: School, actor: Actor, place: Place, body: str, version: int | None = None
) -> int:
    async with tenancy.scope(school.id, actor) as scope:
        return await unsent.put(scope, place, body, version)


async def begun(tenancy: Tenancy, school: School, actor: Actor) -> list[str]:
    async with tenancy.scope(school.id, actor) as scope:
        return [row["body"] for row in await unsent.mine(scope)]


async def test_a_room_and_each_thread_have_words_of_their_own_for_their_writer_alone(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery, sam = world.pottery, world.pottery.sam.actor
    root = await say(tenancy, pottery, sam, room)
    first = await put(tenancy, pottery, sam, Place(room), "Which <@clay\n")
    assert await put(tenancy, pottery, sam, Place(room), "Which clay?", first) > first
    await put(tenancy, pottery, sam, Place(room, root.id), "in the thread")
    assert await begun(tenancy, pottery, sam) == ["in the thread", "Which clay?"]
    for actor in (pottery.zoe.actor, pottery.ana.actor, pottery.mia.actor):
        assert await begun(tenancy, pottery, actor) == []
    async with tenancy.scope(pottery.id, sam) as scope:
        here = await unsent.read(scope, Place(room))
        assert here is not None
        assert (here["body"], here["room_id"], here["reply_to"]) == ("Which clay?", room, None)
        assert await unsent.rooms_of_mine(scope) == {room}
        for _ in range(2):
            await unsent.drop(scope, Place(room))
        assert await unsent.read(scope, Place(room)) is None
        assert await unsent.put(scope, Place(room, root.id), " \n") == 0
    assert await begun(tenancy, pottery, sam) == []


async def test_own_devices_hear_each_change_and_how_many_are_left(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery, sam = world.pottery, world.pottery.sam.actor
    root = await say(tenancy, pottery, sam, room)
    async with tenancy.scope(pottery.id, sam) as scope:
        await unsent.put(scope, Place(room), "one")
        await unsent.put(scope, Place(room, root.id), "two")
        for _ in range(2):
            await unsent.drop(scope, Place(room))
        told = [notice for _, notice in scope._notices if notice.event == "draft.changed"]
    assert {(notice.person_id, notice.room_id) for notice in told} == {(sam.person_id, None)}
    shown = [(each.payload["body"], each.payload["reply_to"], each.payload["left"]) for each in told]
    assert shown == [("one", None, 1), ("two", str(root.id), 2), ("", None, 1)]
    versions = [each.payload["version"] for each in told if each.payload["reply_to"] is None]
    assert versions == sorted(set(versions))


async def test_words_that_go_on_from_other_ones_change_nothing(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery, sam, place = world.pottery, world.pottery.sam.actor, Place(room)
    first = await put(tenancy, pottery, sam, place, "from the desk", 0)
    second = await put(tenancy, pottery, sam, place, "from the phone", first)
    for late in (0, first, second + 1):
        with pytest.raises(Conflict) as refused:
            await put(tenancy, pottery, sam, place, "late", late)
        assert refused.value.code == "draft_changed"
        assert refused.value.data["present"] == {"body": "from the phone", "version": second}
    async with tenancy.scope(pottery.id, sam) as scope:
        await unsent.drop(scope, place)
    with pytest.raises(Conflict):
        await put(tenancy, pottery, sam, place, "late", second)
    assert await begun(tenancy, pottery, sam) == []
    assert await put(tenancy, pottery, sam, place, "begun anew", 0) > second
    tries = (put(tenancy, pottery, pottery.zoe.actor, place, f"{n}", 0) for n in range(6))
    won = [each for each in await asyncio.gather(*tries, return_exceptions=True) if isinstance(each, int)]
    assert len(won) == 1


async def test_it_is_as_long_as_a_message_and_of_a_hundred_the_oldest_goes(
    tenancy: Tenancy, world: World, room: RoomId, monkeypatch: pytest.MonkeyPatch
) -> None:
    pottery, sam = world.pottery, world.pottery.sam.actor
    with pytest.raises(TooLarge):
        await put(tenancy, pottery, sam, Place(room), "é" * 5121)
    with pytest.raises(Invalid):
        await put(tenancy, pottery, sam, Place(room), "\x00")
    await put(tenancy, pottery, sam, Place(room), "é" * 5120)
    roots = [(await say(tenancy, pottery, sam, room)).id for _ in range(unsent.MOST)]
    async with tenancy.scope(pottery.id, sam) as scope:
        for number, root in enumerate(roots):
            await unsent.put(scope, Place(room, root), f"{number}")
        gone = [
            notice for _, notice in scope._notices if notice.event == "draft.changed" and not notice.payload["body"]
        ]
    assert [notice.payload["reply_to"] for notice in gone] == [None]
    assert await begun(tenancy, pottery, sam) == [f"{n}" for n in reversed(range(unsent.MOST))]


async def test_who_loses_a_place_neither_reads_nor_writes_there(tenancy: Tenancy, world: World) -> None:
    pottery, sam, ana = world.pottery, world.pottery.sam, world.pottery.ana.actor
    room, other = await make_room(tenancy, pottery, "private"), await make_room(tenancy, pottery)
    async with tenancy.scope(pottery.id, ana) as scope:
        await insiders.let_in(scope, room, sam.member_id)
    root = await say(tenancy, pottery, sam.actor, room)
    for place in (Place(room), Place(room, root.id)):
        await put(tenancy, pottery, sam.actor, place, "among us")
    with pytest.raises(NotFound):
        await put(tenancy, pottery, sam.actor, Place(other, root.id), "a thread of another room")
    async with tenancy.scope(pottery.id, ana) as scope:
        await insiders.take_out(scope, room, sam.member_id)
    assert await begun(tenancy, pottery, sam.actor) == []
    eve = world.chess.eve.actor
    for school, actor in ((pottery, sam.actor), (pottery, pottery.zoe.actor), (world.chess, eve)):
        for place in (Place(room), Place(room, root.id), Place(RoomId(uuid4()))):
            async with tenancy.scope(school.id, actor) as scope:
                for ask in (unsent.read(scope, place), unsent.put(scope, place, "mine"), unsent.drop(scope, place)):
                    with pytest.raises(NotFound):
                        await ask
    async with tenancy.scope(pottery.id, VISITOR) as scope:
        assert await unsent.of_page(scope, Place(other)) is None
        for ask in (unsent.read(scope, Place(other)), unsent.put(scope, Place(other), "mine")):
            with pytest.raises((SignInNeeded, Forbidden, NotFound)):
                await ask
        with pytest.raises((SignInNeeded, Forbidden)):
            await unsent.mine(scope)


async def test_in_a_room_that_takes_no_words_nothing_is_begun(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery, sam = world.pottery, world.pottery.sam.actor
    await put(tenancy, pottery, sam, Place(room), "begun")
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await room_editing.archive(scope, room)
    with pytest.raises(Forbidden):
        await put(tenancy, pottery, sam, Place(room), "gone on with")
    assert await begun(tenancy, pottery, sam) == ["begun"]
    announcements = await make_room(tenancy, pottery, "announcement")
    with pytest.raises(Forbidden):
        await put(tenancy, pottery, sam, Place(announcements), "mine")


@pytest.mark.parametrize("end", ["ban", "leave"])
async def test_what_was_begun_ends_with_the_membership_at_once(
    tenancy: Tenancy, world: World, room: RoomId, end: str
) -> None:
    pottery, sam, zoe = world.pottery, world.pottery.sam, world.pottery.zoe
    for who in (sam, zoe):
        await put(tenancy, pottery, who.actor, Place(room), "begun")

    async def shut_out() -> None:
        async with tenancy.scope(pottery.id, pottery.ana.actor if end == "ban" else sam.actor) as scope:
            await (bans.ban(scope, sam.member_id, "spam") if end == "ban" else members.leave(scope))

    # What is being written at that moment goes too, or is not taken.
    async with tenancy.scope(pottery.id, sam.actor) as scope:
        await unsent.put(scope, Place(room), "gone on with")
        ending = asyncio.create_task(shut_out())
        await asyncio.sleep(0.3)
        assert not ending.done()
    await ending
    with pytest.raises(Refusal):
        await put(tenancy, pottery, sam.actor, Place(room), "late")
    async with tenancy.scope(pottery.id, zoe.actor) as scope:
        held = [row["body"] for row in await scope.all(unsent._ALL, me=sam.member_id)]
    assert (held, await begun(tenancy, pottery, zoe.actor)) == ([], ["begun"])


async def test_a_conversation_keeps_what_is_begun_in_it_until_it_is_left(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    sam, zoe, ben = pottery.sam, pottery.zoe, pottery.ben
    async with tenancy.scope(pottery.id, sam.actor) as scope:
        talk, _ = await direct.open_with(scope, [zoe.member_id, ben.member_id])
        room = RoomId(talk["id"])
        await unsent.put(scope, Place(room), "between us")
    assert await begun(tenancy, pottery, sam.actor) == ["between us"]
    assert await begun(tenancy, pottery, pottery.ana.actor) == []
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        with pytest.raises(NotFound):
            await unsent.read(scope, Place(room))
    async with tenancy.scope(pottery.id, sam.actor) as scope:
        await direct_standing.leave(scope, room)
    assert await begun(tenancy, pottery, sam.actor) == []
