"""Editing rooms: what changes, who may, what reaches those who are in; archives, which are read and not written."""

from typing import Any
from uuid import UUID

import pytest

from tenants import audit
from tenants.community import edits, messages, reactions, room_editing, rooms
from tenants.community.drafts import draft
from tenants.errors import Forbidden, Invalid, NotFound
from tenants.ids import RoomId, new_id
from tenants.scope import Record, Tenancy
from tests.tenants.test_community import make_room, say
from tests.tenants.test_rooms import a_batch, sees
from tests.world import School, Somebody, World


async def edit(tenancy: Tenancy, school: School, who: Somebody, room: RoomId, **changes: Any) -> Record:
    async with tenancy.scope(school.id, who.actor) as scope:
        return await room_editing.edit(scope, room, changes)


async def archive(tenancy: Tenancy, school: School, who: Somebody, room: RoomId, *, archived: bool = True) -> None:
    async with tenancy.scope(school.id, who.actor) as scope:
        await room_editing.archive(scope, room, archived=archived)


async def lines(tenancy: Tenancy, school: School) -> list[str]:
    """What the audit says of rooms, newest first."""
    async with tenancy.scope(school.id, school.ana.actor) as scope:
        return [row["action"] for row in await audit.page(scope) if row["action"].startswith("room.")]


async def test_what_is_given_is_set_and_the_address_stays(tenancy: Tenancy, world: World) -> None:
    room = await make_room(tenancy, world.pottery)
    for who in (world.pottery.mia, world.pottery.ben):
        row = await edit(tenancy, world.pottery, who, room, name=" Glazes of ash ", icon="sun")
    assert [row[name] for name in ("name", "topic", "icon", "kind", "slug")] == [
        "Glazes of ash", "", "sun", "members", "wheel-talk",
    ]  # fmt: skip
    assert await lines(tenancy, world.pottery) == ["room.edit", "room.add"]


@pytest.mark.parametrize(
    "changes", [{"name": " "}, {"name": "x" * 61}, {"icon": "skull"}, {"kind": "secret"}, {"kind": "batch"}]
)
async def test_what_no_room_can_be_is_refused(tenancy: Tenancy, world: World, changes: dict[str, Any]) -> None:
    room = await make_room(tenancy, world.pottery)
    with pytest.raises(Invalid):
        await edit(tenancy, world.pottery, world.pottery.ana, room, **changes)


async def test_only_those_who_edit_rooms_do_and_only_rooms_they_see(tenancy: Tenancy, world: World) -> None:
    pottery, chess = world.pottery, world.chess
    room, private = await make_room(tenancy, pottery), await make_room(tenancy, pottery, "private", "The team")
    for act in (edit, archive):
        with pytest.raises(Forbidden):
            await act(tenancy, pottery, pottery.sam, room)
        for school, who, place in ((pottery, pottery.ben, private), (chess, chess.otto, room)):
            with pytest.raises(NotFound):
                await act(tenancy, school, who, place)


async def test_a_room_that_moves_between_kinds_moves_for_those_who_see_it(tenancy: Tenancy, world: World) -> None:
    pottery, (_, batch) = world.pottery, await a_batch(tenancy, world)
    room = await make_room(tenancy, pottery)
    await edit(tenancy, pottery, pottery.mia, room, kind="batch", batch_id=batch)
    assert not await sees(tenancy, pottery, pottery.sam.actor, room)
    assert await sees(tenancy, pottery, pottery.ben.actor, room)
    row = await edit(tenancy, pottery, pottery.mia, room, kind="private")
    assert row["batch_id"] is None
    assert not await sees(tenancy, pottery, pottery.ben.actor, room)
    assert await sees(tenancy, pottery, pottery.mia.actor, room)
    await edit(tenancy, pottery, pottery.mia, room, kind="open")
    assert await sees(tenancy, pottery, pottery.sam.actor, room)


async def test_an_archived_room_is_read_and_not_written(tenancy: Tenancy, world: World) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery)
    said = (await say(tenancy, pottery, pottery.sam.actor, room)).id
    for _ in range(2):
        await archive(tenancy, pottery, pottery.ben, room)
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        assert room not in {row["id"] for row in await rooms.seen(scope)}
        assert room in {row["id"] for row in await rooms.seen(scope, archived=True)}
        assert [row["seq"] for row in await messages.page(scope, room)] == [1]
        assert (await rooms.find_by_slug(scope, "wheel-talk"))["id"] == room
        for write in (
            messages.post(scope, room, draft(new_id(), "more")), edits.edit(scope, said, draft(new_id(), "other")),
            reactions.put(scope, said, "👍", on=True),
        ):  # fmt: skip
            with pytest.raises(Forbidden) as refused:
                await write
            assert refused.value.code == "archived"
        await edits.remove(scope, said)
    await archive(tenancy, pottery, pottery.mia, room, archived=False)
    assert (await say(tenancy, pottery, pottery.sam.actor, room)).seq == 2
    assert await lines(tenancy, pottery) == ["room.bring_back", "room.archive", "room.add"]


async def test_an_archived_private_room_stays_shut(tenancy: Tenancy, world: World) -> None:
    pottery, room = world.pottery, await make_room(tenancy, world.pottery, "private")
    await archive(tenancy, pottery, pottery.ana, room)
    async with tenancy.scope(pottery.id, pottery.ben.actor) as scope:
        assert await rooms.seen(scope, archived=True) == []
        with pytest.raises(NotFound):
            await messages.page(scope, UUID(str(room)))
