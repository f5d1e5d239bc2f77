"""Buying in Chromium: its policy lets the purchase through to the provider, and an order's page goes on by itself."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web as web_of
from playwright.async_api import Page, expect

from tenants.billing import orders
from tests.server.browsing import signed_in
from tests.server.web.gallery import browser
from tests.tenants.selling import Shop, is_in, make_shop
from tests.waiting import until
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def shop(web: Web, world: World) -> Shop:
    made = await make_shop(web.house.tenancy, world.pottery, world.pottery.ana, world.pottery.ben)
    web.till.behave()
    return Shop(made.tenancy, made.school, web.till, made.course)


@pytest.fixture
async def far(web: Web) -> AsyncIterator[str]:
    """The provider's own page, at an origin of its own."""

    async def till(request: web_of.Request) -> web_of.Response:
        return web_of.Response(text="<!doctype html><title>Till</title><h1>Till</h1>", content_type="text/html")

    app = web_of.Application()
    app.router.add_get("/{rest:.*}", till)
    runner = web_of.AppRunner(app)
    await runner.setup()
    await web_of.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    web.till.site = f"{origin}/pay"
    yield origin
    await runner.cleanup()


@pytest.fixture
async def page(web: Web, shop: Shop) -> AsyncIterator[Page]:
    """Sam's browser."""
    async with browser() as chromium:
        context = await chromium.new_context(base_url=web.url)
        cookie = (await signed_in(web, shop.school.sam)).cookie
        await context.add_cookies([{"name": "guildhall", "value": cookie, "url": web.url}])
        yield await context.new_page()


async def press_buy(page: Page, shop: Shop) -> str:
    """To the provider's page by the one button; the checkout."""
    await page.goto(f"/c/{shop.school.slug}/learn/first-bowl")
    await page.get_by_role("link", name="Buy").click()
    await page.get_by_role("button", name="Buy for").click()
    await expect(page.get_by_role("heading", name="Till")).to_be_visible()
    return page.url.rpartition("/")[2]


@pytest.mark.parametrize("listed", [True, False], ids=["by redirect", "by itself"])
async def test_the_button_reaches_the_provider_wherever_its_page_is(
    web: Web, shop: Shop, page: Page, far: str, monkeypatch: pytest.MonkeyPatch, listed: bool
) -> None:
    monkeypatch.setattr(type(web.house), "checkout_origins", (far,) if listed else ())
    checkout = await press_buy(page, shop)
    assert page.url == f"{far}/pay/{checkout}"
    assert checkout in shop.till.asked


async def test_processing_resolves_by_itself_as_soon_as_the_money_is_there(
    web: Web, shop: Shop, page: Page, far: str
) -> None:
    checkout = await press_buy(page, shop)
    order_id = shop.till.asked[checkout].order_id
    told: list[str] = []
    page.on("websocket", lambda socket: told.append(socket.url))
    await page.goto(f"/c/{shop.school.slug}/orders/{order_id}?back=paid")
    await expect(page.get_by_text("Processing…")).to_be_visible()
    await until(lambda: _are(told))
    shop.till.become(checkout, "paid")
    async with shop.system() as scope:
        await shop.settle(await orders.read(scope, order_id))
    await expect(page.get_by_text("Paid. You are in.")).to_be_visible(timeout=20_000)
    assert await is_in(shop, shop.school.sam) is True


async def _are(told: list[str]) -> bool:
    return bool(told)
