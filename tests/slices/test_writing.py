"""Writing in real browsers: what is pasted, begun early or cut off by others stays the writer's, whole."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from cli.demo.world import PASSWORD
from tests.slices.people import someone
from tests.slices.talking import Talker, talker
from tests.slices.town import CHANNEL, Town

LONG = "clay and glaze, " * 4_500  # 70 KB: more than a frame of the wire holds, too
TOO_LONG = "This is 71 KB; a message holds 10 KB."


@pytest.fixture
async def sam(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[Talker]:
    """Sam, in the room."""
    async with talker(chromium, town, "sam", place["slug"]) as who:
        await who.enter()
        yield who


async def paste(field: Locator, words: str) -> None:
    """Put words in a field as a paste does, which minds what the field takes."""
    await field.fill("")
    await field.focus()
    await field.page.keyboard.insert_text(words)


async def test_what_is_too_long_is_said_and_no_word_of_it_is_cut(sam: Talker) -> None:
    field = sam.page.locator("#write")
    await paste(field, LONG)
    await field.press("Enter")
    await expect(sam.page.locator("#write-error")).to_contain_text(TOO_LONG)
    assert await field.input_value() == LONG
    await sam.say("Short enough")
    await sam.reads("Short enough")
    said = sam.page.locator("#messages .said", has_text="Short enough")
    await said.hover()
    await said.get_by_role("button", name="Edit").click()
    field = said.locator(".editing textarea")
    await paste(field, LONG)
    await field.press("Enter")
    await expect(said.locator(".fault")).to_contain_text(TOO_LONG)
    assert await field.input_value() == LONG
    await field.fill("Still short")
    await field.press("Enter")
    await sam.reads("Still short")


async def test_without_scripts_what_is_too_long_comes_back_whole(
    chromium: Browser, town: Town, place: dict[str, Any]
) -> None:
    zoe = await someone(chromium, town.url, town.programs, "zoe", "zoe@guildhall.example", script=False)
    await zoe.visit("/sign-in")
    await zoe.write(email=zoe.email, password=PASSWORD)
    await zoe.press("Sign in")
    await zoe.visit(f"/c/{CHANNEL}/community/{place['slug']}")
    await paste(zoe.page.locator("#write"), LONG)
    await zoe.press("Send")
    await expect(zoe.page.locator("#write-error")).to_contain_text("longer than the 10 KB that fit here")
    assert await zoe.page.locator("#write").input_value() == LONG
    await zoe.context.close()


async def test_words_begun_before_the_scripts_have_come_stay_and_become_the_draft(sam: Talker) -> None:
    here = asyncio.Event()

    async def late(route: Route) -> None:
        await here.wait()
        await route.continue_()

    await sam.page.route("**/*.js", late)
    await sam.page.goto(sam.page.url, wait_until="commit")
    field = sam.page.locator("#write")
    await field.press_sequentially("Begun early")
    await field.press("Enter")
    await field.press_sequentially("on a slow line")
    here.set()
    await expect(sam.page.locator(".side [aria-current=page] .drafted")).to_be_visible(timeout=15_000)
    await expect(field).to_have_value("Begun early\non a slow line")
    await sam.page.unroute("**/*.js")
    await sam.enter()
    await expect(field).to_have_value("Begun early\non a slow line")
    await field.press("Enter")
    await sam.reads("on a slow line")


async def test_who_has_spoken_is_not_shown_as_typing(chromium: Browser, town: Town, sam: Talker) -> None:
    async with talker(chromium, town, "zoe", sam.room) as zoe:
        await zoe.enter()
        await sam.page.locator("#write").press_sequentially("Quick")
        await sam.page.keyboard.press("Enter")
        await zoe.reads("Quick")
        await zoe.page.wait_for_timeout(1_000)
        await expect(zoe.page.locator("#typing")).to_be_hidden(timeout=100)
