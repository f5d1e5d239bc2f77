"""The pages of people who are signed in: well formed, reachable by name, and right in Chromium under their policy."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Browser

from server.web import csp
from server.web.assets import DIST
from server.web.render import theme_of
from tests.server.web.gallery import browser, pages
from tests.server.web.keys import INTEGRATIONS
from tests.server.web.money import MONEY
from tests.server.web.outline import Outline
from tests.server.web.samples import Sample
from tests.server.web.test_browser import REFUSALS, objections
from tests.server.web.tools import TOOLS

EVERY = TOOLS | MONEY | INTEGRATIONS
every = pytest.mark.parametrize("name", EVERY)


def shown(sample: Sample) -> str:
    return pages().render(sample.template, sample.view, sample.frame)


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as launched:
        yield launched


@pytest.fixture(scope="module")
async def origin() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_static("/static/dist", DIST)
    app.router.add_get("/{name}", _page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@every
def test_a_tool_is_well_formed_with_unique_ids_and_labelled_fields(name: str) -> None:
    page = Outline(shown(EVERY[name]()))
    assert page.faults == []
    assert len(page.all("h1")) == 1
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert [key for key, count in ids.items() if count > 1] == []
    labels = {label.get("for") for label in page.all("label")}
    fields = [field for field in page.all("input", "textarea", "select") if field.get("type") not in _WRAPPED]
    assert [field for field in fields if field.get("id") not in labels] == []


@every
def test_a_tool_carries_no_inline_script_and_no_inline_style(name: str) -> None:
    page = Outline(shown(EVERY[name]()))
    assert [s for s in page.all("script") if "src" not in s and s.get("type") != "application/json"] == []
    assert [a for _, a in page.elements if "style" in a or any(key.startswith("on") for key in a)] == []


@every
async def test_a_tool_is_well_on_a_phone_by_day_and_by_night(chromium: Browser, origin: str, name: str) -> None:
    page = await chromium.new_page(
        viewport={"width": 390, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.add_init_script(REFUSALS)
    await page.goto(f"{origin}/{name}")
    assert await page.evaluate("window.refused ?? []") == []
    assert await page.evaluate("innerWidth") == 390
    assert await objections(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await objections(page, "{runOnly: ['color-contrast']}") == []
    assert faults == []
    await page.close()


_WRAPPED = {"hidden", "radio", "checkbox"}


async def _page(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in EVERY:
        raise web.HTTPNotFound
    sample = EVERY[name]()
    nonce, own = sample.frame.nonce, f"http://{request.host}"
    policy = csp.studio(nonce) if nonce else csp.public(own, theme_of(sample.frame).source)
    return web.Response(text=shown(sample), content_type="text/html", headers={"Content-Security-Policy": policy})
