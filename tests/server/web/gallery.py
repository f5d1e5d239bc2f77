"""Every sample page on a real server, under its real policy: for looking at, and for checks in a browser.

`python -m tests.server.web.gallery OUT [NAME …]` photographs them at 390 and 1440 pixels, light and dark.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, async_playwright

from providers.pdf.chromium import find
from server.web import csp
from server.web.assets import DIST, Assets
from server.web.render import Pages, theme_of
from server.web.theme import Theme, several
from tests.server.web.samples import SAMPLES

WIDTHS: tuple[int, ...] = (390, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def render(name: str) -> tuple[str, Theme]:
    """The sample `name` as the server would send it, and the theme that its policy must let in."""
    sample = SAMPLES[name]()
    brands = getattr(sample.view, "brands", None)
    dress = several(brands) if brands else theme_of(sample.frame)
    return pages().render(sample.template, sample.view, sample.frame, dress), dress


@cache
def pages() -> Pages:
    """The pages of the built front end, as one server process holds them."""
    return Pages(Assets.load())


@asynccontextmanager
async def gallery() -> AsyncIterator[str]:
    """A server of all samples at `/{name}`; yields its origin."""
    app = web.Application()
    app.router.add_static("/static/dist", DIST)
    app.router.add_get("/{name}", _page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium of this machine."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(**find().launch_options())
        try:
            yield launched
        finally:
            await launched.close()


async def photograph(folder: Path, names: list[str]) -> None:
    """One picture of each named sample, width and scheme, whole page."""
    async with gallery() as origin, browser() as chromium:
        for name in names:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    page = await chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    page.on("console", _say)
                    await page.goto(f"{origin}/{name}")
                    await page.evaluate("document.fonts.ready")
                    wide = await page.evaluate("innerWidth")
                    if wide > width:
                        print(f"{name}: {wide} pixels wide on a screen of {width}")
                    await page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
                    await page.close()


def _say(message: ConsoleMessage) -> None:
    print(message.location.get("url"), message.text)


async def _page(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in SAMPLES:
        raise web.HTTPNotFound
    text, dress = render(name)
    policy = csp.public(f"http://{request.host}", dress.source)
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(photograph(target, sys.argv[2:] or list(SAMPLES)))
