"""One's own settings of a room: they are one's own, and muted and left rooms count nothing."""

from typing import Any

import pytest

from tenants.community import reads, room_settings, rooms
from tenants.errors import Forbidden, Invalid, NotFound, SignInNeeded
from tenants.ids import RoomId
from tenants.permissions import VISITOR, Actor
from tenants.scope import Record, Tenancy
from tests.tenants.moderating import act, undo
from tests.tenants.test_community import make_room, say
from tests.world import School, Somebody, World


async def put(tenancy: Tenancy, school: School, actor: Actor, room: RoomId, **own: Any) -> Record:
    async with tenancy.scope(school.id, actor) as scope:
        return await room_settings.put(scope, room, **own)


async def listed(tenancy: Tenancy, school: School, who: Somebody, room: RoomId) -> dict[str, Any]:
    async with tenancy.scope(school.id, who.actor) as scope:
        row = next(row for row in await rooms.seen(scope) if row["id"] == room)
    return {name: row[name] for name in ("unread", "level", "muted", "favourite", "left")}


async def test_settings_are_one_s_own_and_what_was_not_set_is_usual(tenancy: Tenancy, world: World) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    await put(tenancy, pottery, pottery.sam.actor, room, level="mentions", favourite=True)
    usual = {"unread": 0, "level": "all", "muted": False, "favourite": False, "left": False}
    assert await listed(tenancy, pottery, pottery.sam, room) == usual | {"level": "mentions", "favourite": True}
    assert await listed(tenancy, pottery, pottery.zoe, room) == usual
    for _ in range(2):
        await put(tenancy, pottery, pottery.sam.actor, room)
    assert await listed(tenancy, pottery, pottery.sam, room) == usual


@pytest.mark.parametrize("quiet", ["muted", "left"])
async def test_a_quiet_room_counts_nothing_until_it_is_quiet_no_more(
    tenancy: Tenancy, world: World, quiet: str
) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    for _ in range(3):
        await say(tenancy, pottery, pottery.ana.actor, room)
    await put(tenancy, pottery, pottery.sam.actor, room, **{quiet: True})
    shown = await listed(tenancy, pottery, pottery.sam, room)
    assert (shown["unread"], shown[quiet]) == (0, True)
    assert (await listed(tenancy, pottery, pottery.zoe, room))["unread"] == 3
    await put(tenancy, pottery, pottery.sam.actor, room)
    assert (await listed(tenancy, pottery, pottery.sam, room))["unread"] == 3


async def test_a_left_room_can_be_opened_and_written_in(tenancy: Tenancy, world: World) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    own = await put(tenancy, pottery, pottery.sam.actor, room, left=True, favourite=True)
    assert (own["left"], own["favourite"]) == (True, False)
    assert (await say(tenancy, pottery, pottery.sam.actor, room)).seq == 1


async def test_only_members_hold_rooms_and_only_those_they_see(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    opened, private = [await make_room(tenancy, pottery, kind, kind) for kind in ("open", "private")]
    with pytest.raises(SignInNeeded):
        await put(tenancy, pottery, VISITOR, opened)
    with pytest.raises(Forbidden):
        await put(tenancy, pottery, Actor(person_id=world.nobody.person_id), opened, muted=True)
    for school, somebody, room in ((pottery, pottery.sam, private), (world.chess, world.chess.eve, opened)):
        with pytest.raises(NotFound):
            await put(tenancy, school, somebody.actor, room, muted=True)
    with pytest.raises(Invalid):
        await put(tenancy, pottery, pottery.sam.actor, opened, level="some")


async def test_what_counts_as_unread_is_what_one_wants_to_be_told_of(tenancy: Tenancy, world: World) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    await say(tenancy, pottery, pottery.ana.actor, room)
    await say(tenancy, pottery, pottery.ana.actor, room, f"<@{pottery.sam.member_id}>, look")
    counts = {}
    for level in room_settings.LEVELS:
        await put(tenancy, pottery, pottery.sam.actor, room, level=level)
        async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
            row = next(row for row in await rooms.seen(scope) if row["id"] == room)
        counts[level] = (row["unread"], row["mentions"])
    assert counts == {"all": (2, 1), "mentions": (0, 1), "nothing": (0, 0)}


async def test_what_one_says_oneself_is_read_by_whoever_had_read_all(tenancy: Tenancy, world: World) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    for _ in range(3):
        await say(tenancy, pottery, pottery.sam.actor, room)
    assert (await listed(tenancy, pottery, pottery.sam, room))["unread"] == 0
    assert (await listed(tenancy, pottery, pottery.zoe, room))["unread"] == 3
    # Who had not read all still has to: their own words are the newest of it.
    await say(tenancy, pottery, pottery.zoe.actor, room)
    assert (await listed(tenancy, pottery, pottery.zoe, room))["unread"] == 4
    assert (await listed(tenancy, pottery, pottery.sam, room))["unread"] == 1


@pytest.mark.parametrize("kind", ["hide", "delete"])
async def test_words_that_were_taken_away_wait_for_nobody_to_read_them(
    tenancy: Tenancy, world: World, kind: str
) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    said = [await say(tenancy, pottery, pottery.sam.actor, room) for _ in range(3)]
    assert (await listed(tenancy, pottery, pottery.zoe, room))["unread"] == 3
    done = await act(tenancy, pottery, pottery.mia, kind, message_id=said[1].id)
    assert (await listed(tenancy, pottery, pottery.zoe, room))["unread"] == 2
    await undo(tenancy, pottery, pottery.mia, done["id"])
    assert (await listed(tenancy, pottery, pottery.zoe, room))["unread"] == 3
    async with tenancy.scope(pottery.id, pottery.zoe.actor) as scope:
        await reads.mark_read(scope, room, 2)
    await act(tenancy, pottery, pottery.mia, kind, message_id=said[0].id)
    assert (await listed(tenancy, pottery, pottery.zoe, room))["unread"] == 1
