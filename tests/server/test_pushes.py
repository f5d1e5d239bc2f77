"""Web push from the outside: over the API, on the page, and in Chromium with its service worker."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from playwright.async_api import Page, expect

from providers.push import public_key
from tenants.scope import Tenancy
from tests.server.browsing import signed_in
from tests.server.web.gallery import browser
from tests.standins.push import PushService
from tests.waiting import until
from tests.webapp import Web
from tests.world import World


def subscription(name: str = "one") -> dict[str, Any]:
    return PushService("https://push.example").subscription(name)


async def test_a_browser_is_put_however_often_and_ended_by_its_owner_alone(web: Web, world: World) -> None:
    school, given = world.pottery, subscription()
    path = f"/channels/{school.slug}/notices/push"
    assert (await web.call("GET", path, token=school.zoe.token)).json == {"key": public_key(web.house.secret)}
    put = [(await web.call("PUT", path, given, token=school.zoe.token)).json for _ in range(2)]
    assert put[0] == put[1]
    other = await web.call("DELETE", f"{path}/{put[0]['id']}", token=school.sam.token)
    assert other.status == 404
    ended = [(await web.call("DELETE", f"{path}/{put[0]['id']}", token=school.zoe.token)).status for _ in range(2)]
    assert ended == [204, 404]
    for token, status in ((world.chess.eve.token, 403), ("", 401)):
        assert (await web.call("PUT", path, given, token=token)).status == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example/1"}, {"endpoint": "https://push.example/" + "x" * 1000},
        {"endpoint": "javascript:alert(1)"}, {"keys": {"p256dh": "A" * 87, "auth": "A" * 22}},
        {"keys": {"p256dh": "", "auth": ""}}, {"keys": {"p256dh": "\u0661" * 87, "auth": "x" * 22}}, {"keys": None},
    ],
)  # fmt: skip
async def test_what_is_no_subscription_is_told(web: Web, world: World, wrong: dict[str, object]) -> None:
    path = f"/channels/{world.pottery.slug}/notices/push"
    answer = await web.call("PUT", path, subscription() | wrong, token=world.pottery.zoe.token)
    assert answer.status == 422
    assert answer.json["errors"]


@pytest.fixture
async def page(web: Web, world: World) -> AsyncIterator[Page]:
    """Zoe's browser. The push service of its maker is far away, so what it would answer is put in its place."""
    given = subscription()
    async with browser() as chromium:
        context = await chromium.new_context(base_url=web.url, permissions=["notifications"])
        cookie = (await signed_in(web, world.pottery.zoe)).cookie
        await context.add_cookies([{"name": "guildhall", "value": cookie, "url": web.url}])
        await context.add_init_script(
            f"""{{ let held = null; const given = {orjson.dumps(given).decode()};
            PushManager.prototype.getSubscription = async () => held;
            PushManager.prototype.subscribe = async (asked) => {{
              window.asked = asked.applicationServerKey;
              return (held = {{ toJSON: () => given, unsubscribe: async () => ((held = null), true) }});
            }};
            addEventListener("securitypolicyviolation", (e) => (window.refused ??= []).push(e.violatedDirective)); }}"""
        )
        yield await context.new_page()


async def test_a_browser_subscribes_by_a_button_and_shows_what_is_pushed(
    web: Web, tenancy: Tenancy, world: World, page: Page
) -> None:
    slug = world.pottery.slug
    await page.goto(f"/c/{slug}/notices/settings")
    await page.get_by_role("button", name="Tell me in this browser").click()
    await expect(page.get_by_role("button", name="No more in this browser")).to_be_visible()
    assert await page.evaluate("window.refused ?? []") == []
    assert await page.evaluate("window.asked") == public_key(web.house.secret)
    assert await count(tenancy, world) == 1
    scope = await page.evaluate(f"navigator.serviceWorker.getRegistration('/c/{slug}/').then((r) => r.scope)")
    assert scope == f"{web.url}/c/{slug}/"
    (worker,) = page.context.service_workers
    # Chromium without a desk has no place for notifications.
    await worker.evaluate(
        "ServiceWorkerRegistration.prototype.showNotification = async (...said) => void (self.shown = said)"
    )
    said = {"title": "Sam, Glazes", "body": "<b>hot</b>", "url": f"/c/{slug}/notices", "tag": "t"}
    await push(page, web.url, said)
    await until(lambda: worker.evaluate("'shown' in self"))
    options = {"body": said["body"], "tag": "t", "data": {"url": said["url"]}}
    assert await worker.evaluate("self.shown") == [said["title"], options]
    await page.get_by_role("button", name="No more in this browser").click()
    await expect(page.get_by_role("button", name="Tell me in this browser")).to_be_visible()
    assert await count(tenancy, world) == 0


async def push(page: Page, origin: str, said: dict[str, str]) -> None:
    """Have the browser hand a message to its service worker, as its maker's push service would."""
    session = await page.context.new_cdp_session(page)
    heard: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: heard.extend(event["registrations"]))
    await session.send("ServiceWorker.enable")
    await until(lambda: _now(bool(heard)))
    about = {"origin": origin, "registrationId": heard[0]["registrationId"], "data": orjson.dumps(said).decode()}
    await session.send("ServiceWorker.deliverPushMessage", about)


async def _now(value: bool) -> bool:
    return value


async def count(tenancy: Tenancy, world: World) -> int:
    async with tenancy.scope(world.pottery.id, world.pottery.zoe.actor) as scope:
        rows, _ = await scope._transaction.run("select count(*) from pushes where channel_id = $1", [world.pottery.id])
        return int(rows[0][0])


async def test_the_worker_is_served_for_channels_that_are_there(web: Web, world: World) -> None:
    anybody = await signed_in(web, world.pottery.zoe)
    answer = await anybody.get(f"/c/{world.pottery.slug}/push.js")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "showNotification" in answer.text
    assert (await anybody.get("/c/nowhere-at-all/push.js")).status == 404
