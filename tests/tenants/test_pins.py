"""Pins and bookmarks: who may, how often it counts, and what nobody finds any more."""

from uuid import UUID

import pytest

from tenants.community import bookmarks, drafts, edits, hiding, messages, pins, room_editing, rooms
from tenants.errors import Conflict, Forbidden, NotFound
from tenants.ids import new_id
from tenants.scope import Tenancy
from tests.world import School, Somebody, World


async def make_room(tenancy: Tenancy, school: School, kind: str = "members") -> UUID:
    """A room of that kind, made by the owner."""
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        return UUID(str((await rooms.add(scope, f"Room {new_id().hex}", kind))["id"]))


async def say(tenancy: Tenancy, school: School, who: Somebody, room: UUID, words: str = "A bowl") -> UUID:
    """A message in the room."""
    async with tenancy.scope(school.id, who.actor) as scope:
        return (await messages.post(scope, room, drafts.draft(new_id(), words))).id


async def pinned(tenancy: Tenancy, school: School, who: Somebody, room: UUID) -> list[UUID]:
    """The pinned messages of a room, as somebody sees them."""
    async with tenancy.scope(school.id, who.actor) as scope:
        return [UUID(row["id"]) for row in await pins.listed(scope, room)]


async def saved(tenancy: Tenancy, school: School, who: Somebody) -> list[UUID]:
    """What somebody keeps."""
    async with tenancy.scope(school.id, who.actor) as scope:
        return [UUID(row["id"]) for row in await bookmarks.listed(scope)]


async def test_staff_pin_for_everybody_however_often_and_the_latest_stands_first(
    tenancy: Tenancy, world: World
) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    first, second = [await say(tenancy, school, school.sam, room, words) for words in ("first", "second")]
    for message in (first, second, first):
        async with tenancy.scope(school.id, school.mia.actor) as scope:
            await pins.put(scope, message, on=True)
    assert await pinned(tenancy, school, school.sam, room) == [second, first]
    for _ in range(2):
        async with tenancy.scope(school.id, school.ben.actor) as scope:
            await pins.put(scope, second, on=False)
    assert await pinned(tenancy, school, school.sam, room) == [first]


async def test_a_student_pins_nothing(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    message = await say(tenancy, school, school.sam, room)
    for on in (True, False):
        async with tenancy.scope(school.id, school.sam.actor) as scope:
            with pytest.raises(Forbidden):
                await pins.put(scope, message, on=on)


async def test_what_was_withheld_is_off_the_list_until_it_is_given_back(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    message = await say(tenancy, school, school.sam, room)
    async with tenancy.scope(school.id, school.mia.actor) as scope:
        await pins.put(scope, message, on=True)
        await hiding.hide(scope, await messages.hold(scope, message), "Off topic")
    assert await pinned(tenancy, school, school.mia, room) == []
    async with tenancy.scope(school.id, school.mia.actor) as scope:
        assert await pins.count(scope, room) == 0
        assert await hiding.give_back(scope, message)
    assert await pinned(tenancy, school, school.mia, room) == [message]


async def test_a_room_has_a_last_pin(tenancy: Tenancy, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    school = world.pottery
    monkeypatch.setattr(pins, "MOST", 2)
    room = await make_room(tenancy, school)
    asked = [await say(tenancy, school, school.ana, room, str(number)) for number in range(3)]
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        for message in asked[:2]:
            await pins.put(scope, message, on=True)
    with pytest.raises(Conflict, match="at most 2"):
        async with tenancy.scope(school.id, school.ana.actor) as scope:
            await pins.put(scope, asked[2], on=True)
    assert await pinned(tenancy, school, school.ana, room) == asked[1::-1]


async def test_what_is_saved_is_ones_own(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    message = await say(tenancy, school, school.ana, room)
    for _ in range(2):
        async with tenancy.scope(school.id, school.sam.actor) as scope:
            await bookmarks.put(scope, message, on=True)
    assert message in await saved(tenancy, school, school.sam)
    assert message not in await saved(tenancy, school, school.ana)
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await bookmarks.put(scope, message, on=False)
        assert await bookmarks.of_room(scope, room) == []


async def test_nothing_is_kept_of_a_room_that_one_does_not_see_or_sees_no_more(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    message, other = [await say(tenancy, school, school.ana, room, words) for words in ("one", "two")]
    async with tenancy.scope(school.id, school.sam.actor) as scope:
        await bookmarks.put(scope, message, on=True)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await room_editing.edit(scope, room, {"kind": "private"})
    assert message not in await saved(tenancy, school, school.sam)
    for keep in (pins.put, bookmarks.put):
        async with tenancy.scope(school.id, school.sam.actor) as scope:
            with pytest.raises(NotFound):
                await keep(scope, other, on=True)


async def test_words_that_are_gone_are_not_kept(tenancy: Tenancy, world: World) -> None:
    school = world.pottery
    room = await make_room(tenancy, school)
    message = await say(tenancy, school, school.ana, room)
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        await edits.remove(scope, message)
    for keep in (pins.put, bookmarks.put):
        async with tenancy.scope(school.id, school.ana.actor) as scope:
            with pytest.raises(NotFound):
                await keep(scope, message, on=True)
