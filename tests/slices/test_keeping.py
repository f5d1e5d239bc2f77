"""Pins and saved messages in real browsers: shown at once, heard by everybody or by nobody else."""

from playwright.async_api import Browser, expect

from tests.slices.talking import talker
from tests.slices.town import Town


async def test_a_pin_is_seen_by_the_room_and_a_saved_message_by_oneself(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with talker(chromium, town, "ana", place["slug"]) as ana, talker(chromium, town, "sam", place["slug"]) as sam:
        for who in (ana, sam):
            await who.enter()
        await ana.say("The kiln is hot on Fridays")
        await sam.reads("The kiln is hot on Fridays")
        here, there = [who.page.locator("#messages .said", has_text="The kiln") for who in (ana, sam)]
        await here.hover()
        await here.get_by_role("button", name="Pin").click()
        for said in (here, there):
            await expect(said.locator(".pinmark")).to_be_visible()
        await expect(sam.page.locator("#pins .num")).to_have_text("1")
        await there.hover()
        await expect(there.get_by_role("button", name="Pin")).to_have_count(0)
        await there.get_by_role("button", name="Save for yourself").click()
        await sam.enter()
        await expect(there.locator("[data-act=save]")).to_have_attribute("aria-pressed", "true")
        await expect(there.locator(".pinmark")).to_be_visible()
        assert await here.locator("[data-act=save]").get_attribute("aria-pressed") == "false"
        await sam.page.get_by_role("link", name="Saved messages").click()
        await expect(sam.page.get_by_text("The kiln is hot on Fridays")).to_be_visible()
        await here.hover()
        await here.get_by_role("button", name="Pin").click()
        await expect(ana.page.locator("#pins")).to_be_hidden()


async def test_only_messages_that_came_into_view_have_their_tools(chromium: Browser, town: Town) -> None:
    place = await town.place()
    token = await town.token("sam")
    for number in range(50):
        await town.post(place["id"], token, f"Bowl {number}\n\nis dry.")
    async with talker(chromium, town, "ana", place["slug"]) as ana:
        await ana.enter()
        said = ana.page.locator("#messages .said[data-seq]")
        await expect(said.last.locator(".acts")).to_have_count(1)
        assert await said.locator(".acts").count() < 50
        await expect(said.first.locator(".acts")).to_have_count(0)
        await said.first.scroll_into_view_if_needed()
        await said.first.hover()
        await said.first.get_by_role("button", name="Pin").click()
        await expect(said.first.locator(".pinmark")).to_be_visible()
        await expect(said.first.locator(".edited, .reacts")).to_have_count(2)
        assert ana.who.complaints == []


async def test_a_room_that_stands_open_for_long_lets_go_of_what_is_far_above(chromium: Browser, town: Town) -> None:
    place = await town.place()
    token = await town.token("sam")
    for number in range(1, 46):
        await town.post(place["id"], token, f"Bowl {number} is dry.")
    async with talker(chromium, town, "ana", place["slug"]) as ana:
        await ana.enter()
        for number in range(46, 411):
            await town.post(place["id"], token, f"Bowl {number} is dry.")
        await ana.reads("Bowl 410 is dry.")
        held = [one["seq"] for one in await ana.shown()]
        assert held == list(range(held[0], 411))
        assert 200 <= len(held) < 250
        await expect(ana.page.locator("#messages .said").last).to_be_in_viewport()
        for _ in range(60):
            await ana.page.locator("#stream").evaluate("box => box.scrollTop = 0")
            if (await ana.shown())[0]["seq"] == 1:
                break
            await ana.page.wait_for_timeout(100)
        assert [one["seq"] for one in await ana.shown()] == list(range(1, 411))
        assert await ana.page.locator("#messages .day").count() == 1
        assert ana.who.complaints == []
