"""Earlier words: kept while a message stands, shown to those who may, and never overwritten unseen."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tenants.community import edits, history, messages
from tenants.community.drafts import draft
from tenants.community.edits import Seen
from tenants.errors import Conflict, Forbidden, NotFound
from tenants.ids import RoomId
from tenants.permissions import Actor
from tenants.scope import Record, Tenancy
from tests.tenants.test_community import make_room, say
from tests.world import World


@pytest.fixture
async def room(tenancy: Tenancy, world: World) -> RoomId:
    return await make_room(tenancy, world.pottery)


async def change(tenancy: Tenancy, world: World, message: UUID, body: str, seen: Seen | None = None) -> Record:
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        return await edits.edit(scope, message, draft(uuid4(), body), seen)


async def earlier(tenancy: Tenancy, world: World, actor: Actor, message: UUID) -> list[str]:
    async with tenancy.scope(world.pottery.id, actor) as scope:
        return [row["body"] for row in await history.read(scope, message)]


async def test_each_edit_keeps_the_words_before_it_for_author_and_moderators(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    pottery = world.pottery
    posted = await say(tenancy, pottery, pottery.sam.actor, room, "first")
    for body in ("second", "second", "third"):
        row = await change(tenancy, world, posted.id, body)
    for actor in (pottery.sam.actor, pottery.mia.actor, pottery.ana.actor):
        assert await earlier(tenancy, world, actor, posted.id) == ["first", "second"]
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        kept = await history.read(scope, posted.id)
        assert kept[0]["written_at"] == row["created_at"]
        assert kept[1]["written_at"] < row["edited_at"]
    for actor in (pottery.zoe.actor, pottery.ben.actor):
        with pytest.raises(Forbidden):
            await earlier(tenancy, world, actor, posted.id)
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        with pytest.raises(NotFound):
            await history.read(scope, posted.id)


async def test_a_deleted_message_has_no_earlier_words_anywhere(tenancy: Tenancy, world: World, room: RoomId) -> None:
    pottery = world.pottery
    posted = await say(tenancy, pottery, pottery.sam.actor, room, "secret")
    await change(tenancy, world, posted.id, "open")
    async with tenancy.scope(pottery.id, pottery.sam.actor) as scope:
        await edits.remove(scope, posted.id)
    with pytest.raises(NotFound, match="deleted"):
        await earlier(tenancy, world, pottery.mia.actor, posted.id)
    async with tenancy.scope(pottery.id, pottery.mia.actor) as scope:
        assert await scope.value(history._COUNT, message_id=posted.id) == 0


async def test_words_that_the_writer_has_not_seen_are_not_replaced(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    posted = await say(tenancy, world.pottery, world.pottery.sam.actor, room, "first")
    second = await change(tenancy, world, posted.id, "second", Seen(None))
    for seen in (Seen(None), Seen(second["edited_at"] - timedelta(microseconds=1))):
        with pytest.raises(Conflict) as refused:
            await change(tenancy, world, posted.id, "third", seen)
        assert refused.value.code == "edited_meanwhile"
        assert refused.value.data["present"]["body"] == "second"
    # The same words again are the same edit, whose answer was lost.
    assert (await change(tenancy, world, posted.id, "second", Seen(None)))["edited_at"] == second["edited_at"]
    assert (await change(tenancy, world, posted.id, "third", Seen(second["edited_at"])))["body"] == "third"
    assert await earlier(tenancy, world, world.pottery.sam.actor, posted.id) == ["first", "second"]


async def test_of_edits_at_once_one_is_taken_and_the_others_are_told(
    tenancy: Tenancy, world: World, room: RoomId
) -> None:
    posted = await say(tenancy, world.pottery, world.pottery.sam.actor, room, "first")
    tries = [change(tenancy, world, posted.id, f"device {n}", Seen(None)) for n in range(6)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    taken = [each for each in answers if not isinstance(each, BaseException)]
    told = {each.data["present"]["body"] for each in answers if isinstance(each, Conflict)}
    assert len(taken) == 1
    assert told == {taken[0]["body"]}
    assert await earlier(tenancy, world, world.pottery.sam.actor, posted.id) == ["first"]


async def test_a_message_is_not_changed_for_ever(
    tenancy: Tenancy, world: World, room: RoomId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST", 2)
    posted = await say(tenancy, world.pottery, world.pottery.sam.actor, room, "0")
    for n in (1, 2):
        await change(tenancy, world, posted.id, str(n))
    with pytest.raises(Conflict, match="Write a new one"):
        await change(tenancy, world, posted.id, "3")
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        assert (await messages.find(scope, posted.id))["body"] == "2"
