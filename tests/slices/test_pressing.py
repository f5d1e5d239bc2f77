"""The tools of a message, pressed twice or before all is there: each does its thing once."""

import asyncio

from playwright.async_api import Browser, Request, Route, expect

from tests.slices.talking import talker
from tests.slices.town import Town


async def test_what_is_pressed_twice_is_done_once(chromium: Browser, town: Town) -> None:
    place = await town.place()
    await town.post(place["id"], await town.token("zoe"), "Whose glaze is this?")
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        asked: list[str] = []

        def note(request: Request) -> None:
            if request.method != "GET" and "/messages/" in request.url:
                asked.append(f"{request.method} {request.url.rsplit('/', 1)[-1]}")

        sam.page.on("request", note)
        await sam.enter()
        said = sam.page.locator("#messages .said", has_text="Whose glaze")
        await said.hover()
        await said.locator("[data-act=save]").dblclick()
        await expect(said.locator("[data-act=save]")).to_have_attribute("aria-pressed", "true")
        await said.locator("[data-act=flag]").dblclick()
        await sam.page.get_by_label("Something else").check()
        await sam.page.locator("#flag-words").fill("It is mine")
        await sam.page.get_by_role("button", name="Flag message").dblclick()
        await expect(sam.page.locator("#ask-flag")).to_be_hidden()
        await expect(sam.page.locator("#notices > *", has_text="Flagged")).to_have_count(1)
        assert asked == ["PUT bookmark", "POST flags"]
        await sam.say("Mine")
        await sam.reads("Mine")
        own = sam.page.locator("#messages .said", has_text="Mine")
        await own.hover()
        await own.locator("[data-act=edit]").click()
        field = own.locator(".editing textarea")
        await field.fill("Mine, changed")
        await own.locator("[data-act=edit]").evaluate("button => button.click()")
        await expect(field).to_have_value("Mine, changed")
        await field.press("Enter")
        await own.locator(".editing").evaluate("form => { form.requestSubmit(); form.requestSubmit(); }")
        await sam.reads("Mine, changed")
        await expect(own.locator(".fault")).to_be_hidden()
        assert sam.who.complaints == []


async def test_what_is_pressed_before_all_is_there_is_done_when_it_is(chromium: Browser, town: Town) -> None:
    place = await town.place()
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        await sam.enter()
        await sam.say("A bell\u0007 that nobody may ring")
        await expect(sam.unsent).to_contain_text("Not sent")
        ready = asyncio.Event()

        async def late(route: Route) -> None:
            await ready.wait()
            await route.continue_()

        await sam.page.route("**/lively*.js", late)
        async with sam.page.expect_request("**/lively*.js"):
            await sam.enter()
        await sam.unsent.get_by_role("button", name="Drop it").click()
        # The rows of what is unsent are drawn anew meanwhile.
        await sam.say("Something else")
        await sam.reads("Something else")
        ready.set()
        await expect(sam.unsent).to_have_count(0)
        assert await sam.words() == ["Something else"]
