"""Who has a room's page open learns that nothing is written there any more, or is again, without loading it anew."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, gathered, talker
from tests.slices.test_hushed import BEGUN, WITHIN, act, only_reads, undo
from tests.slices.town import CHANNEL, Town

ARCHIVED = "This room is archived."
ANNOUNCED = "Only teachers and moderators write in this room."


@pytest.fixture
async def zoe(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[Talker]:
    """Zoe, in a room of her own school."""
    async with gathered(chromium, town, place["slug"], "zoe") as (zoe,):
        yield zoe


async def archive(town: Town, place: dict[str, Any], *, on: bool) -> None:
    """The owner archives a room, or opens it again."""
    url = f"/channels/{CHANNEL}/rooms/{place['id']}/archive"
    await town.call("PUT" if on else "DELETE", url, await town.token("ana"))


async def becomes(town: Town, place: dict[str, Any], kind: str) -> None:
    """The owner makes it a room of another kind."""
    await town.call("PATCH", f"/channels/{CHANNEL}/rooms/{place['id']}", await town.token("ana"), kind=kind)


async def is_closed(page: Page, why: str) -> None:
    """The page says why nothing is written, and offers no field for it."""
    await expect(page.locator("#closed")).to_contain_text(why, timeout=WITHIN)
    await expect(page.locator("main form.composer")).to_be_hidden()


async def marked(page: Page) -> None:
    """Sets a mark that a page loaded anew has not."""
    await page.evaluate("document.body.dataset.mark = 'same'")


async def is_the_same(page: Page) -> None:
    """The page was not loaded since it was marked."""
    await expect(page.locator("body[data-mark=same]")).to_have_count(1)


async def test_an_archived_room_closes_open_pages_and_opens_them_again(
    town: Town, place: dict[str, Any], zoe: Talker
) -> None:
    page = zoe.page
    await marked(page)
    await archive(town, place, on=True)
    await is_closed(page, ARCHIVED)
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await objections(page) == []
    await archive(town, place, on=False)
    await expect(page.locator("#write")).to_be_editable(timeout=WITHIN)
    await expect(page.locator("#closed")).to_be_hidden()
    await zoe.say("open again")
    await zoe.reads("open again")
    await is_the_same(page)


async def test_a_page_that_was_loaded_archived_shows_the_same_and_opens_without_a_reload(
    town: Town, place: dict[str, Any], zoe: Talker
) -> None:
    await archive(town, place, on=True)
    await is_closed(zoe.page, ARCHIVED)
    await zoe.enter()
    await is_closed(zoe.page, ARCHIVED)
    await zoe.page.wait_for_load_state("networkidle")
    await marked(zoe.page)
    await archive(town, place, on=False)
    await expect(zoe.page.locator("#write")).to_be_editable(timeout=WITHIN)
    await zoe.say("at last")
    await zoe.reads("at last")
    await is_the_same(zoe.page)


async def test_what_was_begun_in_a_room_stays_to_be_read_while_it_is_archived(
    town: Town, place: dict[str, Any], zoe: Talker
) -> None:
    await zoe.page.locator("#write").press_sequentially(BEGUN)
    await archive(town, place, on=True)
    await expect(zoe.page.locator("#closed")).to_contain_text(ARCHIVED, timeout=WITHIN)
    await only_reads(zoe.page)
    await zoe.enter()
    await only_reads(zoe.page)
    await zoe.page.wait_for_load_state("networkidle")
    await archive(town, place, on=False)
    await expect(zoe.page.locator("#write")).to_be_editable(timeout=WITHIN)
    await zoe.page.locator("#write").press("Enter")
    await zoe.reads(BEGUN)


async def test_a_room_for_announcements_is_read_by_students_and_written_in_by_teachers(
    chromium: Browser, town: Town, place: dict[str, Any], zoe: Talker
) -> None:
    await zoe.page.locator("#write").press_sequentially(BEGUN)
    async with talker(chromium, town, "ben", place["slug"]) as ben:
        await ben.arrive()
        await becomes(town, place, "announcement")
        await expect(zoe.page.locator("#closed")).to_contain_text(ANNOUNCED, timeout=WITHIN)
        await only_reads(zoe.page)
        await ben.say("Kiln day is Friday")
        await zoe.reads("Kiln day is Friday")
        await expect(ben.page.locator("#closed")).to_be_hidden()
    await becomes(town, place, "members")
    await expect(zoe.page.locator("#write")).to_be_editable(timeout=WITHIN)
    await zoe.page.locator("#write").press("Enter")
    await zoe.reads(BEGUN)


async def test_a_thread_closes_and_opens_with_its_room(town: Town, place: dict[str, Any], zoe: Talker) -> None:
    await zoe.say("the first")
    await zoe.reads("the first")
    await zoe.page.locator("#messages .said[data-seq]").hover()
    await zoe.page.locator("#messages [data-act=thread]").first.click()
    side = zoe.page.locator(".beside form.composer")
    await expect(side).to_be_visible(timeout=WITHIN)
    await archive(town, place, on=True)
    await expect(side).to_be_hidden(timeout=WITHIN)
    await archive(town, place, on=False)
    await expect(side).to_be_visible(timeout=WITHIN)
    await side.locator("textarea").fill("a reply")
    await side.locator("textarea").press("Enter")
    await expect(zoe.page.locator(".beside .said-here .words", has_text="a reply")).to_have_count(1, timeout=WITHIN)


async def test_a_mute_that_ends_does_not_open_a_room_that_is_archived(
    town: Town, place: dict[str, Any], zoe: Talker
) -> None:
    made = await act(town, zoe, "mute", timedelta(hours=1))
    await expect(zoe.page.locator("#muted")).to_be_visible(timeout=WITHIN)
    await archive(town, place, on=True)
    await is_closed(zoe.page, ARCHIVED)
    await expect(zoe.page.locator("#muted")).to_be_hidden()
    await undo(town, made)
    await expect(zoe.page.locator("#muted p span")).to_be_empty(timeout=WITHIN)
    await is_closed(zoe.page, ARCHIVED)
    await archive(town, place, on=False)
    await expect(zoe.page.locator("#write")).to_be_editable(timeout=WITHIN)
