"""Who may not write any longer keeps what they had begun: to read and to copy, to go on with when they may again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, WebSocketRoute, expect

from cli.demo.world import PASSWORD
from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, gathered, talker
from tests.slices.town import CHANNEL, Town

WITHIN = 15_000
BEGUN = "Half a sentence about the ki"


@pytest.fixture
async def zoe(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[Talker]:
    """Zoe, who has begun to write in the room."""
    async with gathered(chromium, town, place["slug"], "zoe") as (zoe,):
        await zoe.page.locator("#write").press_sequentially(BEGUN)
        yield zoe


async def act(town: Town, who: Talker, kind: str, until: timedelta) -> str:
    """A moderator acts against somebody for so long; the act."""
    token, member = await town.token("mia"), await who.page.locator("main").get_attribute("data-me")
    given = {"kind": kind, "reason": "abuse", "member": member, "until": (datetime.now(UTC) + until).isoformat()}
    return str((await town.call("POST", f"/channels/{CHANNEL}/moderation/acts", token, **given))["id"])


async def undo(town: Town, made: str) -> None:
    """And takes it back."""
    await town.call("PUT", f"/channels/{CHANNEL}/moderation/acts/{made}/undone", await town.token("mia"))


async def only_reads(page: Page, words: str = BEGUN) -> None:
    """The words stand there, can be copied, and are not sent by any key or button."""
    field = page.locator("#write")
    await expect(field).to_be_visible(timeout=WITHIN)
    await expect(field).not_to_be_editable()
    await expect(field).to_have_value(words)
    await expect(page.locator("main form.composer").get_by_role("button", name="Send")).to_be_hidden()
    await field.press("ControlOrMeta+a")
    assert await page.evaluate("getSelection().toString() || document.activeElement.value") == words
    await field.press("Enter")
    await expect(field).to_have_value(words)
    await expect(page.locator("main .outgoing .said")).to_have_count(0)


async def test_a_mute_leaves_what_was_begun_and_its_end_gives_it_back(town: Town, zoe: Talker) -> None:
    page = zoe.page
    made = await act(town, zoe, "mute", timedelta(hours=1))
    await expect(page.locator("#muted")).to_contain_text("You are muted until", timeout=WITHIN)
    await only_reads(page)
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await objections(page) == []
    await zoe.enter()
    await only_reads(page)
    await undo(town, made)
    await expect(page.locator("#write")).to_be_editable(timeout=WITHIN)
    await expect(page.locator("#muted")).to_be_hidden()
    await page.locator("#write").press("End")
    await page.locator("#write").press_sequentially("ln")
    await page.keyboard.press("Enter")
    await zoe.reads(f"{BEGUN}ln")


async def test_a_mute_that_runs_out_gives_the_field_back_by_itself(town: Town, zoe: Talker) -> None:
    await act(town, zoe, "mute", timedelta(seconds=6))
    await only_reads(zoe.page)
    await expect(zoe.page.locator("#write")).to_be_editable(timeout=WITHIN)
    await expect(zoe.page.locator("#write")).to_have_value(BEGUN)
    await zoe.page.locator("#write").press("Enter")
    await zoe.reads(BEGUN)


async def test_an_empty_field_goes_away_for_as_long_as_one_is_muted(town: Town, zoe: Talker) -> None:
    await zoe.page.locator("#write").fill("")
    made = await act(town, zoe, "mute", timedelta(hours=1))
    await expect(zoe.page.locator("form.composer")).to_be_hidden(timeout=WITHIN)
    await undo(town, made)
    await expect(zoe.page.locator("form.composer")).to_be_visible(timeout=WITHIN)


async def test_who_is_signed_out_finds_their_words_again_by_signing_in(town: Town, zoe: Talker) -> None:
    page = zoe.page
    await expect(page.locator(".side [aria-current=page] .drafted")).to_be_visible(timeout=WITHIN)
    # What is written last does not come to the server any more.
    await page.route("**/draft", lambda route: route.abort())
    await page.locator("#write").press_sequentially("ln")
    tab = await zoe.who.context.new_page()
    await tab.goto(f"{town.url}/me")
    await tab.get_by_role("button", name="Sign out", exact=True).first.click()
    await expect(zoe.banner).to_contain_text("You are signed out.", timeout=WITHIN)
    await expect(zoe.banner.get_by_role("button")).to_be_hidden()
    await only_reads(page, f"{BEGUN}ln")
    assert await objections(page) == []
    await page.unroute("**/draft")
    await zoe.banner.get_by_role("link", name="Sign in").click()
    await zoe.who.write(email=zoe.who.email, password=PASSWORD)
    await zoe.who.press("Sign in")
    assert page.url.endswith(f"/community/{zoe.room}")
    await expect(page.locator("#write")).to_have_value(f"{BEGUN}ln")
    await expect(page.locator("main .otherdraft")).to_be_hidden()
    await page.locator("#write").press("Enter")
    await zoe.reads(f"{BEGUN}ln")


async def test_who_is_banned_reads_why_above_their_words(town: Town, zoe: Talker) -> None:
    made = await act(town, zoe, "ban", timedelta(hours=1))
    try:
        await expect(zoe.banner).to_contain_text("banned from this channel", timeout=WITHIN)
        await only_reads(zoe.page)
        await expect(zoe.banner.get_by_role("link", name="Sign in")).to_be_hidden()
    finally:
        await undo(town, made)


async def test_a_server_that_is_away_is_not_called_ones_own_network(
    chromium: Browser, town: Town, place: dict[str, Any]
) -> None:
    async with AsyncExitStack() as stack:
        sam = await stack.enter_async_context(talker(chromium, town, "sam", place["slug"]))
        lines: list[WebSocketRoute] = []
        away = False

        def line(socket: WebSocketRoute) -> None:
            if not away:
                socket.connect_to_server()
            lines.append(socket)

        async def refuse(route: Route) -> None:
            await (route.abort("connectionrefused") if away else route.continue_())

        await sam.page.route_web_socket("**/socket.io/**", line)
        await sam.page.route("**/socket.io/**", refuse)
        await sam.enter()
        away = True
        await lines[-1].close()
        await expect(sam.banner).to_contain_text("The school has not answered since", timeout=WITHIN)
        await sam.say("kept meanwhile")
        await expect(sam.banner).to_contain_text("1 message is kept")
        await sam.offline(offline=True)
        await expect(sam.banner).to_contain_text("You are offline", timeout=WITHIN)
        await sam.offline(offline=False)
        away = False
        # The page may come back by itself before a hand could press: the button is pressed wherever it is by then.
        await sam.banner.get_by_role("button", name="Try now", include_hidden=True).evaluate("button => button.click()")
        await sam.reads("kept meanwhile")
        await expect(sam.banner).to_be_hidden()
