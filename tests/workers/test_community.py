"""What follows a new name: the messages that mention the member show it, page by page."""

from uuid import UUID

import pytest

from tenants import work
from tenants.community import messages, renaming
from tenants.members import members
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests.databases import bare
from tests.tenants.test_community import make_room, say
from tests.world import World
from workers.registry import Workshop
from workers.run import perform_leased


async def test_a_new_name_is_shown_in_every_message_that_mentions_its_member(
    tenancy: Tenancy, world: World, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pottery, zoe = world.pottery, world.pottery.zoe
    room = await make_room(tenancy, pottery)
    for _ in range(5):
        await say(tenancy, pottery, pottery.sam.actor, room, f"<@{zoe.member_id}> <@{pottery.ben.member_id}>")
    monkeypatch.setattr(renaming, "PAGE", 2)
    async with tenancy.scope(pottery.id, zoe.actor) as scope:
        await members.rename(scope, zoe.member_id, r"Zoé \1")
    done = 0
    while waiting := await _waiting(tenancy, world):
        leased = await work.take(tenancy, work.Ticket(pottery.id, None, waiting))
        assert leased is not None
        await perform_leased(shop, leased)
        done += 1
    assert done == 3
    async with tenancy.scope(pottery.id, acting_system("test")) as scope:
        page = await messages.page(scope, room)
    assert all("@Zoé \\1</span>" in row["html"] and "@Ben</span>" in row["html"] for row in page)


async def _waiting(tenancy: Tenancy, world: World) -> UUID | None:
    query = "select id from jobs where channel_id = $1 and name = 'RenameMentions'"
    async with bare(tenancy.relay) as connection:
        found: UUID | None = await connection.fetchval(query, world.pottery.id)
        return found
