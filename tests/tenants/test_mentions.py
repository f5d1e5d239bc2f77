"""Mentions: shown by name, counted for those they reach and nobody else, whatever is written."""

from uuid import UUID, uuid4

import pytest

from tenants.community import edits, insiders, mentions, messages, reads, renaming, rooms
from tenants.community.drafts import draft
from tenants.ids import RoomId
from tenants.members import bans, members
from tenants.permissions import Actor
from tenants.scope import Tenancy
from tests.tenants.moderating import act, undo
from tests.tenants.school import enrol
from tests.tenants.test_community import make_room, say
from tests.tenants.test_rooms import a_batch, batch_room
from tests.world import School, World


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    return await make_room(tenancy, world.pottery)


async def shown(tenancy: Tenancy, school: School, posted: messages.Posted) -> str:
    async with tenancy.scope(school.id, school.people["ana"].actor) as scope:
        return str((await messages.find(scope, posted.id))["html"])


async def counted(tenancy: Tenancy, school: School, actor: Actor, room: RoomId) -> tuple[int, int]:
    async with tenancy.scope(school.id, actor) as scope:
        return next((row["unread"], row["mentions"]) for row in await rooms.seen(scope) if row["id"] == room)


async def meant(tenancy: Tenancy, school: School, posted: messages.Posted) -> set[UUID | None]:
    async with tenancy.scope(school.id, school.people["ana"].actor) as scope:
        return await mentions.of_message(scope, posted.id)


async def test_a_mention_is_a_mark_with_a_name_and_counts_until_it_is_read(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    sam, zoe = pottery.sam, pottery.zoe
    posted = await say(tenancy, pottery, sam.actor, room, f"Hi <@{zoe.member_id}>, `<@{zoe.member_id}>` is code")
    await say(tenancy, pottery, sam.actor, room)
    html = await shown(tenancy, pottery, posted)
    assert f'<span class="mention" data-member="{zoe.member_id}">@Zoe</span>' in html
    assert f"<code>&lt;@{zoe.member_id}&gt;</code>" in html
    assert await counted(tenancy, pottery, zoe.actor, room) == (2, 1)
    assert await counted(tenancy, pottery, pottery.ben.actor, room) == (2, 0)
    async with tenancy.scope(pottery.id, zoe.actor) as scope:
        await reads.mark_read(scope, room, 1)
    assert await counted(tenancy, pottery, zoe.actor, room) == (1, 0)


async def test_the_same_post_again_counts_its_mention_once(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery, client_id = world.pottery, uuid4()
    for _ in range(2):
        async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
            await messages.post(scope, room, draft(client_id, f"<@{pottery.zoe.member_id}> <@{pottery.zoe.member_id}>"))
    assert await counted(tenancy, pottery, pottery.zoe.actor, room) == (1, 1)


async def test_teachers_are_those_who_teach_and_the_room_is_everybody_for_those_who_may(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    asked = await say(tenancy, pottery, pottery.sam.actor, room, "@teachers and @room, sam@room.com")
    assert await meant(tenancy, pottery, asked) == {pottery.ana.member_id, pottery.ben.member_id}
    html = await shown(tenancy, pottery, asked)
    assert 'data-group="teachers">@teachers</span> and @room, sam@room.com' in html
    said = await say(tenancy, pottery, pottery.ben.actor, room, "@room the kiln is hot")
    assert await meant(tenancy, pottery, said) == {None}
    assert 'data-group="room">@room</span>' in await shown(tenancy, pottery, said)
    assert await counted(tenancy, pottery, pottery.zoe.actor, room) == (2, 1)
    assert await counted(tenancy, pottery, pottery.ana.actor, room) == (2, 2)


async def test_whom_a_message_cannot_reach_is_named_in_plain_text(tenancy: Tenancy, world: World) -> None:
    pottery, eve = world.pottery, world.chess.eve
    room = await make_room(tenancy, pottery, "private")
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await insiders.let_in(scope, room, pottery.sam.member_id)
        await bans.ban(scope, pottery.mia.member_id, "for a test", None)
    people = (eve, pottery.zoe, pottery.mia, pottery.sam)
    posted = await say(tenancy, pottery, pottery.ana.actor, room, " ".join(f"<@{who.member_id}>" for who in people))
    assert await meant(tenancy, pottery, posted) == {pottery.sam.member_id}
    html = await shown(tenancy, pottery, posted)
    assert f'">&lt;@{eve.member_id}&gt; @Zoe @Mia <span class="mention" data-member="{pottery.sam.member_id}"' in html
    assert "Eve" not in html
    asked = await say(tenancy, pottery, pottery.sam.actor, room, "@teachers")
    assert await meant(tenancy, pottery, asked) == {pottery.ana.member_id}


async def test_in_a_room_of_a_batch_its_students_and_the_staff_are_reached(tenancy: Tenancy, world: World) -> None:
    pottery, (course, batch) = world.pottery, await a_batch(tenancy, world)
    room = await batch_room(tenancy, pottery, batch)
    await enrol(tenancy, pottery, pottery.sam, course, batch)
    people = " ".join(f"<@{who.member_id}>" for who in (pottery.sam, pottery.zoe, pottery.mia))
    posted = await say(tenancy, pottery, pottery.ana.actor, room, people)
    assert await meant(tenancy, pottery, posted) == {pottery.sam.member_id, pottery.mia.member_id}


async def test_what_moderators_hide_calls_nobody_until_it_is_given_back(tenancy: Tenancy, world: World) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    posted = await say(tenancy, pottery, pottery.zoe.actor, room, f"<@{pottery.sam.member_id}>, buy my clay")
    for kind in ("hide", "delete"):
        done = await act(tenancy, pottery, pottery.mia, kind, message_id=posted.id)
        assert await counted(tenancy, pottery, pottery.sam.actor, room) == (0, 0)
        await undo(tenancy, pottery, pottery.mia, done["id"])
        assert await counted(tenancy, pottery, pottery.sam.actor, room) == (1, 1)


async def test_one_who_left_is_not_called_back(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery = world.pottery
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await members.leave(scope)
    posted = await say(tenancy, pottery, pottery.sam.actor, room, f"<@{pottery.zoe.member_id}>")
    assert await meant(tenancy, pottery, posted) == set()
    assert await shown(tenancy, pottery, posted) == '<p dir="auto">@Zoe</p>'


async def test_of_many_mentions_some_count_and_the_rest_is_inert(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery = world.pottery
    strangers = " ".join(f"<@{uuid4()}>" for _ in range(200))
    posted = await say(tenancy, pottery, pottery.sam.actor, room, f"{strangers} <@{pottery.zoe.member_id}>")
    assert await meant(tenancy, pottery, posted) == {pottery.zoe.member_id}
    assert (await shown(tenancy, pottery, posted)).count("&lt;@") == 200
    crowd = [uuid4() for _ in range(60)]
    html = mentions.settle(draft(uuid4(), " ".join(f"<@{each}>" for each in crowd)).html, {}, (), ())
    assert "mention" not in html


async def test_at_most_fifty_are_reached_by_name(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery = world.pottery
    mentions_before, mentions.MOST = mentions.MOST, 1
    try:
        ids = [pottery.zoe.member_id, pottery.ben.member_id]
        posted = await say(tenancy, pottery, pottery.sam.actor, room, " ".join(f"<@{each}>" for each in ids))
    finally:
        mentions.MOST = mentions_before
    assert await meant(tenancy, pottery, posted) == {pottery.zoe.member_id}
    assert (await shown(tenancy, pottery, posted)).endswith("</span> @Ben</p>")


async def test_later_words_mention_others_and_deleted_ones_nobody(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery = world.pottery
    posted = await say(tenancy, pottery, pottery.sam.actor, room, f"<@{pottery.zoe.member_id}>")
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await edits.edit(scope, posted.id, draft(uuid4(), f"<@{pottery.ben.member_id}>"))
    assert await meant(tenancy, pottery, posted) == {pottery.ben.member_id}
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await edits.remove(scope, posted.id)
    assert await meant(tenancy, pottery, posted) == set()
    assert await counted(tenancy, pottery, pottery.ben.actor, room) == (0, 0)


async def test_a_new_name_is_shown_where_its_member_is_mentioned(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery = world.pottery
    posted = [
        await say(tenancy, pottery, pottery.sam.actor, room, f"<@{pottery.zoe.member_id}> <@{pottery.ben.member_id}>")
        for _ in range(3)
    ]
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await members.rename(scope, pottery.zoe.member_id, r"Zoé <b> \1")
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        assert await renaming.rename_some(scope, pottery.zoe.member_id, None) is None
    for each in posted:
        html = await shown(tenancy, pottery, each)
        assert "@Zoé &lt;b&gt; \\1</span>" in html
        assert "@Ben</span>" in html
