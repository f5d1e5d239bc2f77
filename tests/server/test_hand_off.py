"""Signing in at a channel's own host: by a ticket that works once, there, in that browser; and a cookie good there."""

import secrets
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import socketio
from sqlalchemy import bindparam, update

from tenants import directory
from tenants.channels.channels import CHANNELS
from tenants.errors import SignInNeeded
from tenants.ids import MemberId
from tenants.members import bans
from tenants.people import sessions
from tenants.people.sessions import Device
from tenants.statements import scoped
from tests.server.test_community_api import make_room
from tests.webapp import Reply, Web
from tests.world import School, Somebody, World

SET_HOST = scoped(update(CHANNELS).values(host=bindparam("own_host")))
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(slots=True)
class Browser:
    """A browser that keeps cookies by host and asks the loopback server under any of them."""

    web: Web
    jars: dict[str, dict[str, str]] = field(default_factory=dict)

    async def get(self, host: str, path: str, **headers: str) -> Reply:
        """Open an address of a host (empty: the installation's)."""
        return await self.send("GET", host, path, None, headers)

    async def post(self, host: str, path: str, **fields: Any) -> Reply:
        """Send a form as a page of the host does."""
        sent = SAME_ORIGIN | {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.send("POST", host, path, urlencode(fields), sent)

    async def send(self, method: str, host: str, path: str, body: str | None, headers: dict[str, str]) -> Reply:
        """One request; redirects are not followed."""
        jar = self.jars.setdefault(host, {})
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        sent |= headers | ({"Host": host} if host else {})
        url = self.web.url + path
        async with self.web.session.request(method, url, data=body, headers=sent, allow_redirects=False) as answer:
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    jar[name] = morsel.value
                    if morsel["max-age"] == "0":
                        del jar[name]
            return Reply(answer.status, answer.headers, await answer.read(), None)

    async def sign_in(self, person: Somebody) -> None:
        """Have the cookie of a session at the installation's host."""
        async with self.web.house.tenancy.person(person.person_id) as scope:
            _, token = await sessions.open_browser(scope, Device("Mozilla/5.0 Firefox", "127.0.0.1"))
        self.jars.setdefault("", {})["guildhall"] = token

    async def leave(self, host: str, path: str = "/sign-in?next=/c/x/learn") -> str:
        """Press "Sign in" at a channel's host; the address at the installation's host that it leads to."""
        left = await self.get(host, path)
        assert left.status == 303
        assert left.headers["Location"].startswith(f"{self.web.url}/sign-in/hand-off?")
        return left.headers["Location"].removeprefix(self.web.url)

    async def arrive(self, host: str, page: Reply) -> Reply:
        """Go where the page of the hand-off leads."""
        return await self.get(host, way_of(page))


def way_of(page: Reply) -> str:
    """The path at the channel's host that a hand-off's page goes on to."""
    assert page.status == 200, page.text
    url = page.text.split('http-equiv="refresh" content="0;url=')[1].split('"')[0].replace("&amp;", "&")
    return url[url.index("/sign-in/arrive") :]


@dataclass(frozen=True, slots=True)
class Homes:
    """A web with two channels that each have a host of their own."""

    web: Web
    world: World
    pottery: str
    chess: str


@pytest.fixture
async def homes(web: Web, world: World) -> Homes:
    made = []
    for school in (world.pottery, world.chess):
        made.append(f"{school.slug}.example")
        await move(web, school, made[-1])
    return Homes(web, world, *made)


async def move(web: Web, school: School, host: str | None) -> None:
    """Give a channel another host of its own."""
    async with web.house.tenancy.scope(school.id) as scope:
        await scope.run(SET_HOST, own_host=host)


async def signed_in_at(homes: Homes, person: Somebody, host: str) -> Browser:
    """A browser that went the whole way."""
    browser = Browser(homes.web)
    await browser.sign_in(person)
    page = await browser.get("", await browser.leave(host))
    assert (await browser.arrive(host, page)).status == 303
    return browser


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
    begin = f"BEGIN; SET LOCAL app.person_id = '{sam.person_id}'"
    async with homes.web.house.tenancy.app.transaction(begin) as connection:
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


async def ban(web: Web, school: School, member: MemberId) -> None:
    async with web.house.tenancy.scope(school.id, school.ana.actor) as scope:
        await bans.ban(scope, member, "spam", None)


async def test_a_ban_shuts_the_channel_to_the_cookie_of_its_host(homes: Homes) -> None:
    web, pottery = homes.web, homes.world.pottery
    browser = await signed_in_at(homes, pottery.sam, homes.pottery)
    assert (await browser.post(homes.pottery, f"/c/{pottery.slug}/join")).status == 303
    await ban(web, pottery, pottery.sam.member_id)
    assert (await browser.post(homes.pottery, f"/c/{pottery.slug}/join")).status == 403


@pytest.mark.parametrize("at", ["channel", "installation"])
async def test_signing_out_at_one_host_ends_both(homes: Homes, at: str) -> None:
    pottery = homes.world.pottery
    browser = await signed_in_at(homes, pottery.sam, homes.pottery)
    before = {host: dict(jar) for host, jar in browser.jars.items()}
    out = await browser.post(homes.pottery if at == "channel" else "", "/sign-out")
    assert out.status == 303
    browser.jars = before
    assert (await browser.get("", "/me")).status == 303
    assert (await browser.get(homes.pottery, f"/c/{pottery.slug}/classes")).status == 303


async def test_signing_out_everywhere_reaches_the_hosts_of_other_browsers(homes: Homes) -> None:
    pottery = homes.world.pottery
    lost = await signed_in_at(homes, pottery.sam, homes.pottery)
    kept = await signed_in_at(homes, pottery.sam, homes.pottery)
    me = await kept.get("", "/me")
    assert me.text.count(homes.pottery) == 2
    assert (await kept.post("", "/me/devices/end-others")).status == 303
    assert (await lost.get(homes.pottery, f"/c/{pottery.slug}/classes")).status == 303
    assert (await kept.get(homes.pottery, f"/c/{pottery.slug}/classes")).status == 200


async def test_the_cookie_of_a_channel_s_host_opens_nothing_else(homes: Homes) -> None:
    web, pottery, chess = homes.web, homes.world.pottery, homes.world.chess
    await move(web, chess, homes.chess)
    browser = await signed_in_at(homes, pottery.sam, homes.pottery)
    token = browser.jars[homes.pottery]["guildhall"]
    own = f"/api/v1/channels/{pottery.slug}/rooms"
    assert (await browser.get(homes.pottery, own)).status == 200
    assert (await browser.get(homes.pottery, "/api/v1/me")).status == 403
    assert (await browser.get(homes.pottery, f"/api/v1/channels/{chess.slug}/rooms")).status == 401
    thief = Browser(web, {host: {"guildhall": token} for host in ("", homes.chess, "nowhere.example")})
    for host in ("", homes.chess, "nowhere.example"):
        assert (await thief.get(host, own)).status == 401
        assert (await thief.get(host, "/api/v1/me")).status == 401
        assert (await thief.get(host, f"/c/{pottery.slug}/classes")).status in {303, 404}
    for bearer in (token, f"{token}@{homes.pottery}"):
        assert (await web.call("GET", own, token=bearer)).status == 401
        assert (await web.call("GET", "/me", token=bearer)).status == 401


async def test_the_cookie_dies_when_the_host_is_no_longer_the_channel_s(homes: Homes) -> None:
    web, pottery = homes.web, homes.world.pottery
    browser = await signed_in_at(homes, pottery.sam, homes.pottery)
    token = sessions.at_host(browser.jars[homes.pottery]["guildhall"], homes.pottery)
    assert (await directory.session_of(web.house.tenancy, token)).for_channel == pottery.id
    assert await directory.sockets_ended(web.house.tenancy, [(pottery.id, token)]) == {}
    await move(web, pottery, f"new-{homes.pottery}")
    with pytest.raises(SignInNeeded):
        await directory.session_of(web.house.tenancy, token)
    assert await directory.sockets_ended(web.house.tenancy, [(pottery.id, token)]) == {0: "session_ended"}
    api = await browser.get(homes.pottery, f"/api/v1/channels/{pottery.slug}/rooms")
    assert api.status == 401


async def test_passwords_and_accounts_are_asked_for_at_the_installation_s_host_only(homes: Homes) -> None:
    browser, host = Browser(homes.web), homes.pottery
    for path in ("/me", "/sign-up?next=/x", "/sign-in/link", "/set-password"):
        led = await browser.get(host, path)
        assert (led.status, led.headers["Location"]) == (303, homes.web.url + path)
    for path in ("/sign-in", "/sign-up", "/set-password", "/"):
        assert (await browser.post(host, path, email="x@y.example", password="z" * 20)).status == 404


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


async def test_a_socket_opens_at_the_channel_s_host_from_its_own_pages_only(homes: Homes) -> None:
    web, pottery, chess, host = homes.web, homes.world.pottery, homes.world.chess, homes.pottery
    browser = await signed_in_at(homes, pottery.sam, host)
    cookie = f"guildhall={browser.jars[host]['guildhall']}"
    own = {"Host": host, "Cookie": cookie, "Origin": f"http://{host}"}
    assert await opens(web, pottery.slug, own)
    assert not await opens(web, chess.slug, own)
    assert not await opens(web, pottery.slug, own | {"Origin": web.url})
    assert not await opens(web, pottery.slug, own | {"Origin": f"http://{homes.chess}"})
    assert not await opens(web, pottery.slug, own | {"Host": homes.chess, "Origin": f"http://{homes.chess}"})
    assert not await opens(web, pottery.slug, {}, f"{browser.jars[host]['guildhall']}@{host}")


async def opens(web: Web, slug: str, headers: dict[str, str], token: str = "") -> bool:
    """Whether a socket to a channel is let in."""
    client = socketio.AsyncClient(reconnection=False)
    auth = {"channel": slug} | ({"token": token} if token else {})
    try:
        await client.connect(
            web.url, headers, auth, transports=["websocket"], namespaces=["/community"], wait_timeout=5
        )
    except socketio.exceptions.ConnectionError:
        return False
    finally:
        await client.disconnect()
    return True


async def test_a_write_at_the_channel_s_host_comes_from_its_own_pages(homes: Homes) -> None:
    web, pottery, host = homes.web, homes.world.pottery, homes.pottery
    browser = await signed_in_at(homes, pottery.sam, host)
    path = f"/c/{pottery.slug}/join"
    for origin, status in ((f"http://{host}", 303), (web.url, 403), (f"http://{homes.chess}", 403)):
        assert (await browser.send("POST", host, path, "", {"Origin": origin})).status == status
