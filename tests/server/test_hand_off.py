"""Signing in at a channel's own host: by a ticket that works once, there, in the browser that began it."""

import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.databases import bare
from tests.server.homes import Browser, Homes, ban, make_homes, signed_in_at, way_of
from tests.server.test_community_api import make_room
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def homes(web: Web, world: World) -> Homes:
    return await make_homes(web, world)


async def test_a_member_signs_in_at_the_host_of_the_channel_and_works_there(homes: Homes) -> None:
    web, pottery, host = homes.web, homes.world.pottery, homes.pottery
    room = await make_room(web, pottery)
    browser = Browser(web)
    way = await browser.leave(host, f"/sign-in?next=/c/{pottery.slug}/learn")
    door = await browser.get("", way)
    assert door.status == 303
    assert door.headers["Location"].startswith("/sign-in?next=/sign-in/hand-off%3Fto%3D")
    await browser.sign_in(pottery.sam)
    page = await browser.get("", way)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    arrived = await browser.arrive(host, page)
    assert (arrived.status, arrived.headers["Location"]) == (303, f"/c/{pottery.slug}/learn")
    assert set(browser.jars[host]) == {"guildhall"}
    assert browser.jars[host]["guildhall"] != browser.jars[""]["guildhall"]
    for path in ("", "/learn", "/community", "/classes"):
        assert (await browser.get(host, f"/c/{pottery.slug}{path}")).status in {200, 303}
    community = await browser.get(host, f"/c/{pottery.slug}/community/wheel-talk")
    assert community.status == 200
    said = await browser.post(
        host, f"/c/{pottery.slug}/community/wheel-talk", client_id=str(secrets.token_hex(16)), body="Here I am"
    )
    assert said.status == 303
    assert room


async def test_who_runs_the_channel_is_in_its_studio_there(homes: Homes) -> None:
    pottery = homes.world.pottery
    browser = await signed_in_at(homes, pottery.ana, homes.pottery)
    studio = await browser.get(homes.pottery, f"/c/{pottery.slug}/studio")
    assert studio.status == 200
    assert f"form-action 'self' {homes.web.url}" in studio.headers["Content-Security-Policy"]


async def test_who_is_no_member_is_asked_before_the_channel_learns_who_they_are(homes: Homes) -> None:
    browser, host = Browser(homes.web), homes.pottery
    await browser.sign_in(homes.world.nobody)
    way = await browser.leave(host)
    asked = await browser.get("", way)
    assert asked.status == 200
    assert "refresh" not in asked.text
    assert host in asked.text
    given = {name: values[0] for name, values in parse_qs(urlsplit(way).query).items()}
    assert (await browser.arrive(host, await browser.post("", "/sign-in/hand-off", **given))).status == 303
    assert (await browser.post(host, f"/c/{homes.world.pottery.slug}/join")).status == 303
    foreign = await browser.send("POST", "", "/sign-in/hand-off", urlencode(given), {"Sec-Fetch-Site": "cross-site"})
    assert foreign.status == 403


async def test_a_visitor_who_joins_is_led_to_the_door_and_the_form_may_lead_there(homes: Homes) -> None:
    browser, host, slug = Browser(homes.web), homes.pottery, homes.world.pottery.slug
    landing = await browser.get(host, f"/c/{slug}")
    assert f"form-action 'self' {homes.web.url};" in landing.headers["Content-Security-Policy"]
    joined = await browser.post(host, f"/c/{slug}/join")
    assert (joined.status, joined.headers["Location"].partition("?")[0]) == (303, "/sign-in")


async def test_a_ticket_works_once(homes: Homes) -> None:
    browser, host = Browser(homes.web), homes.pottery
    await browser.sign_in(homes.world.pottery.sam)
    way = way_of(await browser.get("", await browser.leave(host)))
    nonce = dict(browser.jars[host])
    assert (await browser.get(host, way)).status == 303
    browser.jars[host] = nonce
    again = await browser.get(host, way)
    assert (again.status, "Set-Cookie" in again.headers) == (410, False)
    assert "Press “Sign in” once more." in again.text


async def test_a_ticket_is_good_at_its_own_host_only(homes: Homes) -> None:
    browser = Browser(homes.web)
    await browser.sign_in(homes.world.pottery.sam)
    way = way_of(await browser.get("", await browser.leave(homes.pottery)))
    browser.jars[homes.chess] = dict(browser.jars[homes.pottery])
    browser.jars[""] |= browser.jars[homes.pottery]
    assert (await browser.get(homes.chess, way)).status == 410
    assert (await Browser(homes.web, {"": dict(browser.jars[homes.pottery])}).get("", way)).status == 404
    assert (await browser.get(homes.pottery, way)).status == 303


async def test_a_ticket_planted_on_another_browser_opens_nothing(homes: Homes) -> None:
    mallory, victim, host = Browser(homes.web), Browser(homes.web), homes.pottery
    await mallory.sign_in(homes.world.pottery.zoe)
    way = way_of(await mallory.get("", await mallory.leave(host)))
    assert (await victim.get(host, way)).status == 410
    await victim.leave(host)
    planted = await victim.get(host, way)
    assert (planted.status, victim.jars[host].get("guildhall")) == (410, None)


async def test_a_ticket_that_comes_late_is_refused(homes: Homes) -> None:
    browser, host, sam = Browser(homes.web), homes.pottery, homes.world.pottery.sam
    await browser.sign_in(sam)
    way = way_of(await browser.get("", await browser.leave(host)))
    async with bare(homes.web.house.tenancy.app, person_id=sam.person_id) as connection:
        await connection.execute("update hand_offs set created_at = now() - interval '61 seconds'")
    assert (await browser.get(host, way)).status == 410


async def test_who_is_banned_gets_no_ticket_and_none_that_was_made_before(homes: Homes) -> None:
    web, pottery, host = homes.web, homes.world.pottery, homes.pottery
    browser = Browser(web)
    await browser.sign_in(pottery.sam)
    asked = await browser.leave(host)
    way = way_of(await browser.get("", asked))
    await ban(web, pottery, pottery.sam.member_id)
    late = await browser.get(host, way)
    assert (late.status, browser.jars[host].get("guildhall")) == (403, None)
    assert "spam" in late.text
    assert (await browser.get("", asked)).status == 403


async def test_a_ban_shuts_the_channel_to_the_cookie_of_its_host(homes: Homes) -> None:
    web, pottery = homes.web, homes.world.pottery
    browser = await signed_in_at(homes, pottery.sam, homes.pottery)
    assert (await browser.post(homes.pottery, f"/c/{pottery.slug}/join")).status == 303
    await ban(web, pottery, pottery.sam.member_id)
    assert (await browser.post(homes.pottery, f"/c/{pottery.slug}/join")).status == 403


@pytest.mark.parametrize("to", ["evil.example", "", "evil.example/../", "[", "é", "a" * 300, "x\0"])
async def test_nobody_is_led_to_a_host_that_no_channel_has(homes: Homes, to: str) -> None:
    browser = Browser(homes.web)
    await browser.sign_in(homes.world.pottery.sam)
    seal = "A" * 43
    asked = await browser.get("", f"/sign-in/hand-off?{urlencode({'to': to, 'for': seal, 'next': '/'})}")
    assert asked.status in {404, 422}
    assert "refresh" not in asked.text


@pytest.mark.parametrize("following", ["//evil.example", "https://evil.example/", "/\\evil.example"])
async def test_a_hand_off_ends_at_a_path_of_the_channel_s_host(homes: Homes, following: str) -> None:
    browser = Browser(homes.web)
    await browser.sign_in(homes.world.pottery.sam)
    way = await browser.leave(homes.pottery, f"/sign-in?{urlencode({'next': following})}")
    page = await browser.get("", way)
    arrived = await browser.arrive(homes.pottery, page)
    assert (arrived.status, arrived.headers["Location"]) == (303, "/")


async def test_a_hand_off_that_was_not_begun_is_refused(homes: Homes) -> None:
    browser = Browser(homes.web)
    await browser.sign_in(homes.world.pottery.sam)
    for seal in ("", "x", "A" * 44, "=" * 43):
        query = urlencode({"to": homes.pottery, "for": seal})
        assert (await browser.get("", f"/sign-in/hand-off?{query}")).status == 400
