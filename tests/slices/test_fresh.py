"""Pages of rows that stand open: what is taken away goes from them at once, what comes is there, and focus stays."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.slices.talking import talker
from tests.slices.town import CHANNEL, Town
from tests.waiting import until

# What the house promises for withdrawn words, and a busy machine's time to draw the page.
WITHIN = 15_000
NAMES = {"sam": "Sam", "zoe": "Zoë"}


async def said(town: Town, room: str, who: str, body: str) -> str:
    """Somebody says something; the message."""
    path = f"/channels/{CHANNEL}/rooms/{room}/messages"
    made = await town.call("POST", path, await town.token(who), client_id=str(uuid4()), body=body)
    return str(made["id"])


async def act(town: Town, kind: str, message: str) -> str:
    """A moderator acts on a message; the act."""
    given = {"kind": kind, "reason": "abuse", "message": message}
    return str(
        (await town.call("POST", f"/channels/{CHANNEL}/moderation/acts", await town.token("mia"), **given))["id"]
    )


async def undo(town: Town, made: str) -> None:
    """And takes it back."""
    await town.call("PUT", f"/channels/{CHANNEL}/moderation/acts/{made}/undone", await town.token("mia"))


async def opened(page: Page, town: Town, path: str) -> Page:
    """A page, once it hears what happens: as soon as the wire stands it is drawn once more."""
    async with page.expect_request(lambda asked: asked.resource_type == "xhr" and asked.url.endswith(path)):
        await page.goto(f"{town.url}/c/{CHANNEL}{path}")
    return page


def row(page: Page, words: str) -> Locator:
    return page.locator("[data-key]", has_text=words)


@pytest.mark.parametrize("kind", ["hide", "delete"])
async def test_words_taken_away_leave_every_open_list_of_them_and_come_back(
    chromium: Browser, town: Town, place: dict[str, Any], kind: str
) -> None:
    word = f"celadon{uuid4().hex[:8]}"
    message = await said(town, place["id"], "zoe", f"{word} is cheap")
    about, ana, sam = f"/channels/{CHANNEL}/messages/{message}", await town.token("ana"), await town.token("sam")
    await town.call("PUT", f"{about}/pin", ana)
    await town.call("PUT", f"{about}/bookmark", sam)
    await indexed(town, word)
    lists = ["/saved", f"/community/{place['slug']}/pins", f"/search?q={word}"]
    async with talker(chromium, town, "sam", place["slug"]) as reader:
        tabs = [await opened(await reader.who.context.new_page(), town, path) for path in lists]
        for tab in tabs:
            await expect(row(tab, word)).to_have_count(1)
        made = await act(town, kind, message)
        for tab in tabs:
            await expect(row(tab, word)).to_have_count(0, timeout=WITHIN)
        await expect(tabs[0].locator("main")).to_contain_text("This message has no words any more.")
        await undo(town, made)
        for tab in tabs[:2]:
            await expect(row(tab, word)).to_have_count(1, timeout=WITHIN)


async def test_a_notice_that_was_read_loses_the_words_that_were_taken_away(
    chromium: Browser, town: Town, place: dict[str, Any]
) -> None:
    word = f"celadon{uuid4().hex[:8]}"
    message = await said(town, place["id"], "zoe", f"<@{await me(town, 'sam')}> {word} is cheap")
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        page = await opened(sam.page, town, "/notices")
        await page.get_by_role("button", name="Mark all as read").click()
        await expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
        page = await opened(page, town, "/notices")
        await expect(row(page, word)).to_have_count(1)
        await act(town, "hide", message)
        await expect(row(page, word)).to_have_count(0, timeout=WITHIN)
        await expect(page.locator(f"[data-message='{message}']")).to_contain_text("The message was taken away.")


async def me(town: Town, who: str) -> str:
    """Somebody's id in the channel."""
    people = await town.call("GET", f"/channels/{CHANNEL}/people?limit=100", await town.token("ana"))
    return str(next(each["id"] for each in people["items"] if each["name"].startswith(NAMES[who])))


async def indexed(town: Town, word: str) -> None:
    """Wait until a search finds a word."""
    token = await town.token("sam")

    async def found() -> bool:
        return bool((await town.call("GET", f"/channels/{CHANNEL}/search?q={word}", token))["items"])

    await until(found, 30)


async def test_a_row_that_comes_or_goes_takes_the_focus_from_no_other(
    chromium: Browser, town: Town, place: dict[str, Any]
) -> None:
    token = await town.token("sam")
    kept = [await said(town, place["id"], "zoe", f"{word} is fired") for word in ("One", "Two", "Three")]
    for message in kept[:2]:
        await town.call("PUT", f"/channels/{CHANNEL}/messages/{message}/bookmark", token)
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        page = await opened(sam.page, town, "/saved")
        button = row(page, "One is fired").get_by_role("button")
        await button.focus()
        await town.call("PUT", f"/channels/{CHANNEL}/messages/{kept[2]}/bookmark", token)
        await expect(row(page, "Three is fired")).to_have_count(1, timeout=WITHIN)
        await expect(button).to_be_focused()
        await town.call("DELETE", f"/channels/{CHANNEL}/messages/{kept[1]}/bookmark", token)
        await expect(row(page, "Two is fired")).to_have_count(0, timeout=WITHIN)
        await expect(button).to_be_focused()
        words = await page.locator("[data-key] .words").all_inner_texts()
        assert words[:2] == ["Three is fired", "One is fired"]
        await town.call("DELETE", f"/channels/{CHANNEL}/messages/{kept[0]}/bookmark", token)
        await expect(page.get_by_role("heading", level=1)).to_be_focused(timeout=WITHIN)
        assert sam.who.complaints == []


async def test_conversations_come_into_the_open_list_of_them(chromium: Browser, town: Town) -> None:
    async with talker(chromium, town, "zoe", "") as zoe:
        page = await opened(zoe.page, town, "/direct")
        await page.get_by_label("Whom").fill("Half a na")
        rung = await page.locator("[data-bell] .num").inner_text()
        room = await town.call(
            "POST", f"/channels/{CHANNEL}/direct", await town.token("mia"), members=[await me(town, "zoe")]
        )
        words = f"May I ask you something, {uuid4()}?"
        await town.post(room["id"], await town.token("mia"), words)
        asks = page.locator(f"[data-key='{room['id']}']")
        await expect(asks).to_have_count(1, timeout=WITHIN)
        await expect(page.locator("[data-bell] .num")).not_to_have_text(rung)
        await expect(page.get_by_label("Whom")).to_have_value("Half a na")


async def test_who_is_banned_reads_it_on_whatever_page_is_open(
    chromium: Browser, town: Town, place: dict[str, Any]
) -> None:
    async with talker(chromium, town, "zoe", place["slug"]) as zoe:
        page = await opened(zoe.page, town, "/saved")
        until_then = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        given = {"kind": "ban", "reason": "abuse", "member": await me(town, "zoe"), "until": until_then}
        made = await town.call("POST", f"/channels/{CHANNEL}/moderation/acts", await town.token("mia"), **given)
        try:
            await expect(page.locator("main")).to_contain_text("banned", timeout=WITHIN)
        finally:
            await undo(town, made["id"])


async def look(page: Page, *, away: bool) -> None:
    """Another tab comes before this one, or goes."""
    await page.evaluate(
        """away => {
            Object.defineProperty(document, "hidden", { value: away, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        away,
    )


async def test_a_tab_that_nobody_looks_at_hears_nothing_and_is_right_when_they_come_back(
    chromium: Browser, town: Town, place: dict[str, Any]
) -> None:
    message = await said(town, place["id"], "zoe", "Feldspar is in")
    await town.call("PUT", f"/channels/{CHANNEL}/messages/{message}/bookmark", await town.token("sam"))
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.page.clock.install()
        async with sam.page.expect_websocket() as wire:
            page = await opened(sam.page, town, "/saved")
        await look(page, away=True)
        await page.clock.fast_forward(28_000)
        assert not (await wire.value).is_closed(), "who is away for a moment stays connected"
        async with (await wire.value).expect_event("close", timeout=5_000):
            await page.clock.fast_forward(4_000)
        await act(town, "hide", message)
        await look(page, away=False)
        await expect(row(page, "Feldspar is in")).to_have_count(0, timeout=WITHIN)
