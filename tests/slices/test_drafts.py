"""What one has begun to write, at two devices at once: there at the other, gone when it is sent, never lost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, gathered, talker
from tests.slices.test_threads import answer, beside, open_beside
from tests.slices.town import CHANNEL, Town

SETTLED = 6_000


@pytest.fixture
async def place(town: Town) -> dict[str, Any]:
    """A new room."""
    return await town.place()


@pytest.fixture
async def both(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[tuple[Talker, Talker]]:
    """Sam at two devices, both in the room."""
    async with gathered(chromium, town, place["slug"], "sam", "sam") as (desk, phone):
        yield desk, phone


async def test_what_is_begun_at_one_device_stands_at_the_other_until_it_is_sent(both: tuple[Talker, Talker]) -> None:
    desk, phone = both
    fields = [who.page.locator("#write") for who in both]
    marks = [who.page.locator(".side [aria-current=page] .drafted") for who in both]
    await fields[0].press_sequentially("Which clay")
    await expect(fields[1]).to_have_value("Which clay", timeout=SETTLED)
    for mark in marks:
        await expect(mark).to_be_visible()
    await phone.enter()
    await expect(fields[1]).to_have_value("Which clay")
    await expect(marks[1]).to_be_visible()
    await fields[0].press("Enter")
    for field, mark in zip(fields, marks, strict=True):
        await expect(field).to_have_value("")
        await expect(mark).to_be_hidden()
    await desk.reads("Which clay")
    await phone.enter()
    await expect(fields[1]).to_have_value("")


async def test_words_at_which_somebody_writes_are_not_taken_from_them(both: tuple[Talker, Talker]) -> None:
    desk, _ = both
    here, there = [who.page.locator("#write") for who in both]
    other = desk.page.locator("main .otherdraft")
    await here.press_sequentially("from the desk")
    await there.press_sequentially("from the phone")
    await expect(other).to_contain_text("from the phone", timeout=SETTLED)
    await expect(here).to_have_value("from the desk")
    await expect(there).to_have_value("from the phone")
    assert await objections(desk.page) == []
    await other.get_by_role("button", name="Put it here").focus()
    await desk.page.keyboard.press("Enter")
    await expect(here).to_have_value("from the phone")
    await expect(other).to_contain_text("from the desk")


async def test_what_is_begun_offline_and_on_leaving_is_kept(town: Town, both: tuple[Talker, Talker]) -> None:
    desk, _ = both
    here, there = [who.page.locator("#write") for who in both]
    await here.press_sequentially("left at once")
    await desk.who.visit(f"/c/{CHANNEL}/saved")
    await expect(there).to_have_value("left at once", timeout=SETTLED)
    await desk.enter()
    await expect(here).to_have_value("left at once")
    await desk.page.wait_for_load_state("networkidle")
    await desk.offline(offline=True)
    await here.fill("gone on with, offline")
    await desk.page.wait_for_timeout(2_000)
    await expect(there).to_have_value("left at once")
    await desk.offline(offline=False)
    await expect(there).to_have_value("gone on with, offline", timeout=30_000)


async def test_a_thread_keeps_words_of_its_own(town: Town, both: tuple[Talker, Talker]) -> None:
    desk, phone = both
    await desk.say("Which clay?")
    await phone.reads("Which clay?")
    here = await open_beside(desk, "Which clay?")
    await here.locator("textarea[name=body]").press_sequentially("Stoneware")
    await desk.page.wait_for_timeout(1_500)
    there = await open_beside(phone, "Which clay?")
    await expect(there.locator("textarea[name=body]").first).to_have_value("Stoneware", timeout=SETTLED)
    await expect(phone.page.locator("#write")).to_have_value("")
    await desk.page.keyboard.press("Escape")
    await expect(beside(desk)).to_have_count(0)
    await desk.page.reload()
    await expect(desk.page.locator("#write")).to_have_value("")
    await answer(there, "Stoneware it is")
    await expect(there.locator(".said-here .said[data-seq] .words")).to_have_text(["Stoneware it is"])
    await desk.who.visit(f"{desk.page.url.removeprefix(town.url)}/t/1")
    await expect(desk.page.locator("#write")).to_have_value("")


async def test_earlier_words_are_read_over_the_talk(chromium: Browser, town: Town, both: tuple[Talker, Talker]) -> None:
    desk, phone = both
    await desk.say("Which clay for bowls?")
    await desk.reads("Which clay for bowls?")
    said = desk.page.locator("main .said", has_text="Which").first
    await said.hover()
    await said.get_by_role("button", name="Edit").click()
    await said.locator(".editing textarea").fill("Which white clay for bowls?")
    await said.locator(".editing textarea").press("Enter")
    await phone.reads("Which white clay")
    for who in both:
        link = who.page.locator("main .said", has_text="Which white").get_by_role("link", name="edited")
        await link.focus()
        await who.page.keyboard.press("Enter")
        dialog = who.page.locator("dialog#earlier")
        await expect(dialog.locator("ins")).to_contain_text("white")
        await expect(dialog).to_contain_text("first written")
        assert await objections(who.page) == []
        await who.page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
    async with talker(chromium, town, "zoe", desk.room) as zoe:
        await zoe.enter()
        edited = zoe.page.locator("main .said", has_text="Which white").locator(".edited")
        await expect(edited).to_have_text("edited")
        assert await edited.get_attribute("href") is None
