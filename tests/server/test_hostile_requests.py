"""Requests that no browser of good will sends: they are answered with a reason, never with a fault of ours."""

import asyncio
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from providers.embedded.valkey import EmbeddedValkey
from tests.server.browsing import signed_in
from tests.webapp import Web, serving
from tests.world import World

BOUNDARY = b"--b\r\n"


@pytest.mark.parametrize("host", [b"[::1", b"[foo]", b"a]b", b"\xc3\xa9.example", b"a.example:99999", b'x"><b>', b""])
async def test_a_host_that_is_none_gets_the_page_of_the_installation(web: Web, host: bytes) -> None:
    for path in (b"/", b"/sign-in", b"/nowhere"):
        answer = await _ask(web, b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        assert answer.split(b" ")[1] == (b"404" if path == b"/nowhere" else b"200")
        assert b"<b>" not in answer.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("referer", ["http://[", "http://[foo]/", "//evil.example/x"])
async def test_a_form_sent_from_nowhere_leads_to_the_door_and_home(web: Web, world: World, referer: str) -> None:
    headers = {"Referer": referer, "Sec-Fetch-Site": "same-origin"}
    url = f"{web.url}/c/{world.pottery.slug}/join"
    async with web.session.post(url, data={}, headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/")


@pytest.mark.parametrize(
    "body",
    [
        BOUNDARY + b"X: y\r\n" * 400 + b"\r\n",
        BOUNDARY + b"X: " + b"y" * 20_000 + b"\r\n\r\n",
        BOUNDARY + b'Content-Disposition: form-data; name="_charset_"\r\n\r\n' + b"x" * 64 + b"\r\n--b--\r\n",
        BOUNDARY + b"Content-Type: multipart/mixed\r\n\r\n",
        b"nothing",
    ],
)
async def test_a_broken_upload_is_refused_by_name(web: Web, body: bytes) -> None:
    assert await _upload(web, body, "b") == 422


async def test_parts_within_parts_are_not_walked(web: Web) -> None:
    inner, kind = b"x", b"text/plain"
    for depth in range(2000):
        name = b"b%d" % depth
        inner = b"--" + name + b"\r\nContent-Type: " + kind + b"\r\n\r\n" + inner + b"\r\n--" + name + b"--\r\n"
        kind = b"multipart/mixed; boundary=" + name
    assert await _upload(web, inner, "b1999") == 422


async def _upload(web: Web, body: bytes, boundary: str) -> int:
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    async with web.session.post(web.url + "/verify/7K4M-Q2XD-9FTA-H", data=body, headers=headers) as answer:
        return answer.status


async def _ask(web: Web, request: bytes) -> bytes:
    place = urlsplit(web.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def test_the_demos_mail_is_shown_under_the_name_of_this_machine_only(web: Web) -> None:
    for host, status in ((urlsplit(web.url).netloc, 200), ("localhost:1", 200), ("far.example", 404), ("[foo]", 404)):
        assert (await web.get("/mail", headers={"Host": host})).status == status


async def test_nobody_founds_channels_without_end(
    database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    token = world.nobody.token
    async with serving(database, valkey.redis_url, home / "founding", limits="standard") as web:
        browser = await signed_in(web, world.nobody)
        for _ in range(19):
            given = {"name": "Spam", "slug": f"spam-{secrets.token_hex(6)}"}
            assert (await web.call("POST", "/channels", given, token=token)).status == 201
        assert (await browser.post("/", name="Spam", slug=f"spam-{secrets.token_hex(6)}")).status == 303
        assert (await browser.post("/", name="Spam", slug=f"spam-{secrets.token_hex(6)}")).status == 429
        assert (await web.call("POST", "/channels", {"name": "Spam", "slug": "spam-more"}, token=token)).status == 429


async def test_what_forgets_a_dead_cookie_is_kept_by_no_cache(web: Web, world: World) -> None:
    path = f"/c/{world.pottery.slug}"
    assert (await web.get(path)).headers["Cache-Control"].startswith("public")
    stale = await web.get(path, headers={"Cookie": "guildhall=" + "A" * 43})
    assert "Max-Age=0" in stale.headers["Set-Cookie"]
    assert stale.headers["Cache-Control"] == "private, no-store"
