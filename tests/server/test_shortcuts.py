"""Short ways answer as aiohttp's own way does, to the byte, and are taken where they can be."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server import deadlines
from server.__main__ import make_app
from server.deadlines import Deadlines
from server.shortcuts import ShortConnection, is_known
from server.ways import Ways
from tests.server.toy import FIRST, House, talk, toy_house
from tests.webapp import settings_for

ANA = b"Authorization: Bearer token-of-ana-1234\r\n"
LAST = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
OF_THE_MOMENT = re.compile(rb"(Date: )[^\r]*|(X-Request-ID: |\"request_id\":\"|;r=|;t=)[^\r\",]*")


def asked(method: str, path: str, *, headers: bytes = b"", body: bytes = b"", version: str = "1.1") -> bytes:
    """A request as it goes over the wire."""
    length = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body) if body else b""
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n".encode() + headers + length + b"\r\n" + body


BOWL = f"/api/v1/bowls/{FIRST}"
ORDINARY = (
    asked("GET", "/api/v1/bowls"),
    asked("GET", "/api/v1/bowls?limit=2", headers=ANA),
    asked("GET", BOWL),
    asked("GET", "/api/v1/bowls/nonsense"),
    asked("POST", "/api/v1/bowls", headers=ANA, body=b'{"name":"blue"}'),
    asked("POST", "/api/v1/bowls", headers=ANA, body=b'{"name":7}'),
    asked("POST", "/api/v1/bowls", headers=ANA),
    asked("POST", "/api/v1/bowls", body=b'{"name":"blue"}'),
    asked("POST", "/api/v1/drop"),
    asked("POST", "/api/v1/fire"),
    asked("DELETE", BOWL, headers=ANA),
    asked("HEAD", "/api/v1/bowls"),
    asked("GET", "/livez"),
    asked("POST", "/api/v1/bowls", headers=ANA + b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n")
    + b'f\r\n{"name":"blue"}\r\n0\r\n\r\n',
)
UNUSUAL = (
    asked("GET", "/api/v1/bowls", version="1.0"),
    asked("GET", "/api/v1/bowls", headers=b"Connection: close\r\n"),
    asked("GET", "http://x/api/v1/bowls?limit=1"),
    asked("GET", "/api/v1/bowls#part"),
    asked("GET", "/api/v1/bowls/%30"),
    asked("GET", "/api/v1/bowls/{x}"),
    asked("GET", "/api/v1/bowls/a%00b"),
    asked("GET", "/api/v1/bowls/../bowls"),
    asked("GET", "/api/v1//bowls"),
    asked("GET", "/api/v1/bowls/"),
    asked("GET", "/nowhere", headers=b"Accept: application/json\r\n"),
    asked("PUT", "/api/v1/bowls"),
    asked("OPTIONS", "/api/v1/bowls"),
    asked("GET", "/api/v1/bowls", headers=b"Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    asked("POST", "/api/v1/bowls", headers=ANA + b"Expect: 100-continue\r\n", body=b'{"name":"blue"}'),
    asked("GET", "/api/v1/bowls?limit=1") + asked("GET", "/api/v1/bowls?limit=2"),
    asked("NONSENSE", "/api/v1/bowls"),
    b"GET\r\n\r\n",
)


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    async with toy_house() as open_house:
        yield open_house


@pytest.fixture(scope="module")
async def plain_house() -> AsyncIterator[House]:
    """The same house over an aiohttp that nothing is known of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadlines, "is_known", lambda: False)
        async with toy_house() as open_house:
            yield open_house


@pytest.fixture
def short_ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The routes that were answered by a short way."""
    taken: list[str] = []
    original = ShortConnection._answer

    async def answer(self: ShortConnection, ways: Ways, way: object) -> bool:
        taken.append(way.route.method)  # type: ignore[attr-defined]
        return await original(self, ways, way)  # type: ignore[arg-type]

    monkeypatch.setattr(ShortConnection, "_answer", answer)
    return taken


async def told(house: House, request: bytes) -> bytes:
    """All that comes back for a request and a last one after it, without what differs from time to time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(request)
    answer = await reader.read(1)
    writer.write(LAST)
    answer += await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return b"\n".join(sorted(OF_THE_MOMENT.sub(rb"\1\2", answer).split(b"\r\n")))


def test_this_aiohttp_is_the_one_that_short_ways_know() -> None:
    assert is_known()


def test_an_aiohttp_that_lacks_a_part_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.shortcuts.PRIVATE", ("_waiter", "_renamed"))
    assert not is_known()


@pytest.mark.parametrize("request_bytes", ORDINARY)
async def test_an_ordinary_request_takes_the_short_way_and_is_told_the_same(
    house: House, plain_house: House, request_bytes: bytes, short_ways: list[str]
) -> None:
    assert await told(house, request_bytes) == await told(plain_house, request_bytes)
    assert short_ways == [request_bytes.split(b" ")[0].decode()]


@pytest.mark.parametrize("request_bytes", UNUSUAL)
async def test_any_other_request_goes_the_way_of_aiohttp(
    house: House, plain_house: House, request_bytes: bytes, short_ways: list[str]
) -> None:
    assert await told(house, request_bytes) == await told(plain_house, request_bytes)
    assert short_ways == []


async def test_one_connection_goes_both_ways_in_turn(house: House, short_ways: list[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    for path in ("/livez", "/%6Civez", "/livez", "/%6Civez", "/livez"):
        writer.write(asked("GET", path))
        assert (await reader.readuntil(b'"alive"}')).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.01)
    writer.close()
    assert short_ways == ["GET"] * 3


async def test_what_comes_during_a_short_way_is_answered_after_it(house: House, short_ways: list[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(asked("POST", "/api/v1/fire"))
    await asyncio.sleep(0.03)
    writer.write(asked("GET", "/nowhere") + LAST)
    answers = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"503", b"404", b"200"]
    assert short_ways == ["POST"]


async def test_a_request_may_last_longer_than_a_connection_may_be_idle() -> None:
    async with toy_house(Deadlines(keep_alive=0.05)) as house:
        assert b"503" in await talk(house.port, asked("POST", "/api/v1/fire"))


async def test_a_sender_that_leaves_during_a_short_way_harms_nobody(house: House) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(asked("POST", "/api/v1/fire"))
    await asyncio.sleep(0.03)
    writer.transport.abort()
    await asyncio.sleep(0.15)
    assert b"alive" in await talk(house.port, LAST)


async def test_the_head_of_an_answer_in_one_write_is_that_of_any_other(house: House) -> None:
    whole, head = [
        OF_THE_MOMENT.sub(rb"\1\2", await talk(house.port, asked(method, "/api/v1/bowls") + LAST)).split(b"\r\n\r\n")[0]
        for method in ("GET", "HEAD")
    ]
    assert sorted(whole.split(b"\r\n")) == sorted(head.split(b"\r\n"))


async def test_every_route_has_the_way_that_the_router_finds(tmp_path: Path) -> None:
    app = make_app(settings_for("postgresql:///nothing?host=/nowhere", "", tmp_path, 1))
    ways, without = Ways(app), []
    for resource in app.router.resources():
        path = re.sub(r"\{\w+\}", "x", resource.canonical)
        for route in resource:
            found = await app.router.resolve(make_mocked_request(route.method, path))
            way = ways.find(route.method, path)
            if way is None:
                without.append(resource.canonical)
            else:
                assert (way.route, way.parts) == (found.route, dict(found)), path
    assert set(without) == {
        "/socket.io/", "/static/dist", "/c/{slug}/classes/{live_class}.ics", "/c/{slug}/{rest}", "/verify/{code}.pdf",
        "/storage/o/{name}", "/storage/storage/v1/b/guildhall/o/{name}",
        "/storage/download/storage/v1/b/guildhall/o/{name}",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/c/x/classes/y.ics", "/c/x/learn/buy/buy", "/c/x/learn", "/c/x/y/z", "/verify/a.pdf", "/c//learn", "/c/x/"],
)
async def test_a_path_that_several_routes_could_take_has_no_way_but_the_routers(tmp_path: Path, path: str) -> None:
    app = make_app(settings_for("postgresql:///nothing?host=/nowhere", "", tmp_path, 1))
    found, way = await app.router.resolve(make_mocked_request("GET", path)), Ways(app).find("GET", path)
    assert way is None or (way.route, way.parts) == (found.route, dict(found))


async def nothing(_: web.Request) -> web.Response:
    return web.Response()


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "path", ["/a/b", "/a/c", "/a/b/c", "/a/x/c", "/a/b.txt", "/a/b/", "/a", "/a/b/q.md", "/a/q/c/d", "/a/q/s/t"]
)
async def test_whatever_the_order_of_routes_no_way_leads_elsewhere(order: int, path: str) -> None:
    app = web.Application()
    canonicals = (
        "/a/{x}", "/a/b", "/a/{y}/c", "/a/b/{z}", "/a/{x}.txt", "/a/{rest:.+}", "/a/{other}", "/a/{x}/{y}",
        "/a/b/{z}.md", "/a/{x}/{z}/d", "/a/{y}/c/{w}", "/a/{y}/s/{w}",
    )  # fmt: skip
    for canonical in canonicals[::order]:
        app.router.add_get(canonical, nothing)
    found, way = await app.router.resolve(make_mocked_request("GET", path)), Ways(app).find("GET", path)
    assert way is None or (way.route, way.parts) == (found.route, dict(found))
