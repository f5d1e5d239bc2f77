"""Sections and the order of rooms: set at once, by those who edit rooms; what they do not see keeps its place."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from tenants import audit
from tenants.community import room_editing, room_order, room_sections, rooms
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded
from tenants.ids import new_id
from tenants.permissions import VISITOR
from tenants.scope import Committed, Tenancy
from tests.tenants.test_community import make_room
from tests.world import School, Somebody, World

Names = dict[str, list[str]]


async def section(tenancy: Tenancy, school: School, name: str, who: Somebody | None = None) -> UUID:
    async with tenancy.scope(school.id, (who or school.ana).actor) as scope:
        return UUID(str((await room_sections.add(scope, name))["id"]))


async def put(
    tenancy: Tenancy, school: School, who: Somebody, *asked: tuple[UUID | None, Sequence[UUID]]
) -> None:  # fmt: skip
    async with tenancy.scope(school.id, who.actor) as scope:
        await room_order.put(scope, asked)


async def shown(tenancy: Tenancy, school: School, who: Somebody) -> Names:
    """The names of the rooms that somebody sees, by the name of their section, in order."""
    async with tenancy.scope(school.id, who.actor) as scope:
        seen = await rooms.seen(scope)
        found: Names = {row["name"]: [] for row in await room_sections.seen(scope, seen)}
    for row in seen:
        found.setdefault(row["section_name"] or "", []).append(row["name"])
    return found


async def three(tenancy: Tenancy, school: School) -> tuple[UUID, UUID, UUID]:
    """Rooms A, B, C."""
    a, b, c = [await make_room(tenancy, school, "members", name) for name in "ABC"]
    return a, b, c


async def test_rooms_stand_in_sections_and_in_the_order_that_was_set(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    first, second = await section(tenancy, pottery, " Course  rooms"), await section(tenancy, pottery, "Talk")
    await put(tenancy, pottery, pottery.mia, (second, [c]), (None, [b]), (first, [a]))
    expected = {"": ["B"], "Talk": ["C"], "Course rooms": ["A"]}
    for who in (pottery.ana, pottery.sam):
        assert await shown(tenancy, pottery, who) == expected
    assert list(await shown(tenancy, pottery, pottery.sam)) == ["Talk", "Course rooms", ""]
    await put(tenancy, pottery, pottery.ben, (first, []), (second, [c, a, b]))
    assert await shown(tenancy, pottery, pottery.ana) == {"Course rooms": [], "Talk": ["C", "A", "B"]}
    assert await shown(tenancy, pottery, pottery.zoe) == {"Talk": ["C", "A", "B"]}


async def test_a_new_room_stands_last_without_section(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    own = await section(tenancy, pottery, "Talk")
    await put(tenancy, pottery, pottery.ana, (None, [c, a]), (own, [b]))
    await make_room(tenancy, pottery, "members", "D")
    assert await shown(tenancy, pottery, pottery.sam) == {"": ["C", "A", "D"], "Talk": ["B"]}


async def test_a_room_that_the_editor_does_not_see_keeps_its_place(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    hidden, old = [await make_room(tenancy, pottery, kind, kind) for kind in ("private", "open")]
    own = await section(tenancy, pottery, "Talk")
    await put(tenancy, pottery, pottery.ana, (own, [a, hidden, old, b]), (None, [c]))
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await room_editing.archive(scope, old)
    await put(tenancy, pottery, pottery.mia, (own, [c, b]), (None, [a]))
    assert await shown(tenancy, pottery, pottery.ana) == {"": ["A"], "Talk": ["C", "private", "B"]}
    await put(tenancy, pottery, pottery.mia, (own, []), (None, [c, a, b]))
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await room_editing.archive(scope, old, archived=False)
    assert await shown(tenancy, pottery, pottery.ana) == {"": ["C", "A", "B"], "Talk": ["private", "open"]}
    assert "private" not in str(await shown(tenancy, pottery, pottery.mia))
    with pytest.raises(NotFound):
        await put(tenancy, pottery, pottery.mia, (own, [hidden, old]), (None, [c, a, b]))


async def test_a_section_with_nothing_for_the_reader_is_not_named_to_them(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    secret = await section(tenancy, pottery, "Board matters")
    hidden = await make_room(tenancy, pottery, "private", "Board")
    await put(tenancy, pottery, pottery.ana, (secret, [hidden]))
    for who, named in ((pottery.ana, True), (pottery.mia, True), (pottery.sam, False)):
        assert ("Board matters" in await shown(tenancy, pottery, who)) is named
    async with tenancy.scope(pottery.id, VISITOR) as scope:
        assert await room_sections.seen(scope, await rooms.seen(scope)) == []


async def test_an_order_that_no_longer_fits_changes_nothing(tenancy: Tenancy, world: World) -> None:
    pottery, chess = world.pottery, world.chess
    a, b, c = await three(tenancy, pottery)
    own, theirs = await section(tenancy, pottery, "Talk"), await section(tenancy, chess, "Openings", chess.otto)
    their_room = await make_room(tenancy, chess, "members", "Gambits")
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        await room_editing.archive(scope, c)
    for wrong, refusal in (
        ([(own, [a])], Conflict), ([(None, [a, b])], Conflict), ([(own, [a, b, c])], Conflict), ([], Conflict),
        ([(own, [a, b, their_room])], NotFound), ([(own, [a, b]), (theirs, [])], NotFound),
        ([(own, [a, b, new_id()])], NotFound), ([(own, [a, b, a])], Invalid), ([(own, [a]), (None, [b, a])], Invalid),
        ([(own, [a]), (own, [b])], Invalid), ([(None, [a]), (None, [b]), (own, [])], Invalid),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await put(tenancy, pottery, pottery.ana, *wrong)
    assert await shown(tenancy, pottery, pottery.ana) == {"Talk": [], "": ["A", "B"]}


async def test_only_those_who_edit_rooms_order_them(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    own = await section(tenancy, pottery, "Talk")
    for who, refusal in ((pottery.sam.actor, Forbidden), (VISITOR, SignInNeeded)):
        async with tenancy.scope(pottery.id, who) as scope:
            for refused in (
                room_sections.add(scope, "Mine"), room_sections.rename(scope, own, "Mine"),
                room_order.remove_section(scope, own), room_order.put(scope, [(own, [a, b, c])]),
                room_order.move(scope, a, "down"), room_order.place(scope, a, own),
                room_order.move_section(scope, own, "up"),
            ):  # fmt: skip
                with pytest.raises(refusal):
                    await refused
    assert await shown(tenancy, pottery, pottery.ana) == {"Talk": [], "": ["A", "B", "C"]}


async def test_a_deleted_section_leaves_its_rooms_behind_the_others(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    hidden = await make_room(tenancy, pottery, "private", "H")
    own = await section(tenancy, pottery, "Talk")
    await put(tenancy, pottery, pottery.ana, (own, [b, hidden, a]), (None, [c]))
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        await room_order.remove_section(scope, own)
        with pytest.raises(NotFound):
            await room_order.remove_section(scope, own)
    assert await shown(tenancy, pottery, pottery.ana) == {"": ["C", "B", "H", "A"]}


async def test_steps_move_past_what_the_editor_sees(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    first, second = await section(tenancy, pottery, "One"), await section(tenancy, pottery, "Two")
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        await room_order.move(scope, a, "up")
        await room_order.move(scope, a, "down")
        await room_order.move(scope, c, "down")
        await room_order.place(scope, b, second)
        await room_order.place(scope, b, second)
        await room_order.place(scope, c, second)
        await room_order.move(scope, c, "up")
        await room_order.move_section(scope, second, "up")
        await room_order.move_section(scope, second, "up")
        for missing in (room_order.move(scope, new_id(), "up"), room_order.place(scope, a, new_id())):
            with pytest.raises(NotFound):
                await missing
    assert await shown(tenancy, pottery, pottery.ana) == {"Two": ["C", "B"], "One": [], "": ["A"]}
    assert list(await shown(tenancy, pottery, pottery.ana)) == ["Two", "One", ""]
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        await room_order.place(scope, c, None)
        await room_order.move_section(scope, first, "up")
    assert await shown(tenancy, pottery, pottery.sam) == {"": ["A", "C"], "Two": ["B"]}


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\0b", "a\nb", "\u202eabc"])
async def test_what_no_section_can_be_called_is_refused(tenancy: Tenancy, world: World, name: str) -> None:
    own = await section(tenancy, world.pottery, "Talk")
    async with tenancy.scope(world.pottery.id, world.pottery.ana.actor) as scope:
        for refused in (room_sections.add(scope, name), room_sections.rename(scope, own, name)):
            with pytest.raises(Invalid):
                await refused


async def test_a_channel_has_fifty_sections_at_most_however_many_are_made_at_once(
    tenancy: Tenancy, world: World
) -> None:
    pottery = world.pottery
    for n in range(room_sections.MOST_SECTIONS - 1):
        await section(tenancy, pottery, f"Section {n}")
    made = await asyncio.gather(*(section(tenancy, pottery, "One more") for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["Invalid", "Invalid", "Invalid", "UUID"]


async def test_everybody_is_told_once_and_of_nothing_new_nobody(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    told: list[tuple[str, dict[str, Any], UUID | None]] = []

    def hear(committed: Committed) -> None:
        told.extend((notice.event, dict(notice.payload), notice.person_id) for _, notice in committed.notices)

    a, b, c = await three(tenancy, pottery)
    own = await section(tenancy, pottery, "Talk")
    tenancy.after_commit = hear
    for _ in range(2):
        await put(tenancy, pottery, pottery.ana, (None, [c, a]), (own, [b]))
        async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
            await room_sections.rename(scope, own, "Talks")
    assert told == [("rooms.changed", {}, None)] * 2
    async with tenancy.scope(pottery.id, pottery.ana.actor) as scope:
        lines = [row["action"] for row in await audit.page(scope)]
    assert [lines.count(each) for each in ("room.order", "room_section.rename", "room_section.add")] == [1, 1, 1]


async def test_two_who_order_at_once_leave_one_whole_order(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    one, two = await section(tenancy, pottery, "One"), await section(tenancy, pottery, "Two")
    orders = [((one, [a, b]), (two, [c])), ((two, [c, b, a]), (one, []))]
    await asyncio.gather(*(put(tenancy, pottery, pottery.ana, *orders[n % 2]) for n in range(12)))
    assert await shown(tenancy, pottery, pottery.ana) in (
        {"One": ["A", "B"], "Two": ["C"]}, {"Two": ["C", "B", "A"], "One": []},
    )  # fmt: skip


async def test_an_order_and_a_deleted_section_at_once_lose_no_room(tenancy: Tenancy, world: World) -> None:
    pottery = world.pottery
    a, b, c = await three(tenancy, pottery)
    own = await section(tenancy, pottery, "Talk")

    async def remove() -> None:
        async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
            await room_order.remove_section(scope, own)

    ended = await asyncio.gather(
        put(tenancy, pottery, pottery.ana, (own, [a, b, c])), remove(), return_exceptions=True
    )  # fmt: skip
    assert not [each for each in ended if isinstance(each, Exception) and not isinstance(each, NotFound)]
    assert await shown(tenancy, pottery, pottery.ana) == {"": ["A", "B", "C"]}
