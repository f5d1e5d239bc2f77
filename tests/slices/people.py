"""People of a journey in real browsers: what they press, in the words that they see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from providers.pdf.chromium import find

PASSWORD = "a long enough sentence"


@dataclass
class Someone:
    """One person at one browser; `complaints` are what its console said."""

    name: str
    email: str
    base: str
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

    async def unfold_and_send(self, words: str) -> None:
        """Open the form behind these words, send it as it is, and wait for the page that follows."""
        await self.page.get_by_text(words, exact=True).first.click()
        async with self.page.expect_navigation():
            await self.page.locator("details[open] form button").click()

    async def sign_up(self, then: str = "/") -> None:
        """Make an account and come back to where one was."""
        await self.visit(f"/sign-up?next={then}")
        await self.write(name=self.name, email=self.email, password=PASSWORD)
        await self.press("Make the account")

    async def shoot(self, folder: Path, name: str) -> None:
        """A picture of what they see, for people to look at."""
        await self.page.screenshot(path=str(folder / f"{name}.png"))


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium, as the product itself finds it."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(**find().launch_options())
        try:
            yield running
        finally:
            await running.close()


async def someone(running: Browser, base: str, name: str, email: str, *, script: bool = True) -> Someone:
    """A person at a browser of their own."""
    context = await running.new_context(java_script_enabled=script, viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    who = Someone(name, email, base, context, page)
    page.on("console", lambda said: who.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: who.complaints.append(str(error)))
    return who
