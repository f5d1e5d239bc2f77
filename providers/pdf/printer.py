"""A warm headless Chromium that heals itself: started by the first document, gone after a minute without one."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from playwright.async_api import Browser, Error, Page, Playwright, async_playwright

from providers.pdf import chromium, processes
from providers.pdf.errors import PrinterDown, PrintRefused
from providers.pdf.inspection import inspect, redate

NOTHING_FROM_OUTSIDE = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:\">"
)
LARGEST = 4_000_000
ATTEMPTS = 2


@dataclass
class Press:
    """What runs while the printer is warm."""

    playwright: Playwright
    browser: Browser
    page: Page
    driver: int
    printed: int = 0


class ChromiumPrinter:
    """A PdfPrinter over one browser and one page, used from one event loop; documents wait for each other."""

    def __init__(self, setting: str = "auto", *, idle: float = 60, limit: float = 20, recycle: int = 300) -> None:
        """`idle` seconds until it closes, `limit` seconds for one document, a new browser every `recycle` documents."""
        self._setting, self._idle, self._limit, self._recycle = setting, idle, limit, recycle
        self._press: Press | None = None
        self._turn = asyncio.Lock()
        self._bedtime: asyncio.Task[None] | None = None

    async def print(self, html: str, *, dated: datetime, must_contain: Sequence[str] = ()) -> bytes:
        """A tagged PDF of `html` with its fonts inside, the same bytes for the same `html` and `dated`.

        Raises PrintRefused when a text of `must_contain` is not in it, PrinterDown when no browser works.
        """
        if len(html) > LARGEST:
            raise PrintRefused(f"The document has {len(html)} characters; {LARGEST} can be printed")
        async with self._turn:
            self._stay_up()
            try:
                pdf = await self._print_through_crashes(html)
            finally:
                self._bedtime = asyncio.create_task(self._sleep())
        inspect(pdf, must_contain)
        return redate(pdf, dated)

    async def close(self) -> None:
        """End every process behind the printer; the next print starts them again."""
        self._stay_up()
        async with self._turn:
            await self._stop()

    async def _print_through_crashes(self, html: str) -> bytes:
        """The PDF, on a second browser when the first one broke over it or was already broken."""
        fault: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                async with asyncio.timeout(self._limit):
                    return await self._run(html)
            except (Error, TimeoutError, OSError) as broken:
                fault = broken
                await self._stop()
            except BaseException:
                await self._stop()
                raise
        reason = "it took too long" if isinstance(fault, TimeoutError) else str(fault).partition("\n")[0]
        raise PrinterDown(f"Chromium did not print, twice: {reason}") from fault

    async def _run(self, html: str) -> bytes:
        """One document through the warm page."""
        if self._press and self._press.printed >= self._recycle:
            await self._stop()
        press = self._press or await self._start()
        press.printed += 1
        await press.page.goto("about:blank", timeout=0)  # ends what the last document may have left to happen later
        await press.page.set_content(NOTHING_FROM_OUTSIDE + html, wait_until="load", timeout=0)
        return await press.page.pdf(tagged=True, outline=True, prefer_css_page_size=True, print_background=True)

    async def _start(self) -> Press:
        """Driver, browser and one page that can reach nothing and run nothing."""
        options = chromium.find(self._setting).launch_options(*chromium.NO_WAY_OUT)
        before = processes.children()
        playwright = await async_playwright().start()
        driver = max(processes.children() - before, default=0)
        try:
            browser = await playwright.chromium.launch(**options)
            context = await browser.new_context(offline=True, java_script_enabled=False, service_workers="block")
            self._press = Press(playwright, browser, await context.new_page(), driver)
        except BaseException:
            await end(playwright, driver)
            raise
        return self._press

    async def _stop(self) -> None:
        """End the warm browser, whatever state it is in."""
        press, self._press = self._press, None
        if press:
            await end(press.playwright, press.driver)

    def _stay_up(self) -> None:
        """Forget the appointed closing time."""
        if self._bedtime:
            self._bedtime.cancel()
            self._bedtime = None

    async def _sleep(self) -> None:
        """Close after the idle time, unless a document comes first."""
        await asyncio.sleep(self._idle)
        async with self._turn:
            await self._stop()


async def end(playwright: Playwright, driver: int) -> None:
    """Let the driver close its browser, for two seconds; then kill both. No process is left."""
    family = processes.family(driver)
    with contextlib.suppress(Error, TimeoutError, OSError):
        async with asyncio.timeout(2):
            await playwright.stop()
    processes.kill(family)
