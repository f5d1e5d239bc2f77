"""What search tests begin with: a channel with something to find in it, indexed."""

from uuid import UUID

import search
from search import Place
from search.indexing import drain
from search.query import Found, Results
from search.query import search as look
from tenants.community import drafts, messages, rooms
from tenants.ids import ChannelId, new_id
from tenants.permissions import VISITOR, Actor
from tenants.scope import Tenancy
from tests.world import School, Somebody

ENGINE = search.choose()


async def index(tenancy: Tenancy, channel_id: ChannelId) -> None:
    """Follow every change that waits in a channel."""
    while await drain(tenancy, ENGINE, channel_id):
        pass


async def find(
    tenancy: Tenancy, school: School, actor: Actor, text: str, kind: str | None = None, limit: int = 20,
    after: Place | None = None,
) -> Results:  # fmt: skip
    """A page of what the actor finds."""
    async with tenancy.scope(school.id, actor, readonly=True) as scope:
        return await look(scope, ENGINE, text, kind, limit, after)


async def found(
    tenancy: Tenancy, school: School, who: Somebody | None, text: str, kind: str | None = None
) -> set[UUID]:
    """The ids of what somebody (None: a visitor) finds."""
    results = await find(tenancy, school, who.actor if who else VISITOR, text, kind)
    return {item.hit.id for item in results.items}


async def first(tenancy: Tenancy, school: School, who: Somebody, text: str) -> Found:
    """The best hit."""
    return (await find(tenancy, school, who.actor, text)).items[0]


async def make_room(
    tenancy: Tenancy, school: School, who: Somebody, name: str = "Glazes", kind: str = "members"
) -> UUID:
    """A room made by `who`."""
    async with tenancy.scope(school.id, who.actor) as scope:
        return UUID(str((await rooms.add(scope, name, kind))["id"]))


async def say(tenancy: Tenancy, school: School, who: Somebody, room_id: UUID, words: str) -> UUID:
    """A message of `who` in a room."""
    async with tenancy.scope(school.id, who.actor) as scope:
        return (await messages.post(scope, room_id, drafts.draft(new_id(), words))).id
