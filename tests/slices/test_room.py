"""The room in real browsers over a whole installation: at once, in order and once each, whatever the network does."""

import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, gathered, talker
from tests.slices.town import Town
from tests.standins.proxy import without_tunnels
from tests.waiting import until

AWAY_MS = 3_000
FORBIDDEN = "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError') }})"
HANGING = "indexedDB.open = () => ({})"


@pytest.fixture
async def both(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[tuple[Talker, Talker]]:
    """Sam and Ana, both in the room."""
    async with gathered(chromium, town, place["slug"], "sam", "ana") as (sam, ana):
        yield sam, ana


async def test_own_words_are_there_before_the_server_has_heard_them(town: Town, both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    assert town.installation.kill("web", signal.SIGSTOP)
    try:
        await sam.say("Said to a server that stands still")
        await expect(sam.unsent).to_have_count(1, timeout=2_000)
        await expect(sam.unsent).to_contain_text("Said to a server that stands still")
        await expect(sam.unsent).to_contain_text("Sending…", use_inner_text=True)
        assert await sam.page.locator("#write").input_value() == ""
        assert [await sam.words(), await ana.words()] == [[], []]
    finally:
        town.installation.kill("web", signal.SIGCONT)
    for who in both:
        await who.reads("Said to a server that stands still")
    await expect(sam.unsent).to_have_count(0)


async def test_an_absence_is_said_and_made_good(town: Town, place: dict[str, Any], both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    await sam.say("before")
    for who in both:
        await who.reads("before")
    await sam.offline(offline=True)
    await ana.say("first of many")
    await ana.reads("first of many")
    token = await town.token("zoe")
    others = [f"meanwhile {n}" for n in range(120)]
    for words in others:
        await town.post(place["id"], token, words)
    await expect(sam.banner).to_be_visible()
    for words in ("mine, one", "mine, two"):
        await sam.say(words)
    await expect(sam.banner).to_contain_text("2 messages are kept")
    await sam.page.wait_for_timeout(AWAY_MS)
    assert await sam.words() == ["before"]
    waiting = [f"mine, {n} Waiting for the connection" for n in ("one", "two")]
    await expect(sam.unsent).to_have_text(waiting, use_inner_text=True)
    await sam.offline(offline=False)
    for who in both:
        await who.reads("mine, two", 45_000)
        assert await who.words() == ["before", "first of many", *others, "mine, one", "mine, two"]
        assert [one["seq"] for one in await who.shown()] == list(range(1, 125))
    await expect(sam.banner).to_be_hidden()
    await expect(sam.unsent).to_have_count(0)


async def test_what_was_written_offline_outlives_its_page_and_is_sent_once(
    place: dict[str, Any], town: Town, both: tuple[Talker, Talker]
) -> None:
    sam, ana = both
    await sam.offline(offline=True)
    for words in ("kept, one", "kept, two"):
        await sam.say(words)
    await expect(sam.unsent).to_have_count(2)
    await sam.page.wait_for_timeout(500)
    context = sam.who.context
    await sam.page.close()
    await sam.offline(offline=False)
    assert await ana.words() == []
    sam.who.page = await context.new_page()
    await sam.enter()
    for who in both:
        await who.reads("kept, two")
        assert await who.words() == ["kept, one", "kept, two"]
    await sam.enter()
    await sam.say("after")
    await ana.reads("after")
    held = await town.messages(place["id"], await town.token("sam"))
    assert [message["body"] for message in held] == ["kept, one", "kept, two", "after"]


@pytest.mark.parametrize("storage", [FORBIDDEN, HANGING], ids=["forbidden", "hanging"])
async def test_words_go_out_where_storage_does_not_work(both: tuple[Talker, Talker], storage: str) -> None:
    sam, _ = both
    await sam.page.add_init_script(storage)
    await sam.enter()
    for words in ("one", "two"):
        await sam.say(words)
    for who in both:
        await who.reads("two")
        assert await who.words() == ["one", "two"]
    assert sam.who.complaints == []


async def test_where_websockets_are_blocked_polling_carries_the_talk(
    chromium: Browser, town: Town, place: dict[str, Any], both: tuple[Talker, Talker]
) -> None:
    _, ana = both
    async with without_tunnels() as (proxy, seen), talker(chromium, town, "zoe", place["slug"], proxy) as zoe:
        await zoe.enter()
        await zoe.say("by post")
        await ana.reads("by post")
        await ana.say("and an answer")
        await zoe.reads("and an answer")
        assert await zoe.words() == ["by post", "and an answer"]
        assert any(one.startswith("CONNECT ") for one in seen)
        assert any(one.startswith("POST ") and "transport=polling" in one for one in seen)


async def test_where_websockets_are_swallowed_polling_is_next(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    swallowed: list[str] = []
    await sam.page.route_web_socket("**/socket.io/**", lambda socket: swallowed.append(socket.url))
    await sam.enter()
    await sam.say("by the other way")
    await ana.reads("by the other way", 30_000)
    await ana.say("and an answer")
    await sam.reads("and an answer")
    assert swallowed


async def test_what_was_heard_live_looks_as_it_does_after_a_reload(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    await ana.say("From the **owner**\n\n- one\n- two")
    await sam.reads("From the owner")
    await sam.say("From a student")
    await ana.reads("From a student")
    said = ana.page.locator("#messages .said", has_text="From a student")
    await said.hover()
    await said.locator(".acts [data-act=react]").click()
    await ana.page.locator("#palette button").first.click()
    for who in both:
        await expect(who.page.locator("#messages .react[data-emoji]")).to_have_text(["👍 1"], use_inner_text=True)
    live = [await who.shown() for who in both]
    for who in both:
        await who.enter()
    assert [await who.shown() for who in both] == live
    assert ["Owner" in one["head"] for one in live[0]] == [True, False]


async def test_a_message_that_was_refused_stays_says_why_and_can_be_dropped(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    await sam.say("A bell\u0007 that nobody may ring")
    await expect(sam.unsent).to_contain_text("Not sent. Leave out", use_inner_text=True)
    await sam.say("Something else")
    await ana.reads("Something else")
    await sam.enter()
    await expect(sam.unsent).to_contain_text("Not sent. Leave out", use_inner_text=True)
    await sam.unsent.get_by_role("button", name="Drop it").click()
    await expect(sam.unsent).to_have_count(0)

    async def dropped() -> bool:
        await sam.enter()
        return await sam.unsent.count() == 0

    await until(dropped)
    assert await ana.words() == ["Something else"]


async def test_a_message_that_was_refused_can_be_mended(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    await sam.say("A bell\u0007 that nobody may ring")
    await sam.unsent.get_by_role("button", name="Change it").click()
    await expect(sam.unsent).to_have_count(0)
    assert await sam.page.locator("#write").input_value() == "A bell\u0007 that nobody may ring"
    await sam.say("A bell that everybody may ring")
    await ana.reads("A bell that everybody may ring")
    await sam.enter()
    assert await sam.words() == ["A bell that everybody may ring"]
    await expect(sam.unsent).to_have_count(0)


async def test_the_tools_of_a_message_are_reached_without_a_mouse(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    for words in ("first", "second"):
        await ana.say(words)
        await sam.reads(words)
    await sam.page.locator("#write").focus()
    for key in ("ArrowUp", "ArrowUp", "Tab", "Enter", "Enter"):
        await sam.page.keyboard.press(key)
    for who in both:
        pressed = who.page.locator("#messages .said", has_text="first").locator(".react[data-emoji]")
        await expect(pressed).to_have_text(["👍 1"], use_inner_text=True)
    await sam.page.locator("#messages .said", has_text="first").press("ArrowDown")
    assert "second" in await sam.page.evaluate("document.activeElement.innerText")
    await sam.page.keyboard.press("ArrowDown")
    await expect(sam.page.locator("#write")).to_be_focused()


async def test_somebody_is_mentioned_by_keyboard_and_sees_it(both: tuple[Talker, Talker]) -> None:
    sam, ana = both
    field = sam.page.locator("#write")
    await field.press_sequentially("Thank you @an")
    await expect(sam.page.get_by_role("option")).to_have_count(1)
    await expect(field).to_have_attribute("aria-activedescendant", "write-called-0")
    await field.press("Enter")
    await field.press_sequentially("for the bowl")
    await field.press("Enter")
    for who in both:
        await who.reads("for the bowl")
        await expect(who.page.locator("#messages .mention")).to_have_text("@Ana Marsh")
    await expect(ana.page.locator("#messages .said.tome")).to_have_count(1)
    await expect(sam.page.locator("#messages .said.tome")).to_have_count(0)
    await ana.page.locator("#messages .said.tome [data-act=reply]").first.dispatch_event("click")
    await ana.say("You are welcome")
    for who in both:
        await expect(who.page.locator("#messages .said:not([hidden]) .replies:visible")).to_have_text("1 reply")
    await sam.page.locator("#messages .replies:visible").click()
    await expect(sam.page.locator("#messages .said .words")).to_have_count(2)


async def test_who_was_banned_is_told_why_and_writes_no_more(
    town: Town, place: dict[str, Any], both: tuple[Talker, Talker]
) -> None:
    sam, ana = both
    await sam.say("before")
    await ana.reads("before")
    owner = await town.token("ana")
    members = (await town.call("GET", "/channels/pottery/members", owner))["items"]
    ban = f"/channels/pottery/members/{next(each['id'] for each in members if each['name'] == 'Sam Reed')}/ban"
    await town.call("PUT", ban, owner, reason="too much glaze")
    try:
        await expect(sam.banner).to_contain_text("too much glaze", timeout=10_000)
        await expect(sam.page.locator("form.composer")).to_be_hidden()
        assert await sam.words() == ["before"]
    finally:
        await town.call("DELETE", ban, owner)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_a_room_in_trouble_is_well_on_every_screen(
    both: tuple[Talker, Talker], width: int, direction: str
) -> None:
    sam, ana = both
    await sam.page.set_viewport_size({"width": width, "height": 900})
    await ana.say("```\n" + "a_long_line_of_code(that, wraps) " * 9 + "\n```")
    await ana.say("https://example.org/" + "withoutabreak" * 20)
    await sam.say("A bell\u0007 that nobody may ring")
    await expect(sam.unsent).to_contain_text("Not sent. Leave out", use_inner_text=True)
    await sam.offline(offline=True)
    await sam.say("https://example.org/" + "withoutabreak" * 20)
    await expect(sam.banner).to_contain_text("1 message is kept")
    await sam.page.evaluate(f"document.documentElement.dir = '{direction}'")
    await expect(sam.unsent).to_have_count(2)
    for scheme in SCHEMES:
        await sam.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await objections(sam.page) == []
    wider = "[...document.querySelectorAll('.talk *')].filter(each => each.scrollWidth > each.clientWidth + 1 &&"
    wider += " getComputedStyle(each).overflowX === 'auto').map(each => each.outerHTML.slice(0, 80))"
    assert await sam.page.evaluate(wider) == []
    assert await sam.page.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width, width]
