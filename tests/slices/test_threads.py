"""Threads beside their room, in real browsers: live, in order and once each, at an address of their own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.server.web.gallery import SCHEMES
from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, gathered, talker
from tests.slices.town import CHANNEL, Town

API = f"/channels/{CHANNEL}"


@pytest.fixture
async def three(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[tuple[Talker, Talker, Talker]]:
    """Sam at two devices, and Ana, all in the room."""
    async with gathered(chromium, town, place["slug"], "sam", "sam", "ana") as (desk, phone, ana):
        yield desk, phone, ana


def beside(who: Talker) -> Locator:
    """The thread beside the room."""
    return who.page.locator(".beside")


async def replies(thread: Locator) -> list[str]:
    """The words of each reply that a thread shows, in the order in which they stand there."""
    return await thread.locator(".said-here .said[data-seq] .words").all_inner_texts()


async def answer(thread: Locator, words: str) -> None:
    """Write in a thread and press Enter."""
    field = thread.locator("form.composer textarea")
    await field.fill(words)
    await field.press("Enter")


async def open_beside(who: Talker, words: str) -> Locator:
    """Open the thread of a message from its tools."""
    said = who.page.locator("main .said", has_text=words).first
    # Held by the focus, for what comes meanwhile moves the message from under the pointer.
    await said.evaluate("one => { one.tabIndex = -1; one.focus(); }")
    await said.get_by_role("button", name="Reply in thread").click()
    thread = beside(who)
    await expect(thread.locator(".rootof .said")).to_contain_text(words)
    return thread


async def test_a_thread_is_answered_beside_its_room_by_many_at_once(
    town: Town, place: dict[str, Any], three: tuple[Talker, Talker, Talker]
) -> None:
    desk, _, ana = three
    await ana.say("Which clay?")
    for who in three:
        await who.reads("Which clay?")
    room = desk.page.url
    here = await open_beside(desk, "Which clay?")
    assert desk.page.url == f"{room}/t/1"
    await answer(here, "Stoneware")
    await expect(here.locator(".said-here .said[data-seq] .words")).to_have_text(["Stoneware"])
    there = await open_beside(ana, "Which clay?")
    await expect(there.locator(".said-here .said[data-seq] .words")).to_have_text(["Stoneware"])
    for n in range(3):
        await answer(there, f"Ana {n}")
        await answer(here, f"Sam {n}")
    await ana.say("Beside the thread")
    for thread in (here, there):
        await expect(thread.locator(".said-here .said[data-seq]")).to_have_count(7)
        await expect(thread.locator(".pending")).to_have_count(0)
    assert await replies(here) == await replies(there)
    seqs = await here.locator(".said-here .said").evaluate_all("all => all.map(one => Number(one.dataset.seq))")
    assert seqs == sorted(set(seqs))
    theirs = here.locator(".said-here .said", has_text="Ana 1")
    own = there.locator(".said-here .said", has_text="Ana 1")
    await own.hover()
    await own.get_by_role("button", name="Edit").click()
    await own.locator(".editing textarea").fill("Ana, said better")
    await own.locator(".editing textarea").press("Enter")
    await expect(here.get_by_text("Ana, said better")).to_be_visible()
    await expect(theirs).to_have_count(0)
    better = here.locator(".said-here .said", has_text="said better")
    await better.hover()
    await better.get_by_role("button", name="React").first.click()
    await desk.page.get_by_role("button", name="🎉").click()
    for who in (desk, ana):
        for part in ("main", ".beside"):
            await expect(who.page.locator(f"{part} .said", has_text="said better").locator(".react .num")).to_have_text(
                "1"
            )
    mine = there.locator(".said-here .said", has_text="Ana 2")
    await mine.hover()
    await mine.get_by_role("button", name="Delete").click()
    await ana.page.get_by_role("button", name="Delete message").click()
    await expect(here.locator(".said.gone")).to_have_text("This message was deleted.", use_inner_text=True)
    await desk.page.keyboard.press("Escape")
    await expect(beside(desk)).to_have_count(0)
    assert desk.page.url == room
    assert await desk.words() == await ana.words()
    await ana.page.go_back()
    await expect(beside(ana)).to_have_count(0)
    await ana.page.go_forward()
    await expect(beside(ana).locator(".said-here .said")).to_have_count(7)


async def test_an_absence_is_made_good_in_the_thread(
    town: Town, place: dict[str, Any], three: tuple[Talker, Talker, Talker]
) -> None:
    desk, _, ana = three
    await ana.say("Which clay?")
    await desk.reads("Which clay?")
    here, there = await open_beside(desk, "Which clay?"), await open_beside(ana, "Which clay?")
    await answer(there, "before")
    await expect(here.get_by_text("before")).to_be_visible()
    await desk.offline(offline=True)
    await expect(desk.banner).to_be_visible()
    await answer(here, "mine")
    await expect(here.locator(".pending")).to_contain_text("Waiting for the connection", use_inner_text=True)
    for n in range(3):
        await answer(there, f"meanwhile {n}")
    said = there.locator(".said-here .said", has_text="before")
    await said.hover()
    await said.get_by_role("button", name="Edit").click()
    await said.locator(".editing textarea").fill("before, said better")
    await said.locator(".editing textarea").press("Enter")
    await expect(there.get_by_text("said better")).to_be_visible()
    await desk.offline(offline=False)
    expected = ["before, said better", *(f"meanwhile {n}" for n in range(3)), "mine"]
    for thread in (here, there):
        await expect(thread.locator(".said-here .said[data-seq] .words")).to_have_text(expected, timeout=30_000)
        await expect(thread.locator(".pending")).to_have_count(0)


async def test_what_is_refused_is_tried_again_from_the_thread(
    town: Town, place: dict[str, Any], three: tuple[Talker, Talker, Talker]
) -> None:
    desk, _, ana = three
    await ana.say("Which clay?")
    await desk.reads("Which clay?")
    here = await open_beside(desk, "Which clay?")
    owner = await town.token("ana")
    await town.call("PUT", f"{API}/rooms/{place['id']}/archive", owner)
    await answer(here, "Stoneware")
    failed = here.locator(".pending.failed")
    await expect(failed).to_contain_text("Not sent.", use_inner_text=True)
    await town.call("DELETE", f"{API}/rooms/{place['id']}/archive", owner)
    await failed.get_by_role("button", name="Send again").click()
    await expect(here.locator(".said-here .said[data-seq] .words")).to_have_text(["Stoneware"])


async def test_what_is_read_at_one_device_is_read_at_the_other(
    town: Town, place: dict[str, Any], three: tuple[Talker, Talker, Talker]
) -> None:
    desk, phone, ana = three
    waiting = [who.page.locator("#threadswaiting") for who in (desk, phone)]
    before = await waiting[0].get_by_text("with unread").count() and int(await waiting[0].locator(".num").inner_text())
    await desk.say("Which clay?")
    await ana.reads("Which clay?")
    there = await open_beside(ana, "Which clay?")
    await answer(there, "Stoneware")
    for badge in waiting:
        await expect(badge.locator(".num")).to_have_text(str(before + 1))
    here = await open_beside(desk, "Which clay?")
    await expect(here.get_by_text("Stoneware")).to_be_visible()
    for badge in waiting:
        await expect(badge.locator(".num")).to_have_text(str(before))
    other = await open_beside(phone, "Which clay?")
    await expect(other.get_by_role("button", name="Follow no more")).to_be_visible()
    await here.get_by_role("button", name="Follow no more").click()
    for thread in (here, other):
        await expect(thread.get_by_role("button", name="Follow", exact=True)).to_be_visible()


async def test_the_page_of_a_thread_is_as_live_as_the_thread_beside_its_room(
    town: Town, place: dict[str, Any], three: tuple[Talker, Talker, Talker]
) -> None:
    desk, _, ana = three
    await ana.say("Which clay?")
    await desk.reads("Which clay?")
    there = await open_beside(ana, "Which clay?")
    await answer(there, "Stoneware")
    await expect(there.locator(".said-here .said[data-seq]")).to_have_count(1)
    await desk.who.visit(f"/c/{CHANNEL}/community/{place['slug']}/t/1")
    page = desk.page.locator("main")
    await expect(desk.page.locator("#online .here")).to_have_class("here on", timeout=15_000)
    await ana.say("Beside the thread")
    await answer(there, "or porcelain")
    await expect(page.get_by_text("or porcelain")).to_be_visible()
    await answer(page, "Thank you")
    for thread in (page, there):
        words = thread.locator(".said-here .said[data-seq] .words")
        await expect(words).to_have_text(["Stoneware", "or porcelain", "Thank you"])
        await expect(thread.locator(".pending")).to_have_count(0)
    await desk.offline(offline=True)
    await expect(desk.banner).to_be_visible()
    await answer(page, "and glaze")
    await answer(there, "none")
    await expect(there.locator(".said-here .said[data-seq]")).to_have_count(4)
    await desk.offline(offline=False)
    for thread in (page, there):
        words = thread.locator(".said-here .said[data-seq] .words")
        await expect(words).to_have_text(
            ["Stoneware", "or porcelain", "Thank you", "none", "and glaze"], timeout=30_000
        )
    await desk.page.reload()
    await expect(page.locator(".said-here .said[data-seq]")).to_have_count(5)
    await desk.page.get_by_role("button", name="Follow no more").click()
    await expect(desk.page.get_by_role("button", name="Follow", exact=True)).to_be_visible()
    await desk.page.get_by_role("link", name="Back to the room").click()
    await expect(desk.page.locator("main .said", has_text="Beside the thread")).to_be_visible()


async def test_what_moderators_hide_and_bring_back_is_so_in_the_thread_too(
    town: Town, three: tuple[Talker, Talker, Talker], chromium: Browser
) -> None:
    desk, _, ana = three
    await ana.say("Which clay?")
    await desk.reads("Which clay?")
    async with talker(chromium, town, "zoe", desk.room) as zoe:
        await zoe.enter()
        await zoe.reads("Which clay?")
        here, there = await open_beside(desk, "Which clay?"), await open_beside(zoe, "Which clay?")
        await answer(there, "Buy mine")
        said = here.locator(".said-here .said[data-seq]")
        await expect(said.locator(".words")).to_have_text(["Buy mine"])
        message = await said.get_attribute("data-id")
        owner = await town.token("ana")
        hide = {"kind": "hide", "message": message, "reason": "spam"}
        act = await town.call("POST", f"{API}/moderation/acts", owner, **hide)
        for thread in (here, there):
            await expect(thread.locator(".said-here .said.gone .words")).to_contain_text("This message is hidden.")
        await town.call("PUT", f"{API}/moderation/acts/{act['id']}/undone", owner)
        for thread in (here, there):
            await expect(thread.locator(".said-here .said[data-seq] .words")).to_have_text(["Buy mine"])


async def test_a_file_for_the_thread_is_not_one_for_the_room(
    town: Town, three: tuple[Talker, Talker, Talker], tmp_path: Path
) -> None:
    desk, _, ana = three
    await ana.say("Which clay?")
    await desk.reads("Which clay?")
    here = await open_beside(desk, "Which clay?")
    note = tmp_path / "glaze.txt"
    note.write_text("Two parts of ash")
    async with desk.page.expect_file_chooser() as chooser:
        await here.get_by_role("button", name="Attach files").click()
    await (await chooser.value).set_files(note)
    await expect(here.locator(".chips li.done")).to_have_count(1, timeout=20_000)
    await expect(desk.page.locator("main .chips li")).to_have_count(0)
    await answer(here, "like this")
    there = await open_beside(ana, "Which clay?")
    await expect(there.locator(".said-here .filerow")).to_contain_text("glaze.txt", timeout=20_000)
    await expect(here.locator(".chips li")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1440])
async def test_a_thread_is_opened_and_left_by_keys_alone_and_nothing_of_it_is_objected_to(
    town: Town, three: tuple[Talker, Talker, Talker], width: int
) -> None:
    desk, _, ana = three
    await ana.say("Which clay?")
    await desk.reads("Which clay?")
    await desk.page.set_viewport_size({"width": width, "height": 900})
    await desk.page.locator("#write").focus()
    await desk.page.keyboard.press("ArrowUp")
    for _ in range(20):
        await desk.page.keyboard.press("Tab")
        if await desk.page.evaluate("document.activeElement.dataset.act") == "thread":
            break
    await desk.page.keyboard.press("Enter")
    thread = beside(desk)
    await expect(thread.locator("textarea[name=body]")).to_be_focused()
    await desk.page.keyboard.type("By keys alone")
    await desk.page.keyboard.press("Enter")
    await expect(thread.locator(".said-here .said[data-seq] .words")).to_have_text(["By keys alone"])
    assert await desk.page.evaluate("innerWidth") == width
    for scheme in SCHEMES:
        await desk.page.emulate_media(color_scheme=scheme)
        assert await objections(desk.page) == []
    await desk.page.keyboard.press("Escape")
    await expect(thread).to_have_count(0)
    assert await desk.page.evaluate("document.activeElement.dataset.act") == "thread"
