"""Somebody of the demo in a room, at a browser of their own: what they write, and what their page shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from cli.demo.world import PASSWORD
from tests.slices.people import Someone, someone
from tests.slices.town import CHANNEL, Town

# What a page shows of each message that is part of the room, in the order in which it stands there.
_SHOWN = """said => said.map(one => ({
    seq: Number(one.dataset.seq),
    head: one.closest(".post").querySelector(".by").innerText.replace(/\\s+/g, " "),
    words: one.querySelector(".words").innerText,
    reactions: [...one.querySelectorAll(".reacts [data-emoji]")].map(each => each.innerText.replace(/\\s+/g, " ")),
}))"""


@dataclass
class Talker:
    """One person; `page` is the room's, once they have entered it."""

    who: Someone
    room: str

    @property
    def page(self) -> Page:
        """What is on their screen."""
        return self.who.page

    @property
    def unsent(self) -> Locator:
        """Their own messages that are not part of the room yet."""
        return self.page.locator("main .outgoing .said")

    @property
    def banner(self) -> Locator:
        """The strip that says that they are offline."""
        return self.page.locator("#offline")

    async def enter(self) -> None:
        """Open the room's page and wait until it shows that somebody is here."""
        await self.who.visit(f"/c/{CHANNEL}/community/{self.room}")
        await expect(self.page.locator("#online .here")).to_have_class("here on", timeout=15_000)

    async def arrive(self) -> None:
        """Enter, and wait for all that the page loads, the scripts that come late too."""
        await self.enter()
        await self.page.wait_for_load_state("networkidle")

    async def say(self, words: str) -> None:
        """Write a message and press Enter."""
        await self.page.locator("#write").fill(words)
        await self.page.keyboard.press("Enter")

    async def offline(self, *, offline: bool) -> None:
        """Take the network from this browser, or give it back."""
        await self.who.context.set_offline(offline=offline)

    async def shown(self) -> list[dict[str, Any]]:
        """Each message of the room that the page shows."""
        found: list[dict[str, Any]] = await self.page.locator("#messages .said[data-seq]").evaluate_all(_SHOWN)
        return found

    async def words(self) -> list[str]:
        """The words of each."""
        return [one["words"] for one in await self.shown()]

    async def reads(self, words: str, within: float = 15_000) -> None:
        """Wait until a message stands in the room, which must be there once."""
        said = self.page.locator("#messages .said[data-seq] .words", has_text=words)
        await expect(said).to_have_count(1, timeout=within)


@asynccontextmanager
async def talker(running: Browser, town: Town, who: str, room: str, proxy: str = "") -> AsyncIterator[Talker]:
    """A person of the demo whose browser has signed in, outside the room as yet."""
    email = f"{who}@guildhall.example"
    made = await someone(running, town.url, town.programs, who, email, proxy=proxy)
    await made.sign_in(PASSWORD)
    yield Talker(made, room)
    await made.context.close()


@asynccontextmanager
async def gathered(running: Browser, town: Town, room: str, *people: str) -> AsyncIterator[list[Talker]]:
    """Some people of the demo, each at a browser of their own, all in the room and with all that its page loads."""
    async with AsyncExitStack() as stack:
        talkers = [await stack.enter_async_context(talker(running, town, who, room)) for who in people]
        await asyncio.gather(*(who.arrive() for who in talkers))
        yield talkers
