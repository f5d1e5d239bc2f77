"""Whom a ban or another room has shut out finds the way on from the page that stands open, and what they had begun."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, talker
from tests.slices.test_hushed import BEGUN, WITHIN, act, only_reads, undo
from tests.slices.town import CHANNEL, Town

GONE = "This room is no longer open to you, or does not exist."


@pytest.fixture
async def zoe(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[Talker]:
    """Zoe, who writes in a room."""
    async with talker(chromium, town, "zoe", place["slug"]) as zoe:
        await begins(zoe)
        yield zoe


async def begins(who: Talker) -> None:
    """Enters the room and begins to write there; the server has it."""
    await who.arrive()
    await who.page.locator("#write").press_sequentially(BEGUN)
    await expect(who.page.locator(".side [aria-current=page] .drafted")).to_be_visible(timeout=WITHIN)


async def member_of(who: Talker) -> str:
    """The member whose page it is."""
    return str(await who.page.locator("main").get_attribute("data-me"))


async def test_a_ban_that_is_undone_leaves_a_way_in_with_what_was_begun(town: Town, zoe: Talker) -> None:
    made = await act(town, zoe, "ban", timedelta(hours=1))
    again = zoe.banner.get_by_role("button", name="Try now")
    try:
        await expect(again).to_be_visible(timeout=WITHIN)
        await again.click()
        await expect(zoe.banner).to_contain_text("banned from this channel", timeout=WITHIN)
        await expect(again).to_be_visible()
        assert await objections(zoe.page) == []
        await only_reads(zoe.page)
    finally:
        await undo(town, made)
    await again.click()
    await expect(zoe.page.locator("#write")).to_be_editable(timeout=WITHIN)
    await expect(zoe.page.locator("#write")).to_have_value(BEGUN)
    await expect(zoe.banner).to_be_hidden()
    await zoe.page.locator("#write").press("Enter")
    await zoe.reads(BEGUN)


async def test_a_ban_that_runs_out_opens_the_page_by_itself(town: Town, zoe: Talker) -> None:
    await act(town, zoe, "ban", timedelta(seconds=8))
    await expect(zoe.banner).to_contain_text("banned from this channel", timeout=WITHIN)
    await only_reads(zoe.page)
    await expect(zoe.page.locator("#online .here")).to_have_class("here on", timeout=30_000)
    await expect(zoe.page.locator("#write")).to_be_editable(timeout=WITHIN)
    await expect(zoe.page.locator("#write")).to_have_value(BEGUN)


async def test_a_ban_further_away_than_a_timer_holds_is_waited_for_and_not_asked_about_at_once(
    town: Town, zoe: Talker
) -> None:
    asked: list[str] = []
    zoe.page.on("request", lambda request: asked.append(request.url))
    made = await act(town, zoe, "ban", timedelta(days=30))
    try:
        await expect(zoe.banner.get_by_role("button")).to_be_visible(timeout=WITHIN)
        asked.clear()
        await zoe.page.wait_for_timeout(3_000)
        assert [url for url in asked if "/messages" in url] == []
    finally:
        await undo(town, made)


async def shut_out(page: Page, name: str) -> None:
    """The page says that the room is not open, and nothing of what it was."""
    assert name not in await page.content()
    assert "a secret" not in await page.content()


async def test_who_is_put_out_of_a_private_room_keeps_what_they_had_begun_and_finds_the_rooms(
    chromium: Browser, town: Town
) -> None:
    place, token = await town.place("private"), await town.token("ana")
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.who.visit(f"/c/{CHANNEL}/community")
        url = f"/channels/{CHANNEL}/rooms/{place['id']}/members/{await member_of(sam)}"
        await town.call("PUT", url, token)
        await town.post(place["id"], token, "a secret")
        await begins(sam)
        await sam.reads("a secret")
        await town.call("DELETE", url, token)
        await expect(sam.page.locator("#closed")).to_contain_text(GONE, timeout=WITHIN)
        await only_reads(sam.page)
        await shut_out(sam.page, place["name"])
        assert await objections(sam.page) == []
        await town.call("PUT", url, token)
        await sam.reads("a secret")
        await expect(sam.page.locator("#write")).to_have_value(BEGUN)
        await town.call("DELETE", url, token)
        await sam.page.locator("#closed").get_by_role("link", name="To the rooms").click()
        await expect(sam.page.locator("#messages")).to_be_visible(timeout=WITHIN)
        assert not sam.page.url.endswith(place["slug"])


async def test_a_room_one_may_not_see_and_one_that_never_was_are_the_same_page(chromium: Browser, town: Town) -> None:
    place = await town.place("private")
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        shown = []
        for slug in (place["slug"], "there-never-was-one"):
            await sam.page.goto(f"{town.url}/c/{CHANNEL}/community/{slug}")
            number = await sam.page.locator(".errp code").inner_text()
            shown.append((await sam.page.content()).replace(number, "").replace(slug, ""))
        assert shown[0] == shown[1]
        await expect(sam.page.get_by_role("heading", name=GONE)).to_be_visible()
        assert await objections(sam.page) == []
        await sam.page.get_by_role("link", name="To the rooms").click()
        await expect(sam.page.locator("#messages")).to_be_visible()
