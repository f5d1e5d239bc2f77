"""Direct rooms and those who keep order: blocks, flags from inside, and what is not the channel's to change."""

from uuid import UUID, uuid4

import pytest

from tenants.community import (
    bell,
    blocks,
    direct_standing,
    edits,
    messages,
    reactions,
    room_editing,
    room_settings,
    rooms,
)
from tenants.community.drafts import draft
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.moderation import appeals, deleting
from tenants.scope import Tenancy
from tests.tenants import filtering
from tests.tenants.moderating import act, flag, undo, waiting
from tests.tenants.test_attachments import code, picture, send
from tests.tenants.test_community import make_room, say
from tests.tenants.test_direct import listed, names, opened, refusal, stand, talking
from tests.tenants.test_ringing import reply
from tests.world import School, World


async def test_a_block_shuts_the_conversation_in_silence(tenancy: Tenancy, school: School) -> None:
    sam, zoe = school.sam, school.zoe
    room = await talking(tenancy, school, sam, zoe)
    before = await listed(tenancy, school, sam)
    for _ in range(2):
        await stand(tenancy, school, zoe, "block", sam.member_id)
    assert (await refusal(tenancy, school, sam, room), await refusal(tenancy, school, zoe, room)) == (
        "unreachable", "you_blocked",
    )  # fmt: skip
    assert await listed(tenancy, school, zoe) == []
    assert [dict(row) for row in await listed(tenancy, school, sam)] == [dict(row) for row in before]
    assert await opened(tenancy, school, sam, zoe) == (room, False)
    with pytest.raises(Forbidden, match="have blocked"):
        await opened(tenancy, school, zoe, sam)
    async with tenancy.scope(school.id, sam.actor) as scope:
        mine = (await messages.page(scope, room))[0]
        for changes in (
            edits.edit(scope, UUID(mine["id"]), draft(uuid4(), "Hear me")),
            reactions.put(scope, UUID(mine["id"]), "👍", on=True),
        ):
            with pytest.raises(Forbidden):
                await changes
    await stand(tenancy, school, zoe, "unblock", sam.member_id)
    assert names(await listed(tenancy, school, zoe)) == ["Sam"]
    assert (await say(tenancy, school, sam.actor, room)).seq == 2


async def test_who_blocked_first_is_not_reached_by_a_first_message(tenancy: Tenancy, school: School) -> None:
    await stand(tenancy, school, school.zoe, "block", school.sam.member_id)
    with pytest.raises(Forbidden) as refused:
        await opened(tenancy, school, school.sam, school.zoe)
    assert refused.value.code == "unreachable"
    with pytest.raises(Forbidden):
        await opened(tenancy, school, school.sam, school.zoe, school.ben)


async def test_a_request_that_was_blocked_waits_again_after_the_block(tenancy: Tenancy, school: School) -> None:
    room, _ = await opened(tenancy, school, school.sam, school.zoe)
    await say(tenancy, school, school.sam.actor, room)
    await stand(tenancy, school, school.zoe, "block", school.sam.member_id)
    assert await listed(tenancy, school, school.zoe, "asked") == []
    await stand(tenancy, school, school.zoe, "unblock", school.sam.member_id)
    assert names(await listed(tenancy, school, school.zoe, "asked")) == ["Sam"]


async def test_a_mention_by_the_blocked_counts_nothing_and_looks_as_ever(tenancy: Tenancy, school: School) -> None:
    sam, zoe = school.sam, school.zoe
    room = await make_room(tenancy, school)
    await stand(tenancy, school, zoe, "block", sam.member_id)
    posted = await say(tenancy, school, sam.actor, room, f"<@{zoe.member_id}> <@{school.ben.member_id}>")
    counted = {}
    for who in (zoe, school.ben):
        async with tenancy.scope(school.id, who.actor) as scope:
            counted[who.name] = [row["mentions"] for row in await rooms.seen(scope)]
    assert counted == {"Zoe": [0], "Ben": [1]}
    for who, rung in ((zoe, 0), (school.ben, 1)):
        async with tenancy.scope(school.id, who.actor) as scope:
            assert await bell.unread(scope) == rung
    async with tenancy.scope(school.id, sam.actor) as scope:
        assert f'data-member="{zoe.member_id}">@Zoe</span>' in (await messages.find(scope, posted.id))["html"]
    hidden = await act(tenancy, school, school.mia, "hide", message_id=posted.id)
    await undo(tenancy, school, school.mia, hidden["id"])
    async with tenancy.scope(school.id, zoe.actor) as scope:
        assert [row["mentions"] for row in await rooms.seen(scope)] == [0]


async def test_nobody_blocks_themselves_or_nobody(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    with pytest.raises(Conflict):
        await stand(tenancy, school, school.zoe, "block", school.zoe.member_id)
    for stranger in (uuid4(), world.chess.eve.member_id):
        with pytest.raises(NotFound):
            await stand(tenancy, school, school.zoe, "block", stranger)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        assert await blocks.mine(scope) == []


async def test_a_conversation_is_no_room_of_the_channel(tenancy: Tenancy, school: School) -> None:
    ana, sam = school.ana, school.sam
    room = await talking(tenancy, school, ana, sam)
    shared = await make_room(tenancy, school)
    async with tenancy.scope(school.id, ana.actor) as scope:
        for change in (
            room_editing.edit(scope, room, {"kind": "open"}),
            room_editing.archive(scope, room),
            rooms.add(scope, "Sly", "direct"),
            room_editing.edit(scope, shared, {"kind": "direct"}),
            room_settings.put(scope, room, left=True),
        ):
            with pytest.raises((Conflict, Invalid)):
                await change
        assert [row["id"] for row in await rooms.seen(scope)] == [shared]
        first = (await messages.page(scope, room))[0]
        with pytest.raises(NotFound):
            await direct_standing.accept(scope, shared)
    posted = await say(tenancy, school, sam.actor, room)
    async with tenancy.scope(school.id, ana.actor) as scope:
        with pytest.raises(Conflict):
            await deleting.delete(scope, posted.id)
        await edits.remove(scope, UUID(first["id"]))
    with pytest.raises(Conflict):
        await act(tenancy, school, ana, "slow", room_id=room, seconds=30)
    with pytest.raises(Conflict):
        await act(tenancy, school, ana, "hide", message_id=posted.id)


async def test_what_is_flagged_inside_shows_moderators_that_and_what_surrounds_it(
    tenancy: Tenancy, school: School
) -> None:
    sam, zoe, mia = school.sam, school.zoe, school.mia
    room = await talking(tenancy, school, sam, zoe)
    posted = [await say(tenancy, school, sam.actor, room, f"number {n}") for n in range(14)]
    bad = posted[7]
    with pytest.raises(NotFound):
        await flag(tenancy, school, mia, bad.id)
    await flag(tenancy, school, zoe, bad.id, "abuse")
    (case,) = await waiting(tenancy, school, mia)
    assert [one["body"] for one in case.around] == [f"number {n}" for n in range(2, 13)]
    assert (case.room, case.row["direct"]) == (None, True)
    async with tenancy.scope(school.id, mia.actor) as scope:
        with pytest.raises(NotFound):
            await messages.find(scope, bad.id)
    hidden = await act(tenancy, school, mia, "hide", case_id=case.row["id"])
    async with tenancy.scope(school.id, zoe.actor) as scope:
        assert (await messages.find(scope, bad.id))["body"] == ""
    await undo(tenancy, school, mia, hidden["id"])
    async with tenancy.scope(school.id, zoe.actor) as scope:
        assert (await messages.find(scope, bad.id))["body"] == "number 7"
    again = await act(tenancy, school, mia, "delete", case_id=case.row["id"])
    async with tenancy.scope(school.id, sam.actor) as scope:
        await appeals.appeal(scope, again["id"], "It was kindly meant.")
    (appealed,) = await waiting(tenancy, school, school.ana)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await appeals.decide(scope, appealed.row["id"], "It was.", upheld=False)


async def test_moderators_open_the_files_of_a_message_that_was_flagged_inside_and_no_other(
    tenancy: Tenancy, school: School
) -> None:
    sam, zoe, mia = school.sam, school.zoe, school.mia
    room = await talking(tenancy, school, sam, zoe)
    files = [await picture(tenancy, school, sam) for _ in range(2)]
    for file in files:
        bad = await send(tenancy, school, sam, room, file)
    await flag(tenancy, school, zoe, bad.id, "abuse")
    assert [await code(tenancy, school, mia.actor, file) for file in files] == ["no_such_room", "ok"]
    assert [await code(tenancy, school, zoe.actor, file) for file in files] == ["ok", "ok"]
    assert await code(tenancy, school, school.ben.actor, files[1]) == "no_such_room"


async def test_no_filter_catches_what_is_said_in_a_conversation(tenancy: Tenancy, school: School) -> None:
    room, shared = await talking(tenancy, school, school.sam, school.zoe), await make_room(tenancy, school)
    await filtering.add(tenancy, school, "words", "hold")
    posted = await say(tenancy, school, school.sam.actor, room, "Free money, and clay")
    async with tenancy.scope(school.id, school.zoe.actor) as scope:
        assert (await messages.find(scope, posted.id))["body"] == "Free money, and clay"
    assert await waiting(tenancy, school, school.mia) == []
    await say(tenancy, school, school.sam.actor, shared, "Free money, and clay")
    assert len(await waiting(tenancy, school, school.mia)) == 1


async def test_a_reply_by_the_blocked_rings_for_nobody_who_blocked_them(tenancy: Tenancy, school: School) -> None:
    room = await make_room(tenancy, school)
    root = await say(tenancy, school, school.zoe.actor, room, "Which kiln?")
    await reply(tenancy, school, school.ben, room, root, "The old one")
    await stand(tenancy, school, school.zoe, "block", school.sam.member_id)
    await reply(tenancy, school, school.sam, room, root, "Mine")
    for who, times in ((school.zoe, 1), (school.ben, 1)):
        async with tenancy.scope(school.id, who.actor) as scope:
            (told,) = await bell.page(scope)
            assert (told.by, told.times) == ("Ben" if who is school.zoe else "Sam", times)
