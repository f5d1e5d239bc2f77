"""A sign-in at a channel's own host: good there alone, and ended with the one it came from."""

import secrets
import time
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import socketio

from server.pages import files
from tenants import directory
from tenants.errors import SignInNeeded
from tenants.people import sessions
from tests.server.homes import SAME_ORIGIN, Browser, Homes, make_homes, move, signed_in_at
from tests.webapp import Web
from tests.world import World


@pytest.fixture
async def homes(web: Web, world: World) -> Homes:
    return await make_homes(web, world)


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


async def test_files_are_sent_and_fetched_at_the_channel_s_own_host(homes: Homes) -> None:
    pottery, host = homes.world.pottery, homes.pottery
    browser = await signed_in_at(homes, pottery.ana, host)
    uploads, json_of = f"/api/v1/channels/{pottery.slug}/uploads", {"Content-Type": "application/json"} | SAME_ORIGIN
    asked = {"name": "bowl.png", "content_type": "image/png", "size": 5, "purpose": "cover"}
    sent = {"Idempotency-Key": secrets.token_hex(16)} | json_of
    begun = [await browser.send("POST", host, uploads, orjson.dumps(asked).decode(), sent) for _ in range(2)]
    assert [each.status for each in begun] == [201, 201], begun[0].text
    session = orjson.loads(begun[0].body)
    assert orjson.loads(begun[1].body) == session
    assert session["session_url"].startswith("/storage/uploads/")
    span = {"Content-Range": "bytes 0-4/5"} | SAME_ORIGIN
    assert (await browser.send("PUT", host, session["session_url"], "bytes", span)).status == 200
    done = await browser.send("POST", host, f"{uploads}/{session['id']}/complete", None, json_of)
    assert done.status == 200
    led = await browser.get(host, f"/c/{pottery.slug}/files/{session['id']}")
    assert led.status == 302
    assert led.headers["Location"].startswith("/storage/o/")
    assert (await browser.get(host, led.headers["Location"])).body == b"bytes"
    cookie = {"Cookie": f"guildhall={pottery.ana.token}"}
    at_home = await homes.web.get(f"/c/{pottery.slug}/files/{session['id']}", headers=cookie)
    assert at_home.headers["Location"].startswith(f"{homes.web.url}/storage/o/")


async def test_a_signed_address_lives_for_minutes_and_longer_than_the_way_to_it_is_kept(homes: Homes) -> None:
    store, now = homes.web.house.store, time.time()
    url = await store.sign_get(f"c/{homes.world.pottery.id}/x", files.LINK_SECONDS)
    left = int(parse_qs(urlsplit(url).query)["e"][0]) - now
    kept = int(files.KEPT.partition("max-age=")[2])
    assert kept < left <= 600
