"""Every page in Chromium under its real policy: nothing refused, nothing too wide, nothing that axe objects to."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from server.web import assets
from tests.server.web.gallery import browser, gallery
from tests.server.web.samples import SAMPLES

AXE = Path(assets.__file__).parent / "frontend/node_modules/axe-core/axe.min.js"
STILL = """async () => {
    const ends = document.getAnimations().filter(each => each.effect.getComputedTiming().endTime < Infinity);
    await Promise.allSettled(ends.map(each => each.finished));
}"""
REFUSALS = "addEventListener('securitypolicyviolation', e => (window.refused ??= []).push(e.violatedDirective))"


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as launched:
        yield launched


@pytest.fixture(scope="module")
async def origin() -> AsyncIterator[str]:
    async with gallery() as address:
        yield address


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_page_is_well_on_a_phone_by_day_and_by_night(chromium: Browser, origin: str, name: str) -> None:
    page = await chromium.new_page(
        viewport={"width": 390, "height": 900}, reduced_motion="reduce", color_scheme="light"
    )
    await page.add_init_script(REFUSALS)
    await page.goto(f"{origin}/{name}")
    assert await page.evaluate("window.refused ?? []") == []
    assert await page.evaluate("document.scrollingElement.scrollWidth") == 390
    assert await objections(page) == []
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert await objections(page, "{runOnly: ['color-contrast']}") == []
    await page.close()


@pytest.mark.parametrize("name", ["landing", "landing-rtl", "home-signed-in", "me", "verify-valid", "design"])
async def test_a_page_is_well_on_a_desk(chromium: Browser, origin: str, name: str) -> None:
    page = await chromium.new_page(viewport={"width": 1440, "height": 900})
    await page.goto(f"{origin}/{name}")
    assert await page.evaluate("document.documentElement.scrollWidth") == 1440
    assert await objections(page) == []
    await page.close()


async def objections(page: Page, what: str = "{}") -> list[str]:
    """What axe finds wrong, injected beside the page's own world, so that its policy stays in force."""
    # A colour on its way to another is none that anybody reads.
    await page.evaluate(STILL)
    session = await page.context.new_cdp_session(page)
    frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    made = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
    world = {"contextId": made["executionContextId"], "awaitPromise": True, "returnByValue": True}
    await session.send("Runtime.evaluate", {"expression": AXE.read_text(), **world})
    run = f"axe.run(document, {what}).then(r => JSON.stringify(r.violations))"
    answer = await session.send("Runtime.evaluate", {"expression": run, **world})
    found = json.loads(answer["result"]["value"])
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for one in found for node in one["nodes"]
    ]
