"""People of a journey in real browsers: what they press, in the words that they see."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from yarl import URL

from providers.pdf.chromium import find
from tests.webapp import Reply

PASSWORD = "a long enough sentence"


@dataclass
class Someone:
    """One person at one browser; `complaints` are what its console said."""

    name: str
    email: str
    base: str
    programs: aiohttp.ClientSession
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    async def visit(self, path: str) -> None:
        """Open a page of the installation."""
        answer = await self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"

    async def write(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            await self.page.locator(f"[name={name}]:visible").first.fill(value)

    async def press(self, words: str) -> None:
        """Press the button of these words, and wait for the page that follows."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=words, exact=True).first.click()

    async def cookie(self) -> str:
        """What this browser shows to the installation."""
        known = await self.context.cookies(self.base)
        return "; ".join(f"{each.get('name')}={each.get('value')}" for each in known)

    async def fetch(self, path: str) -> Reply:
        """What a program gets that shows this browser's cookies to the installation, wherever it is led on to."""
        shown = await self.cookie()
        reply = await self._get(self.base + path, {"Cookie": shown} if shown else {})
        while reply.status in {302, 303}:
            reply = await self._get(reply.headers["Location"], {})
        return reply

    async def _get(self, url: str, headers: dict[str, str]) -> Reply:
        # A signed link is good only as it was written.
        written = URL(url, encoded=True)
        async with self.programs.get(written, headers=headers, allow_redirects=False) as answer:
            return Reply(answer.status, answer.headers, await answer.read(), None)

    async def unfold_and_send(self, words: str, **fields: str) -> None:
        """Open the form behind these words, fill in its fields, send it, and wait for the page that follows."""
        await self.page.get_by_text(words, exact=True).first.click()
        for name, value in fields.items():
            await self.page.locator(f"details[open] [name={name}]").fill(value)
        async with self.page.expect_navigation():
            await self.page.locator("details[open] form button").click()

    async def sign_up(self, then: str = "/") -> None:
        """Make an account and come back to where one was."""
        await self.visit(f"/sign-up?next={then}")
        await self.write(name=self.name, email=self.email, password=PASSWORD)
        await self.press("Make the account")

    async def sign_in(self, password: str) -> None:
        """Have this browser signed in as by the form, of which a journey presses the button: here no page is drawn."""
        given = {"email": self.email, "password": password, "next": "/"}
        asked = self.programs.post(
            f"{self.base}/sign-in", data=given, headers={"Origin": self.base}, allow_redirects=False
        )
        async with asked as answer:
            assert answer.status == 303, f"{self.email}: {answer.status}"
            kept: list[Any] = [
                {"name": each.key, "value": each.value, "url": self.base} for each in answer.cookies.values()
            ]
        await self.context.add_cookies(kept)

    async def shoot(self, folder: Path, name: str) -> None:
        """A picture of what they see, for people to look at."""
        await self.page.screenshot(path=str(folder / f"{name}.png"))


@asynccontextmanager
async def browser(*flags: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Browser]:
    """A real Chromium, as the product itself finds it, with the printer's fonts unless its environment says others."""
    async with async_playwright() as playwright:
        options = find().launch_options(*flags)
        options["env"] |= environment or {}
        running = await playwright.chromium.launch(**options)
        try:
            yield running
        finally:
            await running.close()


async def someone(
    running: Browser, base: str, programs: aiohttp.ClientSession, name: str, email: str, *, script: bool = True,
    proxy: str = "",
) -> Someone:  # fmt: skip
    """A person at a browser of their own, which reaches the world through a proxy if one is given."""
    context = await running.new_context(
        java_script_enabled=script,
        viewport={"width": 1280, "height": 800},
        proxy={"server": proxy, "bypass": "<-loopback>"} if proxy else None,
    )
    page = await context.new_page()
    who = Someone(name, email, base, programs, context, page)
    page.on("console", lambda said: who.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: who.complaints.append(str(error)))
    return who
