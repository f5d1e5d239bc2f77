"""What every request passes through: ids, addresses, the rule against forged writes, headers, one log line."""

import io
import ipaddress
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
import structlog
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from logs import LogFormat, set_up_logs
from server.csrf import require_own_page
from server.sender import IPV4, neighbourhood_of, plain_address
from tenants.errors import Forbidden
from tests.server.toy import ANA, House, talk, toy_house


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with toy_house() as open_house:
        yield open_house


@pytest.fixture
async def client(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(house.url) as session:
        yield session


async def test_a_sane_request_id_is_echoed_and_any_other_replaced(client: aiohttp.ClientSession) -> None:
    async with client.get("/livez", headers={"X-Request-ID": "my-request.42"}) as answer:
        assert answer.headers["X-Request-ID"] == "my-request.42"
    for strange in ("short", "with space in it", "x" * 65, "<script>alert(1)</script>"):
        async with client.get("/livez", headers={"X-Request-ID": strange}) as answer:
            assert len(answer.headers["X-Request-ID"]) == 24


async def test_every_answer_carries_the_security_headers(client: aiohttp.ClientSession) -> None:
    for path in ("/livez", "/nowhere", "/api/v1/bowls", "/api/v1/nowhere"):
        async with client.get(path) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "Strict-Transport-Security" not in answer.headers
    async with client.get("/api/v1/bowls") as answer:
        assert answer.headers["Cache-Control"] == "no-store"


COOKIE = {"Cookie": "guildhall=token-of-ana-1234"}


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://guildhall.test"}, True),
        ({"Origin": "http://learn.pottery.test", "Host": "learn.pottery.test"}, True),
        ({}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://guildhall.test"}, False),
        ({"Origin": "http://evil.test"}, False),
        ({"Origin": "https://guildhall.test"}, False),
        ({"Origin": "null"}, False),
    ],
)
async def test_a_write_by_cookie_must_come_from_our_own_page(
    client: aiohttp.ClientSession, headers: dict[str, str], passes: bool
) -> None:
    for path in ("/form", "/api/v1/say"):
        async with client.post(path, headers={**COOKIE, **headers}, data={"a": "b"}) as answer:
            assert (answer.status != 403) == passes, path
            if not passes and path.startswith("/api"):
                assert (await answer.json(content_type=None))["code"] == "cross_site"


async def test_reads_and_bearers_need_no_origin(client: aiohttp.ClientSession) -> None:
    async with client.get("/livez", headers=COOKIE) as answer:
        assert answer.status == 200
    async with client.post("/api/v1/say", headers={**COOKIE, **ANA}) as answer:
        assert answer.status == 204


async def test_a_bad_bearer_is_never_made_good_by_a_cookie(client: aiohttp.ClientSession) -> None:
    async with client.post("/api/v1/bowls", json={"name": "x"}, headers={**COOKIE, "Authorization": "x"}) as answer:
        assert answer.status == 401


def test_a_form_before_the_cookie_can_ask_for_the_same(house: House) -> None:
    with pytest.raises(Forbidden):
        require_own_page(make_mocked_request("POST", "/sign-in", {"Sec-Fetch-Site": "cross-site"}, app=house.app))


@pytest.mark.parametrize(
    ("forwarded", "hops", "address"),
    [
        ("6.6.6.6", 0, "127.0.0.1"),
        ("6.6.6.6, 203.0.113.7", 1, "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7, 10.0.0.1", 2, "203.0.113.7"),
        ("203.0.113.7", 2, "203.0.113.7"),
        ("6.6.6.6, nonsense", 1, "127.0.0.1"),
        (None, 1, "127.0.0.1"),
        ("2001:DB8:0::1", 1, "2001:db8::1"),
    ],
)
async def test_the_address_is_counted_from_the_right(forwarded: str | None, hops: int, address: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    async with (
        toy_house(trusted_proxies=hops) as house,
        aiohttp.ClientSession(house.url) as client,
        client.get("/sender", headers=headers) as answer,
    ):
        assert (await answer.json())["address"] == address


async def test_a_unix_socket_is_one_more_trusted_hop(tmp_path: Path) -> None:
    path = str(tmp_path / "web.sock")
    async with (
        toy_house(unix_path=path),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as client,
        client.get("http://x/sender", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.7"}) as answer,
    ):
        assert (await answer.json())["address"] == "203.0.113.7"


@given(st.ip_addresses(v=4).map(str) | st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){2,4}\s?", fullmatch=True) | st.text())
def test_what_is_taken_for_an_ipv4_address_at_a_glance_is_one(text: str) -> None:
    try:
        canonical = str(ipaddress.IPv4Address(text))
    except ValueError:
        canonical = None
    assert (IPV4.fullmatch(text) is not None) == (canonical == text)
    assert plain_address(text) == canonical or ":" in text or text != text.strip()


def test_an_ipv6_neighbourhood_is_its_64() -> None:
    assert neighbourhood_of("2001:db8::1") == neighbourhood_of("2001:db8::ffff") == "2001:db8::/64"
    assert neighbourhood_of("::ffff:203.0.113.7") == neighbourhood_of("203.0.113.7") == "203.0.113.7"


async def test_a_browsers_name_is_made_safe_to_keep(house: House) -> None:
    request = b"GET /sender HTTP/1.0\r\nUser-Agent: Mozilla\xff " + b"x" * 500 + b"\r\n\r\n"
    agent = orjson.loads((await talk(house.port, request)).partition(b"\r\n\r\n")[2])["agent"]
    assert agent == "Mozilla? " + "x" * 291


@pytest.mark.parametrize("style", ["console", "json"])
async def test_a_path_writes_no_lines_of_its_own_and_gives_no_upload_away(house: House, style: LogFormat) -> None:
    lines = io.StringIO()
    set_up_logs(style, lines)
    try:
        for path in ("/%0aforged%1b[2J%c2%9b", "/storage/uploads/mFrwCrnMkq3-WaivGiZQzNdX6RQblNyrldeUP86OCE"):
            answer = await talk(house.port, f"GET {path} HTTP/1.0\r\n\r\n".encode())
            assert b" 404 " in answer
    finally:
        set_up_logs("console", sys.stderr)
    forged, upload = lines.getvalue().splitlines()
    assert forged.isprintable()
    assert "mFrwCrnMkq3" not in upload


async def test_one_log_line_a_request_with_its_route_and_without_secrets(house: House, tmp_path: Path) -> None:
    lines = io.StringIO()
    set_up_logs("json", lines)
    try:
        async with aiohttp.ClientSession(house.url) as client, client.get("/api/v1/bowls/x?token=abc") as answer:
            request_id = answer.headers["X-Request-ID"]
            await answer.read()
        structlog.get_logger().info(
            "signed in", password="hunter2", nested={"refresh_token": "abc"}, url="redis://u:pw@h"
        )
        logging.getLogger("library").warning("sent Bearer abcdef to them")
    finally:
        set_up_logs("console", sys.stderr)
    access, own, library = [orjson.loads(line) for line in lines.getvalue().splitlines()]
    assert (access["route"], access["status"], access["request_id"]) == ("/api/v1/bowls/{bowl}", 404, request_id)
    assert "abc" not in access["path"]
    assert own["password"] == own["nested"]["refresh_token"] == "[redacted]"
    assert own["url"] == "redis://u:[redacted]@h"
    assert library["event"] == "sent Bearer [redacted] to them"


def test_people_can_read_the_log_too() -> None:
    lines = io.StringIO()
    set_up_logs("console", lines)
    try:
        structlog.get_logger("x").info("a class begins", room="clay")
    finally:
        set_up_logs("console", sys.stderr)
    assert "a class begins" in lines.getvalue()
    assert "room=clay" in lines.getvalue()
