"""A conversation in two real browsers over a whole installation: asked for, accepted, answered; a block that folds."""

from contextlib import AsyncExitStack

from playwright.async_api import Browser, expect

from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.talking import talker
from tests.slices.town import CHANNEL, Town

WITHIN = 15_000
HELD = "3 messages of yours wait here"
DESK = f"/c/{CHANNEL}/direct"


async def test_two_begin_a_conversation_and_one_of_them_ends_it(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with AsyncExitStack() as stack:
        sam, zoe = [
            await stack.enter_async_context(talker(chromium, town, who, place["slug"])) for who in ("sam", "zoe")
        ]
        await zoe.enter()
        await sam.who.visit(f"{DESK}?q=zo")
        await sam.page.get_by_label("Zoë").check()
        await sam.page.get_by_role("button", name="Open the conversation").click()
        await expect(sam.page.locator("#waits")).to_contain_text("3 messages may wait here")
        await sam.say("Is your kiln free on Friday?")
        await expect(sam.page.locator("#waits")).to_contain_text("2 messages may wait here", timeout=WITHIN)
        for words in ("It is for one bowl.", "A small one."):
            await sam.say(words)
            await sam.reads(words)
        await expect(sam.page.locator("#waits")).to_contain_text("You can write more once they are accepted")
        await sam.say("And a lid.")
        await expect(sam.unsent).to_contain_text(HELD, timeout=WITHIN)
        # It stands apart for Zoe, who hears of it in the room where she is.
        await expect(zoe.page.locator("#asking")).to_have_text("1 to accept", timeout=WITHIN)
        await zoe.page.locator("#asking").click()
        for page in (zoe.page, sam.page):
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                assert await objections(page) == []
        await zoe.page.get_by_role("link", name="Sam").click()
        await expect(zoe.page.locator("#messages")).to_contain_text("Is your kiln free on Friday?")
        await expect(zoe.page.locator("#write")).to_have_count(0)
        assert await objections(zoe.page) == []
        await zoe.page.get_by_role("button", name="Accept").click()
        await expect(sam.page.locator("#waits")).to_have_count(0, timeout=WITHIN)
        # What was not taken then can be sent now, and says nothing of waiting any more, on a fresh page neither.
        await expect(sam.unsent).not_to_contain_text(HELD)
        await sam.page.reload()
        await expect(sam.page.locator("#waits")).to_have_count(0)
        await expect(sam.unsent).to_contain_text("And a lid.", timeout=WITHIN)
        await expect(sam.unsent).not_to_contain_text(HELD, timeout=WITHIN)
        await sam.unsent.get_by_role("button", name="Send again").click()
        await zoe.reads("And a lid.")
        await zoe.say("All day.")
        await sam.reads("All day.")
        await zoe.page.get_by_label("Room settings").click()
        await zoe.page.get_by_role("button", name="Block").click()
        await zoe.enter()
        await zoe.page.locator("#people .who", has_text="Sam").click()
        await expect(zoe.page.locator(".card b")).to_have_text("Sam Reed")
        assert await objections(zoe.page) == []
        await zoe.page.keyboard.press("Escape")
        await town.post(place["id"], await town.token("sam"), "Then Saturday?")
        fold = zoe.page.locator("#messages details.fold")
        await expect(fold).to_have_count(1, timeout=WITHIN)
        await expect(fold.locator(".words")).to_be_hidden()
        await fold.locator("summary").click()
        await expect(fold.locator(".words")).to_have_text("Then Saturday?")
        assert await objections(zoe.page) == []
