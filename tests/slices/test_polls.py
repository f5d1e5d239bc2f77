"""Polls in real browsers: asked, voted in by two at once and followed live; and all of it without scripts."""

from contextlib import AsyncExitStack

from playwright.async_api import Browser, Locator, expect

from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, talker
from tests.slices.town import CHANNEL, Town

HOSTILE = '<img src=x onerror="document.title=1">'


async def ask(who: Talker, question: str, *options: str, anonymous: bool = False) -> None:
    """Press the button beside the paperclip, and fill in what it opens."""
    await who.page.locator("#poll").click()
    form = who.page.locator("#ask-poll")
    await form.get_by_label("Question").fill(question)
    for n, text in enumerate(options, 1):
        await form.get_by_label(f"Option {n}", exact=True).fill(text)
    if anonymous:
        await form.get_by_label("Anonymous").check()
    await form.get_by_role("button", name="Ask").click()
    await expect(form).to_be_hidden()


def poll_of(who: Talker, question: str) -> Locator:
    """The poll of a message."""
    return who.page.locator("#messages .said", has_text=question).locator(".poll")


async def counts(poll: Locator, *expected: str) -> None:
    """Wait until the options have these counts."""
    await expect(poll.locator(".options .num")).to_have_text([f"{each}\u00a0%)" for each in expected], timeout=3_000)


async def test_two_vote_at_once_and_each_sees_the_others_vote(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with AsyncExitStack() as stack:
        sam, zoe = [
            await stack.enter_async_context(talker(chromium, town, who, place["slug"])) for who in ("sam", "zoe")
        ]
        for who in (sam, zoe):
            await who.enter()
        await ask(sam, "Which day?", "Tuesday", "Wednesday", HOSTILE)
        polls = [poll_of(who, "Which day?") for who in (sam, zoe)]
        for poll in polls:
            await expect(poll.locator(".options label")).to_have_text(["Tuesday", "Wednesday", HOSTILE])
            await expect(poll.locator("img")).to_have_count(0)
        for poll, option in zip(polls, ("Tuesday", "Wednesday"), strict=True):
            await poll.get_by_label(option).check()
        for poll in polls:
            await poll.get_by_role("button", name="Vote").click()
        for poll in polls:
            await counts(poll, "1 (50", "1 (50", "0 (0")
            await expect(poll.locator(".voters")).to_have_text("2 people voted")
        await expect(polls[0].get_by_label("Tuesday")).to_be_checked()
        await polls[1].get_by_label("Tuesday").focus()
        await zoe.page.keyboard.press("ArrowDown")
        await expect(polls[1].get_by_label("Wednesday")).to_be_checked()
        await polls[1].get_by_role("button", name="Take my vote back").click()
        for poll in polls:
            await counts(poll, "1 (100", "0 (0", "0 (0")
        await expect(polls[1].get_by_role("button", name="Close the poll")).to_be_hidden()
        for scheme in SCHEMES:
            await zoe.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await objections(zoe.page) == []
        sure = sam.page.locator("#ask-close")
        await polls[0].get_by_role("button", name="Close the poll").click()
        assert await objections(sam.page) == []
        await sure.get_by_role("button", name="Keep it open").click()
        await expect(polls[0].get_by_role("button", name="Close the poll")).to_be_focused()
        await expect(polls[1].locator(".over")).to_be_hidden()
        await polls[0].get_by_role("button", name="Close the poll").click()
        await sure.get_by_role("button", name="Close the poll").click()
        for poll in polls:
            await expect(poll.locator(".over")).to_be_visible()
            await expect(poll.get_by_role("button", name="Vote", exact=True)).to_be_hidden()
        await sam.enter()
        await expect(polls[0].get_by_label("Tuesday")).to_be_checked()
        await counts(polls[0], "1 (100", "0 (0", "0 (0")
        assert sam.who.complaints == zoe.who.complaints == []


async def test_the_form_of_a_poll_grows_and_is_read_by_all(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.enter()
        await sam.page.set_viewport_size({"width": 390, "height": 844})
        await sam.page.locator("#poll").click()
        form = sam.page.locator("#ask-poll")
        await expect(form.locator(".option:visible")).to_have_count(2)
        await form.get_by_label("Option 2", exact=True).fill("Wednesday")
        await expect(form.locator(".option:visible")).to_have_count(3)
        for scheme in SCHEMES:
            await sam.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await objections(sam.page) == []
        await form.get_by_label("Option 1", exact=True).fill("wednesday")
        await form.get_by_label("Question").fill("Which day?")
        await form.get_by_role("button", name="Ask").click()
        await expect(form.get_by_role("alert")).to_contain_text("Option 2: This is there already")
        await form.get_by_label("Option 1", exact=True).fill("Tuesday" * 40)
        await form.get_by_role("button", name="Ask").click()
        await expect(form.get_by_role("alert")).to_contain_text("Option 1: Write at most 200 characters.")
        await form.get_by_label("Option 1", exact=True).fill("Tuesday")
        await form.get_by_role("button", name="Ask").click()
        await expect(poll_of(sam, "Which day?")).to_be_visible()
        assert [each for each in sam.who.complaints if "422" not in each] == []


async def test_without_scripts_a_poll_is_asked_and_voted_in(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        plain = await chromium.new_context(
            java_script_enabled=False, storage_state=await sam.who.context.storage_state(), base_url=town.url
        )
        page = await plain.new_page()
        await page.goto(f"/c/{CHANNEL}/community/{place['slug']}")
        await page.locator("#poll").click()
        form = page.locator("#ask-poll")
        await form.get_by_label("Question").fill("Which day?")
        for n, text in enumerate(("Tuesday", "Wednesday"), 1):
            await form.get_by_label(f"Option {n}", exact=True).fill(text)
        await form.get_by_role("button", name="Ask").click()
        await page.get_by_label("Wednesday").check()
        await page.get_by_role("button", name="Vote", exact=True).click()
        await expect(page.locator(".options .num")).to_have_text(["0 (0\u00a0%)", "1 (100\u00a0%)"])
        await expect(page.get_by_label("Wednesday")).to_be_checked()
        await page.get_by_role("link", name="Who voted").click()
        await expect(page.get_by_role("link", name="Sam")).to_be_visible()
        await plain.close()
