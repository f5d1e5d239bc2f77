"""Pages as browsers get them: forms that work without scripts, dresses, caches, and the way back after signing in."""

import re
import secrets
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from sqlalchemy import bindparam, update

from tenants.channels.channels import CHANNELS
from tenants.people import mailed_links
from tenants.statements import scoped
from tests.server.browsing import Browsing, signed_in
from tests.webapp import Web
from tests.world import World

PASSWORD = "a long enough sentence"
SET_HOST = scoped(update(CHANNELS).values(host=bindparam("own_host")))


async def test_a_stranger_signs_up_makes_a_channel_and_it_is_up(web: Web) -> None:
    browser = Browsing(web)
    email, slug = f"ana-{secrets.token_hex(4)}@guildhall.example", f"clay-{secrets.token_hex(4)}"
    door = await browser.post("/sign-up", name="Ana", email=email, password=PASSWORD, next="/#make")
    assert (door.status, door.headers["Location"]) == (303, "/#make")
    made = await browser.post("/", name="Clay House", slug=slug, colour="#1f6f72")
    assert (made.status, made.headers["Location"]) == (303, f"/c/{slug}/studio?said=founded")
    page = await web.get(f"/c/{slug}")
    assert page.status == 200
    assert "Clay House" in page.text
    assert "--brand:#1f6f72" in page.text
    assert "Set-Cookie" not in page.headers
    again = await web.get(f"/c/{slug}", headers={"If-None-Match": page.headers["ETag"]})
    assert again.status == 304


async def test_a_wrong_password_comes_back_with_the_e_mail_and_without_the_password(web: Web, world: World) -> None:
    answer = await Browsing(web).post("/sign-in", email=world.pottery.ana.email, password="wrong as can be")
    assert answer.status == 401
    assert world.pottery.ana.email in answer.text
    assert "wrong as can be" not in answer.text
    assert "do not go together" in answer.text


async def test_nobody_is_led_to_another_site_after_signing_in(web: Web) -> None:
    for foreign in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        email = f"ana-{secrets.token_hex(4)}@guildhall.example"
        answer = await Browsing(web).post("/sign-up", name="Ana", email=email, password=PASSWORD, next=foreign)
        assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_a_foreign_page_cannot_sign_its_visitor_in(web: Web, world: World) -> None:
    fields = urlencode({"email": world.pottery.ana.email, "password": PASSWORD})
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = await Browsing(web).send("POST", "/sign-in", fields, headers)
        assert answer.status == 403


async def test_who_is_not_signed_in_is_led_to_the_door_and_back(web: Web) -> None:
    answer = await web.get("/me")
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/me")


async def test_signing_out_ends_the_session_and_forgets_the_cookie(web: Web, world: World) -> None:
    browser = await signed_in(web, world.pottery.sam)
    assert (await browser.get("/me")).status == 200
    answer = await browser.post("/sign-out")
    assert SimpleCookie(answer.headers["Set-Cookie"])["guildhall"]["max-age"] == "0"
    assert (await browser.get("/me")).status == 303


async def test_a_device_is_signed_out_from_another(web: Web, world: World) -> None:
    phone, desk = await signed_in(web, world.pottery.sam), await signed_in(web, world.pottery.sam)
    assert (await desk.post("/me/devices/end-others")).status == 303
    assert (await phone.get("/me")).status == 303
    assert (await desk.get("/me")).status == 200


async def test_a_missing_page_of_a_channel_wears_its_dress(web: Web, world: World) -> None:
    await web.call(
        "PATCH", f"/channels/{world.pottery.slug}", {"brand": {"colour": "#b4512d"}}, token=world.pottery.ana.token
    )
    answer = await web.get(f"/c/{world.pottery.slug}/learn/no-such-course")
    assert answer.status == 404
    assert "--brand:#b4512d" in answer.text
    assert world.pottery.name in answer.text
    style = re.search(r"style-src [^;]*'(sha256-[^']+)'", answer.headers["Content-Security-Policy"])
    assert style is not None


async def test_the_built_front_end_is_kept_for_ever(web: Web) -> None:
    home = await web.get("/")
    sheet = re.search(r'href="(/static/dist/[^"]+\.css)"', home.text)
    assert sheet is not None
    answer = await web.get(sheet[1], headers={"Accept-Encoding": "gzip"})
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_robots_and_sitemap_name_the_channels(web: Web, world: World) -> None:
    robots = (await web.get("/robots.txt")).text
    assert "/sitemap.xml" in robots
    # A page that is never fetched cannot say that it is not to be indexed, and is listed by its address alone.
    assert "community" not in robots
    assert (await web.get("/sitemap.xml")).status == 200


async def test_a_link_by_mail_is_used_by_a_press_once_and_not_by_opening_it(web: Web, world: World) -> None:
    sam, house = world.pottery.sam, web.house
    async with house.tenancy.person(sam.person_id) as scope:
        token = house.links.token(sam.person_id, await mailed_links.add(scope, "sign_in"))
    browser = Browsing(web)
    for _ in range(2):
        assert (await browser.get(f"/sign-in/link?token={token}")).status == 200
    assert (await browser.post("/sign-in/link/use", token=token)).status == 303
    assert (await browser.get("/me")).status == 200
    spent = await Browsing(web).post("/sign-in/link/use", token=token)
    assert spent.status == 410
    assert "Ask for a new one." in spent.text


async def test_asking_for_a_link_tells_nobody_who_has_an_account(web: Web, world: World) -> None:
    emails = (world.pottery.sam.email, f"nobody-{secrets.token_hex(4)}@guildhall.example")
    answers = [await Browsing(web).post("/sign-in/link", email=email) for email in emails]
    assert [answer.status for answer in answers] == [200, 200]
    shown = [answer.text.replace(email, "") for answer, email in zip(answers, emails, strict=True)]
    assert shown[0] == shown[1]


async def test_a_page_speaks_the_language_of_its_channel(web: Web, world: World) -> None:
    slug, ana = world.pottery.slug, world.pottery.ana
    await web.call("PATCH", f"/channels/{slug}", {"locale": "ar"}, token=ana.token)
    page = await web.get(f"/c/{slug}")
    assert '<html lang="ar" dir="rtl"' in page.text
    home = await web.get("/", headers={"Accept-Language": "fr, de;q=0.8"})
    assert '<html lang="de"' in home.text


async def test_a_draft_is_nowhere_to_be_seen(web: Web, world: World) -> None:
    slug, ana = world.pottery.slug, world.pottery.ana
    made = await web.call("POST", f"/channels/{slug}/courses", {"title": "Secret", "slug": "secret"}, token=ana.token)
    assert made.status == 201
    for path in (f"/c/{slug}", f"/c/{slug}/learn"):
        assert "Secret" not in (await web.get(path)).text
    assert (await web.get(f"/c/{slug}/learn/secret")).status == 404


@pytest.mark.parametrize("path", ["/c/no-such-channel", "/c/no-such-channel/studio", "/nowhere"])
async def test_what_is_not_there_is_a_page_with_a_way_on(web: Web, path: str) -> None:
    answer = await web.get(path)
    assert answer.status in {303, 404}
    if answer.status == 404:
        assert 'href="/"' in answer.text


async def test_hostile_fields_are_refused_in_place(web: Web, world: World) -> None:
    browser = await signed_in(web, world.pottery.ana)
    long, turned = "x" * 5000, "abc\u202egnp"
    for name, slug in ((long, "good-slug"), ("Good", long), (turned, "good-slug"), ("Good", "../etc"), ("", "")):
        answer = await browser.post("/", name=name, slug=slug, colour="#1f6f72")
        assert answer.status == 422
        assert 'aria-invalid="true"' in answer.text
    nul = await browser.post("/", name="a\0b", slug="good-slug")
    assert nul.status == 422


async def test_a_host_of_its_own_shows_its_channel_and_no_other(web: Web, world: World) -> None:
    host = f"{world.pottery.slug}.example"
    async with web.house.tenancy.scope(world.pottery.id) as scope:
        await scope.run(SET_HOST, own_host=host)
    page = await web.get("/", headers={"Host": host})
    assert (page.status, world.pottery.name in page.text) == (200, True)
    assert f"script-src http://{host}/static/dist/" in page.headers["Content-Security-Policy"]
    assert (await web.get(f"/c/{world.pottery.slug}", headers={"Host": host})).status == 200
    assert (await web.get(f"/c/{world.chess.slug}", headers={"Host": host})).status == 404
