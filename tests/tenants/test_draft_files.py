"""The files of what a member has begun to write: their own, while a message may still take them."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from tenants.community import attachments, unsent
from tenants.community.unsent import Place
from tenants.errors import Invalid
from tenants.files import files
from tenants.ids import RoomId
from tenants.scope import Tenancy
from tests.tenants.moderating import acting
from tests.tenants.test_attachments import picture, send
from tests.world import School, World


async def put(tenancy: Tenancy, school: School, room: RoomId, body: str, given: Sequence[UUID] | None = None) -> int:
    """Sam begins to write."""
    async with acting(tenancy, school, school.sam) as scope:
        return await unsent.put(scope, Place(room), body, files=given)


async def kept(tenancy: Tenancy, school: School, room: RoomId) -> list[str]:
    """The files of it that are there."""
    async with acting(tenancy, school, school.sam) as scope:
        row = await unsent.read(scope, Place(room))
        return [each["id"] for each in await attachments.free(scope, row["files"] if row else ())]


async def test_files_stay_with_the_words_until_they_are_sent_dropped_or_taken_off(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    one, two, three = [await picture(tenancy, school, school.sam) for _ in range(3)]
    await put(tenancy, school, room, "My bowls", [two, one, three])
    await put(tenancy, school, room, "My three bowls")
    assert await kept(tenancy, school, room) == [str(two), str(one), str(three)]
    await send(tenancy, school, school.sam, room, two)
    async with acting(tenancy, school, school.sam) as scope:
        await files.forget(scope, one)
    assert await kept(tenancy, school, room) == [str(three)]
    assert await put(tenancy, school, room, "") > 0, "the file alone is something that was begun"
    assert await put(tenancy, school, room, "", []) == 0
    assert await kept(tenancy, school, room) == []


async def test_only_ones_own_files_of_this_channel_are_kept(
    tenancy: Tenancy, world: World, school: School, room: RoomId
) -> None:
    theirs = await picture(tenancy, school, school.zoe)
    elsewhere = await picture(tenancy, world.chess, world.chess.eve)
    assert await put(tenancy, school, room, "", [theirs, elsewhere, uuid4()]) == 0
    own = await picture(tenancy, school, school.sam)
    for wrong in ([own, own], [uuid4() for _ in range(11)]):
        with pytest.raises(Invalid):
            await put(tenancy, school, room, "Too much", wrong)
