"""Decisions in open browsers: how they look to their person, and what is left to see once they are undone."""

import re

from playwright.async_api import expect

from tests.server.test_community_api import make_room, post
from tests.server.test_moderation_api import ask
from tests.server.test_moderation_wide import page_of
from tests.server.web.gallery import browser
from tests.webapp import Web
from tests.world import School

DESK = "/c/{}/studio/moderation"


async def test_an_undone_act_is_neither_at_the_desk_nor_on_its_person_s_page(web: Web, school: School) -> None:
    room = await make_room(web, school)
    message = (await post(web, school, room, school.sam.token, "Buy my clay")).json["id"]
    await ask(web, school, school.zoe, "POST", f"/messages/{message}/flags", {"reason": "spam"})
    async with browser() as chromium:
        sam = await page_of(chromium, web, school.sam, f"/c/{school.slug}/community/wheel-talk")
        mia = await page_of(chromium, web, school.mia, DESK.format(school.slug))
        await expect(sam.locator("#online .here")).to_have_class("here on", timeout=15_000)
        strips = sam.locator("#notices .notice")
        for key in "hu":
            await mia.wait_for_load_state("networkidle")
            async with mia.expect_navigation():
                await mia.keyboard.press(key)
            if key == "h":
                await expect(strips).to_contain_text("A moderator has hidden one of your messages.")
                await expect(strips).to_have_class("notice warn")
        await mia.wait_for_load_state("networkidle")
        await expect(mia.locator(".toast")).to_have_text("Undone.")
        assert mia.url.endswith("said=undone")
        await expect(strips).to_have_count(1)
        await expect(strips).to_contain_text("What a moderator decided was taken back.")
        await expect(strips).to_have_class("notice good")
        async with mia.expect_navigation():
            await mia.keyboard.press("m")
        await expect(sam.locator("#muted")).to_contain_text(
            re.compile(r"muted until \d+ \w{3} \d{4}, \d\d:\d\d [A-Z]+: ")
        )
        live = await sam.locator("#muted span").inner_text()
        await sam.reload()
        await expect(sam.locator("#muted span")).to_have_text(live)
