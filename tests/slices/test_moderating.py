"""Moderation in real browsers over a whole installation: a student flags, a moderator clears the queue by keyboard."""

from contextlib import AsyncExitStack

from playwright.async_api import Browser, Page, expect

from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, talker
from tests.slices.town import Town

WITHIN = 15_000
HIDDEN = "This message is hidden."
DESK = "/c/pottery/studio/moderation"


async def flag(by: Talker, words: str, why: str) -> None:
    """Flag a message by its tools and the dialog."""
    said = by.page.locator("#messages .said", has_text=words)
    await said.hover()
    await said.locator("[data-act=flag]").click()
    await by.page.get_by_label(why).check()
    await by.page.get_by_role("button", name="Flag message").click()
    await expect(by.page.locator("#ask-flag")).to_be_hidden(timeout=WITHIN)


async def press(page: Page, key: str) -> None:
    """One key, once the page listens to it, and the page that follows."""
    await page.wait_for_load_state("networkidle")
    async with page.expect_navigation():
        await page.keyboard.press(key)


async def test_a_moderator_clears_the_queue_by_keyboard_and_everybody_sees_it(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with AsyncExitStack() as stack:
        sam, zoe, mia = [
            await stack.enter_async_context(talker(chromium, town, who, place["slug"])) for who in ("sam", "zoe", "mia")
        ]
        for who in (sam, zoe):
            await who.enter()
        await mia.who.visit(DESK)
        await expect(mia.page.get_by_text("Nothing waits")).to_be_visible()
        otto = await stack.enter_async_context(talker(chromium, town, "otto", place["slug"]))
        assert (await otto.who.fetch(DESK)).status == 403
        for words in ("Buy my clay", "Buy my glaze", "A kind word"):
            await sam.say(words)
            await zoe.reads(words)
        await flag(zoe, "Buy my clay", "Spam or advertising")
        # The case appears on an empty desk by itself.
        await expect(mia.page.locator(".case .subject")).to_contain_text("Buy my clay", timeout=WITHIN)
        await flag(zoe, "Buy my glaze", "Spam or advertising")
        await flag(zoe, "A kind word", "Attacks or insults people")
        await expect(mia.page.locator("#waiting")).to_have_text("3 cases wait", timeout=WITHIN)
        for scheme in SCHEMES:
            await mia.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await objections(mia.page) == []
        await otto.who.visit("/c/chess/studio/moderation")
        await expect(otto.page.get_by_text("Nothing waits")).to_be_visible()
        await press(mia.page, "h")
        await expect(zoe.page.locator("#m-1 .words")).to_have_text("This message is hidden.", timeout=WITHIN)
        await press(mia.page, "u")
        await expect(zoe.page.locator("#m-1 .words")).to_have_text("Buy my clay", timeout=WITHIN)
        await expect(mia.page.locator(".case .subject")).to_contain_text("Buy my clay", timeout=WITHIN)
        await press(mia.page, "h")
        await expect(mia.page.locator(".case .subject")).to_contain_text("Buy my glaze", timeout=WITHIN)
        await press(mia.page, "m")
        await expect(sam.page.locator("#muted")).to_contain_text("You are muted until", timeout=WITHIN)
        await expect(sam.page.locator("form.composer")).to_be_hidden()
        await press(mia.page, "d")
        await expect(zoe.page.locator("#m-2 .words")).to_have_text("This message was deleted.", timeout=WITHIN)
        await press(mia.page, "b")
        await expect(sam.banner).to_contain_text("banned from this channel: It attacks", timeout=10_000)
        await press(mia.page, "k")
        await expect(mia.page.get_by_text("Nothing waits")).to_be_visible()
        await sam.who.visit("/c/pottery/community/decisions")
        await expect(sam.page.get_by_role("button", name="Appeal").first).to_be_visible()
        assert await objections(sam.page) == []
        assert [who.who.complaints for who in (zoe, mia)] == [[], []]


async def test_a_case_is_free_once_its_moderator_looks_elsewhere_and_its_end_is_told(
    chromium: Browser, town: Town
) -> None:
    place = await town.place()
    async with AsyncExitStack() as stack:
        zoe, mia, ana = [
            await stack.enter_async_context(talker(chromium, town, who, place["slug"])) for who in ("zoe", "mia", "ana")
        ]
        await town.post(place["id"], await town.token("ben"), "Buy my clay")
        await zoe.enter()
        await flag(zoe, "Buy my clay", "Spam or advertising")
        await mia.who.visit(DESK)
        await mia.page.wait_for_load_state("networkidle")
        await ana.who.visit(DESK)
        await expect(ana.page.locator("#claim")).to_have_text("Mia Lindqvist is looking at this.")
        await mia.page.locator("#reason").focus()
        await mia.page.keyboard.press("Escape")
        await expect(mia.page.locator("#reason")).not_to_be_focused()
        await mia.who.visit("/c/pottery/people")
        await expect(ana.page.locator("#claim")).to_be_hidden(timeout=WITHIN)
        await mia.who.visit(DESK)
        await mia.page.wait_for_load_state("networkidle")
        await press(mia.page, "k")
        await expect(ana.page.locator("#claim")).to_have_text("This was decided already.", timeout=WITHIN)
        await expect(ana.page.get_by_role("button", name="Keep")).to_be_disabled()
        await press(mia.page, "u")
        await expect(ana.page.get_by_role("button", name="Keep")).to_be_enabled(timeout=WITHIN)
        assert [who.who.complaints for who in (mia, ana)] == [[], []]


async def test_where_only_teachers_write_a_student_reacts_and_flags(chromium: Browser, town: Town) -> None:
    place = await town.place("announcement")
    await town.post(place["id"], await town.token("ana"), "The kiln is hot")
    async with talker(chromium, town, "zoe", place["slug"]) as zoe:
        await zoe.enter()
        said = zoe.page.locator("#messages .said", has_text="The kiln is hot")
        await said.hover()
        await expect(said.locator("[data-act=reply]")).to_be_hidden()
        await said.locator(".acts [data-act=react]").click()
        await zoe.page.locator("#palette [data-emoji='🎉']").click()
        await expect(said.locator(".react[data-emoji]")).to_have_text(["🎉 1"], use_inner_text=True)
        await flag(zoe, "The kiln is hot", "Does not belong here")


async def test_raid_mode_silences_open_rooms_and_a_deletion_there_is_undone(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with AsyncExitStack() as stack:
        zoe, mia = [
            await stack.enter_async_context(talker(chromium, town, who, place["slug"])) for who in ("zoe", "mia")
        ]
        for who in (zoe, mia):
            await who.enter()
        await zoe.say("Buy my clay")
        await mia.reads("Buy my clay")
        said = mia.page.locator("#messages .said", has_text="Buy my clay")
        await said.hover()
        await said.locator("[data-act=delete]").click()
        await mia.page.get_by_label("Reason, told to the person").select_option("spam")
        await mia.page.get_by_role("button", name="Delete message").click()
        await expect(zoe.page.locator("#m-1 .words")).to_have_text("This message was deleted.", timeout=WITHIN)
        await mia.page.get_by_role("button", name="Undo").click()
        await expect(zoe.page.locator("#m-1 .words")).to_have_text("Buy my clay", timeout=WITHIN)
        await mia.who.visit(DESK)
        await mia.page.get_by_text("Raid mode").click()
        await mia.page.get_by_role("button", name="Switch it on").click()
        await expect(mia.page.locator("#raid")).to_contain_text("Raid mode is on until")
        await expect(zoe.page.locator("#slow")).to_contain_text("30 s", timeout=WITHIN)
        await mia.page.get_by_role("button", name="End it now").click()
        await expect(zoe.page.locator("#slow")).to_be_hidden(timeout=WITHIN)
        await mia.who.visit(f"{DESK}/filters")
        await mia.page.locator("summary", has_text="Words").click()
        await mia.page.get_by_label("Name", exact=True).first.fill("Scams")
        await mia.page.get_by_label("Words and phrases").fill("buy my clay")
        await mia.page.get_by_role("button", name="Try it on the last 30 days").first.click()
        await expect(mia.page.locator(".trial")).to_contain_text("would have caught")
        for scheme in SCHEMES:
            await mia.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await objections(mia.page) == []
        assert [who.who.complaints for who in (zoe, mia)] == [[], []]
