"""A room in which everything nasty was said: each message is shown inert, or was refused with a sentence."""

from typing import Any
from uuid import uuid4

from playwright.async_api import Browser, Page

from tests.slices.talking import talker
from tests.slices.town import CHANNEL, Town
from tests.standins.naughty import naughty_strings

PHONE = {"width": 390, "height": 844}
GIANTS = (
    ">" * 10_000 + " deep",
    "> " * 4_000 + "deep",
    "<@00000000-0000-0000-0000-000000000000> " * 250,
    "@room " * 1_500,
    "Z" + "\u0300\u0489\u035c" * 1_500 + " zalgo",
    "\u202e\u2066\u200f turned " * 400,
    "a" * 10_000,
    "[x](" * 2_400,
    "**_`" * 2_400,
    "![p](javascript:alert(1)) <svg onload=alert(1)> [y](data:text/html,<script>alert(1)</script>)",
)
# What a message may not bring into the page, and what it may not do to it.
_FAULTS = """() => {
    const room = document.querySelector("#messages"), faults = [];
    for (const each of room.querySelectorAll(".words script, .words style, .words iframe, .words object, .words form,"
        + ".words svg, .words img, .words input, .words link, .words meta, .words base"))
        faults.push(each.outerHTML.slice(0, 99));
    for (const each of room.querySelectorAll(".words *"))
        for (const { name, value } of each.attributes)
            if (/^on/i.test(name) || name === "style" || /^\\s*(javascript|data|vbscript):/i.test(value))
                faults.push(`${name}=${value}`.slice(0, 99));
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) faults.push(`as wide as ${scrollWidth}`);
    for (const each of room.querySelectorAll(".said")) {
        const words = each.querySelector(".words"), { left, right } = words.getBoundingClientRect();
        if (getComputedStyle(words).overflow !== "clip") faults.push("runs over its neighbours");
        if (left < 0 || right > innerWidth) faults.push(`sticks out: ${each.innerText.slice(0, 40)}`);
    }
    return faults;
}"""


async def test_whatever_is_said_is_shown_inert_or_refused_with_a_sentence(
    town: Town, place: dict[str, Any], chromium: Browser
) -> None:
    async with talker(chromium, town, "sam", place["slug"]) as sam:
        dialogs: list[str] = []
        sam.page.on("dialog", lambda asked: dialogs.append(asked.message))
        await sam.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        await sam.enter()
        said = await _say_all(town, place["id"])
        await sam.reads("the last of them")
        assert await sam.page.evaluate(_FAULTS) == []
        for before in range(51, said + 51, 50):
            await _read(sam.page, place["slug"], before)
            assert await sam.page.evaluate(_FAULTS) == []
        assert (dialogs, sam.who.complaints) == ([], [])


async def _say_all(town: Town, room: str) -> int:
    """Say everything; each refusal must tell what to do. How much of it stands in the room."""
    headers = {"Authorization": f"Bearer {await town.token('ana')}"}
    url = f"{town.url}/api/v1/channels/{CHANNEL}/rooms/{room}/messages"
    said = 0
    for words in (*naughty_strings(), *GIANTS, "the last of them"):
        given = {"client_id": str(uuid4()), "body": words}
        async with town.programs.post(url, json=given, headers=headers) as answer:
            assert answer.status in {201, 413, 422}, (words, await answer.text())
            if answer.status == 201:
                said += 1
            else:
                assert (await answer.json())["detail"].endswith("."), words
    return said


async def _read(page: Page, slug: str, before: int) -> None:
    """Open an earlier part of the room, as the server writes it."""
    answer = await page.goto(f"{page.url.split('/c/')[0]}/c/{CHANNEL}/community/{slug}?before={before}")
    assert answer is not None
    assert answer.status == 200
