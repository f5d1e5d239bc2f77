"""Community: rooms and who sees them, messages that count once and in order, reactions, read marks."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tenants.community import changes, edits, insiders, messages, reactions, reads, rooms
from tenants.community.drafts import draft
from tenants.errors import Forbidden, Invalid, NotFound, SignInNeeded, TooLarge
from tenants.ids import RoomId
from tenants.moderation import deleting
from tenants.permissions import VISITOR, Actor, acting_system
from tenants.scope import Tenancy
from tests.world import School, World


async def make_room(tenancy: Tenancy, school: School, kind: str = "members", name: str = "") -> RoomId:
    owner = school.people.get("ana") or school.people["otto"]
    async with tenancy.scope(school.id, owner.actor) as scope:
        first = not await rooms.seen(scope, archived=True)
        called = name or ("Wheel talk" if first else f"Wheel talk {uuid4().hex}")
        return RoomId((await rooms.add(scope, called, kind))["id"])


async def say(tenancy: Tenancy, school: School, actor: Actor, room_id: RoomId, body: str = "Hello") -> messages.Posted:
    async with tenancy.scope(school.id, actor) as scope:
        return await messages.post(scope, room_id, draft(uuid4(), body))


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    return await make_room(tenancy, world.pottery)


async def test_messages_are_numbered_from_one_without_holes_whoever_posts_at_once(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    actors = [world.pottery.sam.actor, world.pottery.zoe.actor, world.pottery.ana.actor]
    posted = await asyncio.gather(*(say(tenancy, world.pottery, actors[n % 3], room) for n in range(24)))
    assert sorted(each.seq for each in posted) == list(range(1, 25))
    async with tenancy.scope(world.pottery.id, actors[0]) as scope:
        page = await messages.page(scope, room)
        assert [row["seq"] for row in page] == list(range(1, 25))
        assert {row["author_name"] for row in page} == {"Sam", "Zoe", "Ana"}
        assert [row["seq"] for row in await messages.page(scope, room, before=10, limit=3)] == [7, 8, 9]
        assert [row["seq"] for row in await messages.page(scope, room, after=10, limit=3)] == [11, 12, 13]


async def test_a_message_sent_again_counts_once_and_its_first_words_stand(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    client_id, sam = uuid4(), world.pottery.sam.actor

    async def send(words: str) -> messages.Posted:
        async with tenancy.scope(world.pottery.id, sam) as scope:
            return await messages.post(scope, room, draft(client_id, words))

    posted = await asyncio.gather(*(send(f"try {n}") for n in range(8)))
    assert len({(each.id, each.seq) for each in posted}) == 1
    assert [each.again for each in posted].count(False) == 1
    assert (await say(tenancy, world.pottery, sam, room)).seq == 2


async def test_a_message_is_shown_as_the_contract_has_it(tenancy: Tenancy, world: World, room: RoomId) -> None:
    posted = await say(tenancy, world.pottery, world.pottery.sam.actor, room, "**Hi** <script>")
    async with tenancy.scope(world.pottery.id, world.pottery.zoe.actor) as scope:
        message = messages.plain(await messages.find(scope, posted.id))
    assert message.pop("created_at").endswith("Z")
    assert message.pop("html").strip() == '<p dir="auto"><strong>Hi</strong> &lt;script&gt;</p>'
    assert message == {
        "id": str(posted.id), "room": str(room), "seq": 1, "body": "**Hi** <script>", "edited_at": None,
        "author": {"id": str(world.pottery.sam.member_id), "name": "Sam", "avatar": None}, "deleted": False,
        "hidden": False, "reply_to": None, "thread": {"count": 0, "last_seq": None}, "reactions": [], "files": [],
        "poll": None,
    }  # fmt: skip


async def test_each_kind_of_room_has_its_readers_and_writers(tenancy: Tenancy, world: World) -> None:
    sam, ben, eve = world.pottery.sam.actor, world.pottery.ben.actor, world.chess.eve.actor
    stranger = Actor(person_id=eve.person_id, name="Eve")
    sees = {"open": (True, True, True), "members": (False, False, True), "announcement": (False, False, True)}
    for kind, expected in {**sees, "private": (False, False, False)}.items():
        room = await make_room(tenancy, world.pottery, kind, f"A {kind} room")
        for actor, seen in zip((VISITOR, stranger, sam), expected, strict=True):
            async with tenancy.scope(world.pottery.id, actor) as scope:
                assert (room in {row["id"] for row in await rooms.seen(scope)}) is seen
        for actor in (VISITOR, stranger):
            with pytest.raises((NotFound, SignInNeeded, Forbidden)):
                await say(tenancy, world.pottery, actor, room)
        if kind == "announcement":
            with pytest.raises(Forbidden, match="Only teachers"):
                await say(tenancy, world.pottery, sam, room)
            await say(tenancy, world.pottery, ben, room)


async def test_a_private_room_opens_to_those_who_are_let_in(tenancy: Tenancy, world: World) -> None:
    room = await make_room(tenancy, world.pottery, "private")
    sam = world.pottery.sam
    with pytest.raises(NotFound):
        await say(tenancy, world.pottery, sam.actor, room)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await insiders.let_in(scope, room, sam.member_id)
        assert {row["name"] for row in await insiders.page(scope, room)} == {"Ana", "Sam"}
    await say(tenancy, world.pottery, sam.actor, room)
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        await insiders.take_out(scope, room, sam.member_id)
    with pytest.raises(NotFound):
        await say(tenancy, world.pottery, sam.actor, room)


async def test_nothing_of_another_channel_is_found(tenancy: Tenancy, world: World, room: RoomId) -> None:
    posted = await say(tenancy, world.pottery, world.pottery.sam.actor, room)
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        for ask in (messages.page(scope, room), messages.find(scope, posted.id), edits.remove(scope, posted.id)):
            with pytest.raises(NotFound):
                await ask
    with pytest.raises(NotFound):
        await say(tenancy, world.chess, world.chess.otto.actor, room)
    other = await make_room(tenancy, world.chess)
    with pytest.raises(NotFound):
        async with tenancy.scope(world.chess.id, world.chess.eve.actor) as scope:
            await messages.post(scope, other, draft(uuid4(), "reply", posted.id))


async def test_a_thread_counts_its_replies(tenancy: Tenancy, world: World, room: RoomId) -> None:
    first = await say(tenancy, world.pottery, world.pottery.sam.actor, room)
    async with tenancy.scope(world.pottery.id, world.pottery.zoe.actor) as scope:
        await messages.post(scope, room, draft(uuid4(), "a reply", first.id))
        assert messages.plain(await messages.find(scope, first.id))["thread"] == {"count": 1, "last_seq": 2}


async def test_own_words_are_edited_and_deleted_others_only_moderated(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    posted = await say(tenancy, pottery, pottery.sam.actor, room)
    for actor in (pottery.zoe.actor, pottery.mia.actor):
        with pytest.raises(Forbidden):
            async with tenancy.scope(pottery.id, actor) as scope:
                await edits.edit(scope, posted.id, draft(uuid4(), "not mine"))
    for remove in (edits.remove, deleting.delete):
        with pytest.raises(Forbidden):
            async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
                await remove(scope, posted.id)
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        assert (await edits.edit(scope, posted.id, draft(uuid4(), "better")))["body"] == "better"
    for _ in range(2):
        async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
            await deleting.delete(scope, posted.id)
            shown = messages.plain(await messages.find(scope, posted.id))
        assert (shown["deleted"], shown["body"], shown["html"], shown["seq"]) == (True, "", "", 1)
    with pytest.raises(NotFound):
        async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
            await edits.edit(scope, posted.id, draft(uuid4(), "back again"))


async def test_a_reaction_counts_each_member_once(tenancy: Tenancy, world: World, room: RoomId) -> None:
    posted = await say(tenancy, world.pottery, world.pottery.sam.actor, room)

    async def react(actor: Actor, emoji: str, *, on: bool) -> int:
        async with tenancy.scope(world.pottery.id, actor) as scope:
            return await reactions.put(scope, posted.id, emoji, on=on)

    sam, zoe = world.pottery.sam.actor, world.pottery.zoe.actor
    assert [await react(sam, "👍🏽", on=True) for _ in range(2)] == [1, 1]
    assert await react(zoe, "👍🏽", on=True) == 2
    assert await react(zoe, "🏳️‍🌈", on=True) == 1
    async with tenancy.scope(world.pottery.id, sam) as scope:
        shown = messages.plain(await messages.find(scope, posted.id))["reactions"]
    assert shown == [{"emoji": "👍🏽", "count": 2}, {"emoji": "🏳️‍🌈", "count": 1}]
    assert [await react(sam, "👍🏽", on=False) for _ in range(2)] == [1, 1]
    for wrong in ("", "a", "<b>", "👍👍", "x" * 5000):
        with pytest.raises(Invalid):
            await react(sam, wrong, on=True)


async def test_read_marks_only_move_forward_and_make_the_unread_count(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    for _ in range(5):
        await say(tenancy, world.pottery, world.pottery.sam.actor, room)
    async with tenancy.scope(world.pottery.id, world.pottery.zoe.actor) as scope:
        assert [await reads.mark_read(scope, room, seq) for seq in (3, 1, -9, 99)] == [3, 3, 3, 5]
        assert [row["unread"] for row in await rooms.seen(scope) if row["id"] == room] == [0]
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        assert [row["unread"] for row in await rooms.seen(scope) if row["id"] == room] == [5]


async def test_catching_up_is_in_pages_and_gives_up_far_behind(tenancy: Tenancy, world: World, room: RoomId) -> None:
    for _ in range(3):
        await say(tenancy, world.pottery, world.pottery.sam.actor, room)
    async with tenancy.scope(world.pottery.id, world.pottery.zoe.actor) as scope:
        found, head, reset = await changes.sync(scope, room, 1)
        assert ([row["seq"] for row in found], head, reset) == ([2, 3], 3, False)
        assert await changes.sync(scope, room, -600) == ([], 3, True)


@pytest.mark.parametrize("body", ["", "   ", "a\0b", "\ud800"])
def test_words_that_cannot_be_kept_are_refused(body: str) -> None:
    with pytest.raises(Invalid):
        draft(uuid4(), body)


def test_a_body_is_at_most_10_kilobytes() -> None:
    with pytest.raises(TooLarge):
        draft(uuid4(), "é" * 5121)


async def test_a_client_id_of_another_room_is_not_posted_twice(tenancy: Tenancy, world: World, room: RoomId) -> None:
    other, client_id = await make_room(tenancy, world.pottery, name="Kiln talk"), uuid4()
    found: list[UUID] = []
    for place in (room, other):
        async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
            found.append((await messages.post(scope, place, draft(client_id, "Hello"))).id)
    assert found[0] == found[1]


async def test_rooms_of_like_names_have_different_addresses(tenancy: Tenancy, world: World) -> None:
    names = ("Über Glaze!", "Uber Glaze", "Über-Glaze?")
    made = [await make_room(tenancy, world.pottery, name=name) for name in names]
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        slugs = [(await rooms.find(scope, room))["slug"] for room in made]
    assert slugs[0] == "uber-glaze"
    assert len(set(slugs)) == 3
    with pytest.raises(Invalid):
        await make_room(tenancy, world.pottery, "secret")
    with pytest.raises(Forbidden):
        async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
            await rooms.add(scope, "Mine", "open")


async def test_marks_of_many_are_held_within_the_room_and_the_channel(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery, chess = world.pottery, world.chess
    for _ in range(3):
        await say(tenancy, pottery, pottery.ana.actor, room)
    marks = [
        (room, pottery.sam.member_id, 2), (room, pottery.zoe.member_id, 99), (room, pottery.mia.member_id, -4),
        (room, chess.eve.member_id, 1), (RoomId(uuid4()), pottery.sam.member_id, 1),
    ]  # fmt: skip
    async with tenancy.scope(pottery.id, acting_system("test")) as scope:
        written = {row["member_id"]: row["last_seq"] for row in await reads.mark_all_read(scope, marks)}
        again = await reads.mark_all_read(scope, [(room, pottery.sam.member_id, 1)])
    assert written == {pottery.sam.member_id: 2, pottery.zoe.member_id: 3, pottery.mia.member_id: 0}
    assert [row["last_seq"] for row in again] == [2]
    async with tenancy.scope(chess.id, acting_system("test")) as scope:
        assert await reads.mark_all_read(scope, marks) == []


async def test_a_name_is_held_until_the_room_that_takes_it_is_there(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await rooms.add(scope, "Kiln talk", "members")
        second = asyncio.create_task(make_room(tenancy, school, name="KILN talk"))
        await asyncio.sleep(0.3)
        assert not second.done()
    with pytest.raises(Invalid, match="There is a room of that name already"):
        await second
