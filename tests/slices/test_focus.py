"""The keyboard in a real browser: what takes its own button away leaves the focus on the message it was about."""

from playwright.async_api import Browser, Locator, expect

from tests.slices.talking import Talker, talker
from tests.slices.test_polls import ask
from tests.slices.town import Town


async def press(said: Locator, act: str) -> None:
    """Press a tool of a message by the keyboard."""
    await said.hover()
    await said.locator(f".acts [data-act={act}]").focus()
    await said.page.mouse.move(0, 0)
    await said.page.keyboard.press("Enter")


def row(who: Talker, words: str) -> Locator:
    """A message of the room."""
    return who.page.locator("#messages .said[data-seq]", has_text=words)


async def test_the_focus_stays_on_the_message_that_was_acted_on(chromium: Browser, town: Town) -> None:
    place = await town.place()
    await town.post(place["id"], await town.token("zoe"), "Whose glaze is this?")
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.enter()
        page = sam.page
        await press(row(sam, "Whose glaze"), "flag")
        await page.get_by_label("Something else").check()
        await page.locator("#flag-words").fill("It is mine")
        await page.get_by_role("button", name="Flag message").press("Enter")
        await expect(page.locator("#ask-flag")).to_be_hidden()
        await expect(row(sam, "Whose glaze")).to_be_focused()
        await ask(sam, "Which day?", "Tuesday", "Wednesday")
        await row(sam, "Which day?").get_by_role("button", name="Close the poll").press("Enter")
        await page.locator("#ask-close").get_by_role("button", name="Close the poll").press("Enter")
        await expect(row(sam, "Which day?").get_by_role("button", name="Close the poll")).to_be_hidden()
        await expect(row(sam, "Which day?")).to_be_focused()
        await sam.say("Mine")
        await sam.reads("Mine")
        await press(row(sam, "Mine"), "edit")
        await page.keyboard.press("Escape")
        await expect(row(sam, "Mine")).to_be_focused()
        await press(row(sam, "Mine"), "delete")
        await page.get_by_role("button", name="Delete message").press("Enter")
        await expect(row(sam, "This message was deleted.")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#write")).to_be_focused()


async def test_what_is_read_anew_takes_nothing_from_the_hand(chromium: Browser, town: Town) -> None:
    place = await town.place()
    zoe = await town.token("zoe")
    said = await town.post(place["id"], zoe, "The **glaze** by `cone 6`:\n\n> dry\n\nsee https://clay.example/ @Sam")
    await town.react(said, zoe, "👍")
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.enter()
        words, reaction = row(sam, "The glaze").locator(".words"), row(sam, "The glaze").locator("[data-emoji]")
        await words.evaluate("words => getSelection().selectAllChildren(words)")
        marked = await sam.page.evaluate("String(getSelection())")
        assert "glaze" in marked
        await reaction.focus()
        await sam.offline(offline=True)
        await expect(sam.banner).to_be_visible(timeout=30_000)
        await town.react(said, await town.token("ana"), "👍")
        await sam.offline(offline=False)
        await expect(reaction).to_contain_text("2", timeout=45_000)
        await expect(reaction).to_be_focused()
        assert await sam.page.evaluate("String(getSelection())") == marked
