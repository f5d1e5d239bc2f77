"""Forms and the cookie they give: what a browser gets, sends back, and loses."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.server.toy import FIRST, House, toy_house

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
FORM = {**OWN_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
GOOD = {"email": "ana@guildhall.example", "password": "x", "next": "/c/pottery"}


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with toy_house() as open_house:
        yield open_house


@pytest.fixture
async def client(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(house.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def test_signing_in_gives_a_cookie_that_signs_in_until_it_is_taken_back(client: aiohttp.ClientSession) -> None:
    async with client.post("/sign-in", data=GOOD, headers=OWN_PAGE) as answer:
        assert await answer.json() == {"email": "ana@guildhall.example", "next": "/c/pottery"}
        given = answer.headers["Set-Cookie"]
    assert given == "guildhall=token-of-ana-1234; HttpOnly; Max-Age=3600; Path=/; SameSite=Lax"
    async with client.delete(f"/api/v1/bowls/{FIRST}", headers=OWN_PAGE) as answer:
        assert answer.status == 204
    async with client.post("/sign-out", headers=OWN_PAGE):
        pass
    async with client.delete(f"/api/v1/bowls/{FIRST}", headers=OWN_PAGE) as answer:
        assert answer.status == 401


async def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    async with (
        toy_house(base_url="https://guildhall.test") as house,
        aiohttp.ClientSession(house.url) as client,
        client.post("/sign-in", data=GOOD, headers=OWN_PAGE) as answer,
    ):
        given = answer.headers["Set-Cookie"]
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert given.startswith("__Host-guildhall=token-of-ana-1234; ")
    assert "; Secure" in given
    assert "Domain" not in given


async def test_a_foreign_page_cannot_sign_a_visitor_in(client: aiohttp.ClientSession) -> None:
    async with client.post("/sign-in", data=GOOD, headers={"Sec-Fetch-Site": "cross-site"}) as answer:
        assert (answer.status, "Set-Cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"email=a", 422),
        (b"email=a&password=b&admin=1", 422),
        (b"email=a%00b&password=c", 422),
        (b"email=" + b"a" * 101 + b"&password=c", 422),
        (b"email=%ED%A0%80&password=c", 400),
        (b"email=\xff&password=c", 400),
        (b"&".join(b"a%d=1" % number for number in range(300)), 400),
        (b"", 422),
        (b"=&=&;&&==", 422),
    ],
)
async def test_a_bad_form_is_our_visitors_fault(client: aiohttp.ClientSession, body: bytes, status: int) -> None:
    async with client.post("/sign-in", data=body, headers=FORM) as answer:
        assert answer.status == status


async def test_a_form_of_another_type_is_415(client: aiohttp.ClientSession) -> None:
    async with client.post("/sign-in", json=GOOD, headers=OWN_PAGE) as answer:
        assert answer.status == 415
