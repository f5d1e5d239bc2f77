"""A program that posts by a webhook, in a real browser: its row comes live and is marked, as it is after a reload."""

from datetime import UTC, datetime
from uuid import uuid4

import orjson
from playwright.async_api import Browser, expect

from providers.standard_webhooks import sign
from tests.server.web.test_browser import objections
from tests.slices.talking import talker
from tests.slices.town import CHANNEL, Town


async def test_what_a_program_posts_comes_live_as_a_programs(chromium: Browser, town: Town) -> None:
    place, ana = await town.place(), await town.token("ana")
    made = await town.call(
        "POST", f"/channels/{CHANNEL}/incoming-webhooks", ana, name="Kiln watch", room=place["id"]
    )  # fmt: skip

    async def post(text: str) -> int:
        raw = orjson.dumps({"text": text})
        headers = sign(made["secret"], uuid4().hex, datetime.now(UTC), raw) | {"Content-Type": "application/json"}
        async with town.programs.post(made["url"], data=raw, headers=headers) as answer:
            return answer.status

    async with talker(chromium, town, "ana", place["slug"]) as owner:
        await owner.enter()
        await owner.say("Is it hot?")
        await owner.reads("Is it hot?")
        assert await post("The kiln is at **1240 °C**") == 201
        await owner.reads("The kiln is at 1240 °C")
        for live in (True, False):
            # What its maker says stands under a head of their own, and the program's name leads nowhere.
            head = owner.page.locator("#messages .post:not(.outgoing)").last
            await expect(head.locator(".by b")).to_have_text("Kiln watch")
            await expect(head.locator(".by .tag")).to_have_text("Program")
            await expect(head.locator(".tile.program svg")).to_be_visible()
            await expect(head.locator("a.who")).to_have_count(0)
            assert await head.locator(".words strong").inner_text() == "1240 °C"
            assert await objections(owner.page) == []
            if live:
                await owner.enter()
