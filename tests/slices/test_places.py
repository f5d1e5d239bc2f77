"""Rooms in order, in real browsers: the studio orders them, open rooms show it; who is taken out sees no more."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.server.web.test_browser import objections
from tests.slices.talking import Talker, talker
from tests.slices.town import CHANNEL, Town

STUDIO = f"/c/{CHANNEL}/studio/rooms"
# All of a page's rooms in their order, and the section of each.
_LISTED = """all => all.map(one => [
    one.closest("details")?.querySelector("h2").innerText ?? "", one.querySelector("span[dir]").innerText])"""


@pytest.fixture
async def ana(chromium: Browser, town: Town) -> AsyncIterator[Talker]:
    async with talker(chromium, town, "ana", "") as at_studio:
        yield at_studio


async def a_section(town: Town, *rooms: str) -> tuple[str, str]:
    """A new section with these rooms, in order, and its name."""
    token, name = await town.token("ana"), f"Part {uuid4()}"[:30]
    made = await town.call("POST", f"/channels/{CHANNEL}/room-sections", token, name=name)
    seen = (await town.call("GET", f"/channels/{CHANNEL}/rooms", token))["items"]
    sections = (await town.call("GET", f"/channels/{CHANNEL}/room-sections", token))["items"]
    order = [
        {
            "id": section,
            "rooms": [room["id"] for room in seen if room["section"] == section and room["id"] not in rooms],
        }
        for section in (None, *(each["id"] for each in sections))
    ]
    order[-1]["rooms"] = list(rooms)
    await town.call("PUT", f"/channels/{CHANNEL}/room-order", token, sections=order)
    return str(made["id"]), name


async def beside(page: Page, section: str) -> list[str]:
    """The rooms of a section at the side of a room's page."""
    found: list[list[str]] = await page.locator("#places [data-room]").evaluate_all(_LISTED)
    return [name for part, name in found if part == section]


def item(page: Page, room: str) -> Locator:
    return page.locator(f"[data-item='{room}']")


async def test_an_order_set_in_the_studio_is_on_open_pages_within_a_second(
    chromium: Browser, town: Town, ana: Talker
) -> None:
    one, two, three = [await town.place() for _ in range(3)]
    section, name = await a_section(town, one["id"], two["id"], three["id"])
    async with talker(chromium, town, "sam", one["slug"]) as sam:
        await sam.arrive()
        assert await beside(sam.page, name) == [one["name"], two["name"], three["name"]]
        await sam.page.locator("#write").fill("half a sentence")
        await ana.who.visit(STUDIO)
        await ana.page.wait_for_load_state("networkidle")
        up = item(ana.page, three["id"]).get_by_role("button", name="up")
        await up.focus()
        await ana.page.keyboard.press("Enter")
        await expect(ana.page.locator("[data-moved]")).to_have_text(
            f"Moved {three['name']} before {two['name']}, in {name}."
        )
        await expect(sam.page.locator(f"[data-section='{section}'] [data-room]").nth(1)).to_contain_text(
            three["name"], timeout=1_000
        )
        await expect(up).to_be_focused()
        await ana.page.keyboard.press("Enter")
        await expect(item(ana.page, three["id"]).get_by_role("button", name="down")).to_be_focused()
        await expect(sam.page.locator(f"[data-section='{section}'] [data-room]").first).to_contain_text(
            three["name"], timeout=1_000
        )
        assert await sam.page.locator("#write").input_value() == "half a sentence"
        assert await objections(ana.page) == []
        assert await objections(sam.page) == []


async def test_a_room_is_dragged_into_another_section(town: Town, ana: Talker) -> None:
    one, two = [await town.place() for _ in range(2)]
    first, _ = await a_section(town, one["id"], two["id"])
    second, name = await a_section(town)
    # Both are on screen, however many rooms there are.
    await ana.page.set_viewport_size({"width": 1280, "height": 3_000})
    await ana.who.visit(STUDIO)
    await ana.page.wait_for_load_state("networkidle")
    grip, goal = item(ana.page, one["id"]).locator("[data-grip]"), ana.page.locator(f"[data-list='{second}']")
    await grip.hover()
    await ana.page.mouse.down()
    box = await goal.bounding_box()
    assert box is not None
    await ana.page.mouse.move(box["x"] + 40, box["y"] + 10, steps=8)
    async with ana.page.expect_response(lambda answer: answer.url.endswith("/room-order")) as kept:
        await ana.page.mouse.up()
    await expect(ana.page.locator("[data-moved]")).to_have_text(f"Moved {one['name']} to the end of {name}.")
    assert (await kept.value).ok
    await ana.page.reload()
    await expect(ana.page.locator(f"[data-list='{second}'] [data-item]")).to_have_count(1)
    await expect(ana.page.locator(f"[data-list='{first}'] [data-item]")).to_have_count(1)


async def test_an_order_that_was_overtaken_is_said_and_loaded_again(town: Town, ana: Talker) -> None:
    one, two = [await town.place() for _ in range(2)]
    await a_section(town, one["id"], two["id"])
    await ana.who.visit(STUDIO)
    await ana.page.wait_for_load_state("networkidle")
    await town.place()
    await item(ana.page, two["id"]).get_by_role("button", name="up").click()
    fault = ana.page.get_by_role("alert").filter(has_text="meanwhile")
    await expect(fault).to_be_visible()
    await fault.get_by_role("link").click()
    await expect(item(ana.page, one["id"])).to_be_visible()


async def test_an_order_that_somebody_else_has_set_meanwhile_is_shown_and_gone_on_from(
    chromium: Browser, town: Town, ana: Talker
) -> None:
    rooms = [await town.place() for _ in range(3)]
    one, two, three = [room["id"] for room in rooms]
    section, name = await a_section(town, one, two, three)
    async with talker(chromium, town, "mia", rooms[0]["slug"]) as mia:
        for who in (ana, mia):
            await who.who.visit(STUDIO)
            await who.page.wait_for_load_state("networkidle")
        async with mia.page.expect_response(lambda answer: answer.url.endswith("/room-order")):
            await item(mia.page, three).get_by_role("button", name="up").click()
        await item(ana.page, one).get_by_role("button", name="down").click()
        fault = ana.page.get_by_role("alert").filter(has_text="Somebody else has put the rooms in order meanwhile.")
        await expect(fault).to_be_visible()
        listed = ana.page.locator(f"[data-list='{section}'] [data-item]")
        for place, room in enumerate((one, three, two)):
            await expect(listed.nth(place)).to_have_attribute("data-item", room)
        assert await objections(ana.page) == []
        async with ana.page.expect_response(lambda answer: answer.url.endswith("/room-order")) as kept:
            await item(ana.page, one).get_by_role("button", name="down").click()
        assert (await kept.value).ok
        await expect(fault).to_be_hidden()
        await mia.enter()
        assert await beside(mia.page, name) == [rooms[2]["name"], rooms[0]["name"], rooms[1]["name"]]


async def test_a_folded_section_stays_so_and_counts_what_is_unread(chromium: Browser, town: Town) -> None:
    here, there = [await town.place() for _ in range(2)]
    section, _ = await a_section(town, there["id"])
    async with talker(chromium, town, "sam", here["slug"]) as sam:
        await sam.enter()
        part = sam.page.locator(f"[data-section='{section}']")
        await part.locator("summary").click()
        await expect(part).not_to_have_attribute("open", "")
        await sam.enter()
        await expect(part).not_to_have_attribute("open", "")
        await town.post(there["id"], await town.token("ana"), "Something new")
        count = part.locator("summary .unreadcount")
        await expect(count).to_have_text("1", timeout=15_000)
        await expect(count).to_be_visible()


async def test_who_is_taken_out_of_a_private_room_sees_it_no_more(chromium: Browser, town: Town, ana: Talker) -> None:
    place = await town.place("private")
    await ana.who.visit(f"{STUDIO}/{place['id']}/members?add=sam")
    await ana.page.get_by_role("button", name="Add").first.click()
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.arrive()
        await ana.page.get_by_role("button", name="Remove").filter(has_text="Sam Reed").click()
        await expect(sam.page.locator("#messages")).to_have_count(0, timeout=2_000)
        assert place["name"] not in await sam.page.content()


async def test_a_room_made_before_the_scripts_came_is_listed_all_the_same(chromium: Browser, town: Town) -> None:
    room = await town.place()
    async with talker(chromium, town, "sam", room["slug"]) as sam:
        held = asyncio.Event()

        async def hold(route: Route) -> None:
            await held.wait()
            await route.continue_()

        await sam.page.route("**/assets/*.js", hold)
        await sam.page.goto(f"{town.url}/c/{CHANNEL}/community/{room['slug']}", wait_until="commit")
        await expect(sam.page.locator("#places [aria-current]")).to_be_visible()
        made = await town.place()
        held.set()
        await expect(sam.page.locator(f"#places [data-room='{made['id']}']")).to_be_visible(timeout=30_000)
