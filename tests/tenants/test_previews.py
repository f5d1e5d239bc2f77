"""Previews of links: under the message that still has the link first, gone with its words, and taken away for good."""

from uuid import UUID, uuid4

import pytest

from tenants.channels import channels
from tenants.community import edits, messages, previews
from tenants.community.drafts import draft
from tenants.community.previews import Page
from tenants.errors import Forbidden, NotFound
from tenants.ids import RoomId
from tenants.permissions import acting_system
from tenants.scope import Committed, Tenancy
from tests.databases import bare
from tests.tenants.moderating import act, acting, read, undo
from tests.tenants.test_community import make_room, say
from tests.world import School, World

URL = "https://clay.example/bowls?a=1&b=2"
PAGE = Page("Bowls", "How to throw one", "Clay")
SHOWN = {"url": URL, "title": "Bowls", "description": "How to throw one", "site": "Clay"}


async def show(tenancy: Tenancy, school: School, message: UUID, url: str = URL, page: Page = PAGE) -> None:
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        await previews.show(scope, message, url, page)


async def wanted(tenancy: Tenancy, school: School, message: UUID) -> previews.Wanted | None:
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        return await previews.wanted(scope, message)


async def jobs(tenancy: Tenancy, message: UUID) -> int:
    async with bare(tenancy.relay) as connection:
        sql = "select count(*) from jobs where name = 'PreviewLink' and payload->>'message_id' = $1"
        return int(await connection.fetchval(sql, str(message)))


async def test_a_preview_appears_under_its_message_for_everybody_and_counts_as_no_edit(
    tenancy: Tenancy, school: School, room: RoomId
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, f"Look at {URL} and https://other.example/")
    assert await jobs(tenancy, posted.id) == 1
    assert await wanted(tenancy, school, posted.id) == previews.Wanted(URL, None)
    assert "preview" not in await read(tenancy, school, posted.id)
    told: list[Committed] = []
    tenancy.after_commit = told.append
    for _ in range(2):
        await show(tenancy, school, posted.id)
    tenancy.after_commit = None
    after = await read(tenancy, school, posted.id)
    assert (after["preview"], after["edited_at"]) == (SHOWN, None)
    assert [notice.event for each in told for _, notice in each.notices] == ["message.edited"]
    assert await wanted(tenancy, school, posted.id) is None


@pytest.mark.parametrize(
    "body", ["no link", "http://plain.example/", "`https://in.code/`", "<@nobody> mailto:a@b.example"]
)
async def test_what_has_no_link_that_can_be_followed_is_not_asked_about(
    tenancy: Tenancy, school: School, room: RoomId, body: str
) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, body)
    assert await jobs(tenancy, posted.id) == 0


async def test_a_page_is_remembered_for_its_channel_alone(
    tenancy: Tenancy, world: World, school: School, room: RoomId
) -> None:
    async with tenancy.scope(school.id, acting_system("test")) as scope:
        for page in (Page("Old"), PAGE):
            await previews.keep(scope, URL, page)
    posted = await say(tenancy, school, school.sam.actor, room, URL)
    assert await wanted(tenancy, school, posted.id) == previews.Wanted(URL, PAGE)
    elsewhere = await make_room(tenancy, world.chess)
    other = await say(tenancy, world.chess, world.chess.eve.actor, elsewhere, URL)
    assert await wanted(tenancy, world.chess, other.id) == previews.Wanted(URL, None)


async def test_other_words_and_taken_words_lose_the_preview(tenancy: Tenancy, school: School, room: RoomId) -> None:
    posted = await say(tenancy, school, school.sam.actor, room, URL)
    await show(tenancy, school, posted.id)
    before = await read(tenancy, school, posted.id)
    done = await act(tenancy, school, school.mia, "hide", message_id=posted.id)
    assert "preview" not in await read(tenancy, school, posted.id)
    await show(tenancy, school, posted.id)
    assert "preview" not in await read(tenancy, school, posted.id)
    asked = await jobs(tenancy, posted.id)
    await undo(tenancy, school, school.mia, done["id"])
    assert await jobs(tenancy, posted.id) == asked + 1
    await show(tenancy, school, posted.id)
    assert await read(tenancy, school, posted.id) == before
    async with acting(tenancy, school, school.sam) as scope:
        await edits.edit(scope, posted.id, draft(uuid4(), "https://elsewhere.example/"))
    await show(tenancy, school, posted.id)
    assert "preview" not in await read(tenancy, school, posted.id)
    async with acting(tenancy, school, school.sam) as scope:
        await edits.remove(scope, posted.id)
    await show(tenancy, school, posted.id, "https://elsewhere.example/")
    assert "preview" not in await read(tenancy, school, posted.id)


async def test_its_author_or_a_moderator_takes_it_away_for_good(tenancy: Tenancy, school: School, room: RoomId) -> None:
    for who in (school.sam, school.mia):
        posted = await say(tenancy, school, school.sam.actor, room, URL)
        await show(tenancy, school, posted.id)
        with pytest.raises(Forbidden):
            async with acting(tenancy, school, school.zoe) as scope:
                await previews.remove(scope, posted.id)
        for _ in range(2):
            async with acting(tenancy, school, who) as scope:
                await previews.remove(scope, posted.id)
        await show(tenancy, school, posted.id)
        async with acting(tenancy, school, school.sam) as scope:
            await edits.edit(scope, posted.id, draft(uuid4(), f"See {URL}"))
        await show(tenancy, school, posted.id)
        assert "preview" not in await read(tenancy, school, posted.id)
        async with acting(tenancy, school, school.sam) as scope:
            await edits.remove(scope, posted.id)
        with pytest.raises(NotFound):
            async with acting(tenancy, school, who) as scope:
                await previews.remove(scope, posted.id)


async def test_a_channel_may_want_none(tenancy: Tenancy, school: School, room: RoomId) -> None:
    async with acting(tenancy, school, school.ana) as scope:
        assert (await channels.edit(scope, {"link_previews": False}))["link_previews"] is False
    posted = await say(tenancy, school, school.sam.actor, room, URL)
    assert await wanted(tenancy, school, posted.id) is None
    async with acting(tenancy, school, school.zoe) as scope:
        assert len(await messages.page(scope, room)) == 1
