"""Files that were uploaded for a message stay with its words: after a reload, at another device, until it is sent."""

from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, Locator, expect

from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, talker
from tests.slices.test_files import WITHIN, pick
from tests.slices.town import CHANNEL, Town
from tests.waiting import until


def chips(who: Talker) -> Locator:
    """The files that go into the next message."""
    return who.page.locator("#chips li.done bdi")


async def test_files_of_a_message_that_was_not_sent_are_there_again(
    chromium: Browser, town: Town, tmp_path: Path
) -> None:
    place = await town.place()
    glaze, ash = tmp_path / "glaze.txt", tmp_path / "ash.txt"
    for file in (glaze, ash):
        file.write_bytes(b"Two parts of ash")
    async with AsyncExitStack() as stack:
        desk, phone = [await stack.enter_async_context(talker(chromium, town, "sam", place["slug"])) for _ in range(2)]
        for who in (desk, phone):
            await who.arrive()
        async with desk.page.expect_response(lambda answer: answer.url.endswith("/attachments")) as begun:
            await pick(desk, glaze)
        gone = (await (await begun.value).json())["id"]
        await pick(desk, ash)
        await expect(chips(desk)).to_have_text(["glaze.txt", "ash.txt"], timeout=WITHIN)
        await expect(chips(phone)).to_have_text(["glaze.txt", "ash.txt"], timeout=WITHIN)
        await desk.page.locator("#write").press_sequentially("My glazes")
        await expect(phone.page.locator("#write")).to_have_value("My glazes", timeout=WITHIN)
        await desk.enter()
        await expect(chips(desk)).to_have_text(["glaze.txt", "ash.txt"], timeout=WITHIN)
        await expect(desk.page.locator("#write")).to_have_value("My glazes")
        assert await objections(desk.page) == []
        # One is swept meanwhile.
        own = f"/channels/{CHANNEL}/attachments/{gone}"
        await town.call("DELETE", own, await town.token("sam"))

        async def swept() -> bool:
            return (await desk.who.fetch(f"/api/v1{own}")).status == 404

        await until(swept)
        await desk.enter()
        await expect(chips(desk)).to_have_text(["ash.txt"], timeout=WITHIN)
        await desk.page.locator("#write").press("Enter")
        await desk.reads("My glazes")
        await expect(desk.page.locator("#messages .filerow")).to_contain_text("ash.txt")
        for who in (desk, phone):
            await expect(who.page.locator("#chips li")).to_have_count(0, timeout=WITHIN)
            await expect(who.page.locator("#write")).to_have_value("")
        await desk.arrive()
        await expect(desk.page.locator("#chips li")).to_have_count(0)
        assert desk.who.complaints == []


async def test_a_file_alone_is_kept_and_taken_off_for_good(chromium: Browser, town: Town, tmp_path: Path) -> None:
    place = await town.place()
    glaze = tmp_path / "glaze.txt"
    glaze.write_bytes(b"Two parts of ash")
    mark = ".side [aria-current=page] .drafted"
    async with talker(chromium, town, "zoe", place["slug"]) as zoe:
        await zoe.enter()
        await pick(zoe, glaze)
        await expect(zoe.page.locator(mark)).to_be_visible(timeout=WITHIN)
        await zoe.enter()
        await expect(chips(zoe)).to_have_text(["glaze.txt"], timeout=WITHIN)
        await zoe.page.locator("#chips li").get_by_role("button").click()
        await expect(zoe.page.locator(mark)).to_be_hidden(timeout=WITHIN)
        await zoe.arrive()
        await expect(zoe.page.locator("#chips li")).to_have_count(0)
