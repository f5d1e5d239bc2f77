"""The way to a channel's own host and into its rooms, in Chromium, with what it minds: policies, cookies, redirects."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page

from server.sockets import WIRE
from tests.server.homes import move
from tests.server.test_community_api import make_room
from tests.server.web.gallery import browser
from tests.waiting import until
from tests.webapp import Web
from tests.world import School, World

TAKE = "action => { const form = Object.assign(document.createElement('form'), {method: 'post', action});\
 document.body.append(form); form.submit(); }"
PASSWORD = "a long enough sentence"


@dataclass(frozen=True, slots=True)
class Hosted:
    """A channel at a host of its own, which every browser finds on this machine, and somebody with a password."""

    web: Web
    school: School
    origin: str
    email: str
    person_id: str


@pytest.fixture
async def hosted(web: Web, world: World) -> Hosted:
    school, port = world.pottery, web.url.rpartition(":")[2]
    await move(web, school, f"{school.slug}.localhost")
    await make_room(web, school)
    email = f"ida-{secrets.token_hex(6)}@guildhall.example"
    made = await web.call("POST", "/auth/sign-up", {"email": email, "password": PASSWORD, "name": "Ida"})
    return Hosted(web, school, f"http://{school.slug}.localhost:{port}", email, made.json["person"]["id"])


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as launched:
        yield launched


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context()
    opened = await context.new_page()
    opened.set_default_timeout(15_000)
    yield opened
    await context.close()


async def sign_in(page: Page, hosted: Hosted) -> None:
    """Fill in the form at the installation's host."""
    await page.wait_for_url(f"{hosted.web.url}/sign-in?**")
    await page.fill("#email", hosted.email)
    await page.fill("#password", PASSWORD)
    await page.click("form button")


async def test_a_visitor_signs_in_joins_and_talks_at_the_channel_s_host(hosted: Hosted, page: Page) -> None:
    landing = f"{hosted.origin}/c/{hosted.school.slug}"
    await page.goto(landing)
    # The form of a course that one may take: it leads a visitor to another host, which its policy has to let it.
    await page.evaluate(TAKE, f"/c/{hosted.school.slug}/join")
    await sign_in(page, hosted)
    await page.wait_for_selector('form[action="/sign-in/hand-off"]')
    await page.click('form[action="/sign-in/hand-off"] button')
    await page.wait_for_url(f"{hosted.origin}/**")
    await page.goto(landing)
    await page.click(f'form[action="/c/{hosted.school.slug}/join"] button >> nth=0')
    await page.wait_for_url(f"{landing}?said=joined")
    await page.goto(f"{landing}/community/wheel-talk")

    async def connected() -> bool:
        return hosted.person_id in {str(each.person_id) for each in hosted.web.app[WIRE].connections}

    await until(connected)


async def test_a_member_comes_back_without_being_asked(hosted: Hosted, page: Page) -> None:
    given = {"email": hosted.email, "password": PASSWORD}
    token = (await hosted.web.call("POST", "/auth/sign-in", given)).json["access_token"]
    joined = await hosted.web.call("POST", f"/channels/{hosted.school.slug}/join", token=token)
    assert joined.status == 201
    await page.goto(f"{hosted.origin}/c/{hosted.school.slug}/classes")
    await sign_in(page, hosted)
    await page.wait_for_url(f"{hosted.origin}/c/{hosted.school.slug}/classes")
    names = {(each["name"], each["domain"]) for each in await page.context.cookies()}
    assert names == {("guildhall", f"{hosted.school.slug}.localhost"), ("guildhall", "127.0.0.1")}
