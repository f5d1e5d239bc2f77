"""Opening a room in real browsers: the first message that is new stands in view, and only what was seen is read."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.slices.talking import Talker, talker
from tests.slices.town import CHANNEL, Town
from tests.waiting import until

READ_BY = 2_500  # the page tells how far it has read once a second
SIZES = pytest.mark.parametrize("width", [390, 1440])
LOW = "Bowl {} is dry."
TALL = "Bowl {} is dry." + "\n\nIt had stood on the shelf by the window for a week, turned once a day." * 12


@pytest.fixture
async def sam(chromium: Browser, town: Town, place: dict[str, Any]) -> AsyncIterator[Talker]:
    """Sam, outside the room."""
    async with talker(chromium, town, "sam", place["slug"]) as who:
        yield who


async def fill(town: Town, place: dict[str, Any], sam: Talker, read: int, fresh: int, words: str) -> None:
    """As many messages by Ana as Sam reads, and as many that come once he is gone."""
    ana = await town.token("ana")
    for number in range(read + fresh):
        if number == read:
            await sam.enter()
            await read_by_server(town, place, 0)
            await sam.who.visit(f"/c/{CHANNEL}/saved")
        await town.post(place["id"], ana, words.format(number + 1))


async def unread(town: Town, place: dict[str, Any]) -> int:
    """How many messages of the room are new to Sam, as the server has it."""
    listed = (await town.call("GET", f"/channels/{CHANNEL}/rooms", await town.token("sam")))["items"]
    return next(int(room["unread"]) for room in listed if room["id"] == place["id"])


async def read_by_server(town: Town, place: dict[str, Any], left: int) -> None:
    """Wait until the server has so many as unread."""

    async def reached() -> bool:
        return await unread(town, place) == left

    await until(reached)


def end(who: Talker) -> Locator:
    """The last message of the room."""
    return who.page.locator("#messages .said[data-seq]").last


@SIZES
@pytest.mark.parametrize(("read", "fresh", "words"), [(2, 45, LOW), (4, 6, TALL)], ids=["many", "tall"])
async def test_a_room_opens_at_the_first_new_message_and_reads_on_with_the_reader(
    town: Town, place: dict[str, Any], sam: Talker, width: int, read: int, fresh: int, words: str
) -> None:
    await fill(town, place, sam, read, fresh, words)
    await sam.page.set_viewport_size({"width": width, "height": 800})
    await sam.enter()
    line = sam.page.locator("#messages .newline")
    await sam.page.wait_for_load_state("networkidle")
    await sam.page.wait_for_timeout(READ_BY)
    await expect(line).to_be_in_viewport()
    await expect(end(sam)).not_to_be_in_viewport()
    assert await unread(town, place) == fresh
    await town.post(place["id"], await town.token("ana"), "And one that came meanwhile")
    await expect(line).to_have_text(f"{fresh + 1} new messages")
    await expect(line).to_be_in_viewport()
    await sam.page.locator("#jump").click()
    await expect(end(sam)).to_be_in_viewport()
    await read_by_server(town, place, 0)
    await sam.page.set_viewport_size({"width": width, "height": 500})
    await expect(end(sam)).to_be_in_viewport()


@SIZES
async def test_a_message_that_is_sought_stays_in_view(
    town: Town, place: dict[str, Any], sam: Talker, width: int
) -> None:
    await fill(town, place, sam, 3, 7, TALL)
    await sam.page.set_viewport_size({"width": width, "height": 800})
    await sam.who.visit(f"/c/{CHANNEL}/community/{place['slug']}?at=2")
    await expect(sam.page.locator("#online .here")).to_have_class("here on", timeout=15_000)
    await sam.page.wait_for_timeout(READ_BY)
    await expect(sam.page.locator("#m-2")).to_be_in_viewport()
    await sam.page.set_viewport_size({"width": width, "height": 500})
    await expect(sam.page.locator("#m-2")).to_be_in_viewport()
    assert await unread(town, place) == 7
