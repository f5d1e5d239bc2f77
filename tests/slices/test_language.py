"""A school of another language, in real browsers: its room speaks it, in what the page and what its scripts say."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.slices.talking import Talker, gathered
from tests.slices.test_hushed import act, undo
from tests.slices.town import CHANNEL, Town

WITHIN = 15_000


@pytest.fixture(scope="module", autouse=True)
async def arabic(town: Town) -> None:
    await town.call("PATCH", f"/channels/{CHANNEL}", await town.token("ana"), locale="ar")


@pytest.fixture
async def both(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[tuple[Talker, Talker]]:
    """Sam and Ana, both in the room."""
    async with gathered(chromium, town, place["slug"], "sam", "ana") as (sam, ana):
        yield sam, ana


async def test_what_happens_in_an_arabic_room_is_said_in_arabic(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    page = sam.page
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    await expect(page.locator("main form.composer").get_by_label("اكتب في")).to_have_css("direction", "rtl")
    await expect(page.get_by_role("button", name="أرسل", exact=True)).to_be_visible()
    await expect(page.locator(".about h2")).to_have_text(["المعلّمون", "المشرفون", "الطلاب"])
    await sam.say("Which clay is this?")
    await ana.reads("Which clay is this?")
    await _says(ana.page.locator("#messages .day time"), "اليوم")
    await _says(page.locator("#online span"), "٢ هنا")
    await ana.page.locator("#write").press_sequentially("Stone")
    await _says(page.locator("#typing > :last-child"), "يكتب Ana Marsh الآن")
    await expect(page.locator("#messages .by time").first).to_have_text(re.compile("^[٠-٩]{2}:[٠-٩]{2}$"))


async def test_an_absence_and_what_waits_meanwhile_are_told_in_arabic(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    await sam.offline(offline=True)
    await _says(sam.banner.locator("b"), "انقطع اتصالك منذ")
    for words in ("one", "two", "three"):
        await sam.say(words)
    await _says(sam.unsent.first, "في انتظار الاتصال")
    await _says(sam.banner, "٣ رسائل محفوظة")
    await sam.offline(offline=False)
    await ana.reads("three", 45_000)


async def test_a_mute_is_told_in_arabic_on_the_open_page_with_its_end(both: tuple[Talker, Talker], town: Town) -> None:
    sam, _ = both
    made = await act(town, sam, "mute", timedelta(hours=1))
    await expect(sam.page.locator("#muted")).to_contain_text(re.compile("أنت مكتوم حتى .*[٠-٩]{4}"), timeout=WITHIN)
    await undo(town, made)
    await expect(sam.page.locator("#muted")).to_be_hidden(timeout=WITHIN)


async def test_new_messages_are_counted_as_arabic_counts(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    for n in range(30):
        await ana.say(f"line {n}")
    await sam.reads("line 29")
    await sam.page.locator("#stream").evaluate("stream => { stream.scrollTop = 0 }")
    for words, counted in (("late", "رسالة جديدة"), ("later", "رسالتان جديدتان"), ("last", "٣ رسائل جديدة")):
        await ana.say(words)
        await _says(sam.page.locator("#jump span"), counted)
    await _says(sam.page.locator("#messages .newline span"), "٣ رسائل جديدة")


async def _says(place: Locator, words: str) -> None:
    await expect(place).to_contain_text(words, timeout=WITHIN)
