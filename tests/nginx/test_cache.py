"""The cache of public pages: only what is anyone's, only as long as the application says, each host its own."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web

from settings import Settings
from tests.nginx.conftest import CUSTOM
from tests.nginx.front import HOST, Ports, Running, fronting
from tests.standins.serving import serving
from tests.waiting import until
from tests.webapp import Reply
from tests.world import World


def came(answer: Reply) -> str:
    """How the cache took part: hit, fwd=miss, fwd=bypass, or nothing."""
    return str(answer.headers.get("Cache-Status", "")).removeprefix("nginx; ")


async def test_a_landing_page_is_kept_for_everyone_who_is_nobody(front: Running, world: World) -> None:
    path = f"/c/{world.pottery.slug}"
    first, second = await front.get(path), await front.get(path)
    assert [came(first), came(second)] == ["fwd=miss", "hit"]
    assert second.body == first.body
    assert (await front.get(path, If_None_Match=second.headers["ETag"])).status == 304
    assert came(await front.ask("HEAD", path)) == "hit"


async def test_a_page_in_another_language_is_another_page(front: Running, world: World) -> None:
    path = f"/c/{world.pottery.slug}"
    assert [came(await front.get(path, Accept_Language=each)) for each in ("en", "de", "en", "de")] == [
        "fwd=miss", "fwd=miss", "hit", "hit",
    ]  # fmt: skip


@pytest.mark.parametrize("header", ["Cookie", "Authorization"])
async def test_whoever_shows_a_cookie_or_a_token_is_answered_by_the_application(
    front: Running, world: World, header: str
) -> None:
    path, sam = f"/c/{world.pottery.slug}", world.pottery.sam
    shown = {"Cookie": f"__Host-guildhall={sam.token}", "Authorization": f"Bearer {sam.token}"}[header]
    for _ in range(2):
        mine = await front.get(path, **{header: shown})
        assert came(mine) == "fwd=bypass"
    assert "Go on learning" in mine.text if header == "Cookie" else mine.status == 200
    after = await front.get(path)
    assert came(after) == "fwd=miss", "what a member was shown is not kept"
    assert "Go on learning" not in after.text
    assert came(await front.get(path, **{header: shown})) == "fwd=bypass"


async def test_a_host_never_sees_what_another_was_shown(front: Running, world: World) -> None:
    path = f"/c/{world.pottery.slug}"
    hosts = (HOST, f"pottery.{HOST}", CUSTOM)
    first = {host: await front.get(path, host=host) for host in hosts}
    assert {came(answer) for answer in first.values()} == {"fwd=miss"}
    for host in hosts:
        again = await front.get(path, host=host)
        assert (came(again), again.body) == ("hit", first[host].body)
        assert set(re.findall(r"https://([^/:]+):\d+/static/dist/", again.headers["Content-Security-Policy"])) == {host}


@pytest.mark.parametrize("path", ["/", "/verify", "/sign-in", "/api/v1/channels", "/verify/7K4MQ2XD9FTAH"])
async def test_what_the_application_wants_kept_by_nobody_is_not(front: Running, path: str) -> None:
    answers = [await front.get(path) for _ in range(2)]
    assert all("no-store" in answer.headers["Cache-Control"] for answer in answers)
    assert {came(answer) for answer in answers} <= {"", "fwd=miss"}


async def test_the_built_front_end_is_kept_and_good_for_ever(front: Running) -> None:
    home = await front.get("/")
    sheet = re.search(r'href="(/static/dist/[^"]+\.css)"', home.text)
    assert sheet is not None
    path = f"{sheet[1]}?{uuid4().hex}"
    answers = [await front.get(path, Accept_Encoding="gzip", Cookie="some=thing") for _ in range(2)]
    assert [came(answer) for answer in answers] == ["fwd=miss", "hit"]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Encoding"] == "gzip"


def settings_of(folder: Path, port: int, ports: Ports) -> Settings:
    """An installation whose web process would be at `port`."""
    return Settings(guildhall_home=folder / "var", port=port, base_url=ports.origin, trusted_proxies=1)


class Source:
    """An application whose landing pages say what they are told to say about being kept."""

    def __init__(self) -> None:
        self.asked = 0
        self.senders: list[list[str]] = []
        self.headers = {"Cache-Control": "public, s-maxage=1"}
        self.pause = 0.0
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        """A page with its number."""
        self.asked += 1
        self.senders.append(request.headers.getall("X-Forwarded-For"))
        number = self.asked
        await asyncio.sleep(self.pause)
        return web.Response(text=f"page {number} of {request.host}", status=self.status, headers=self.headers)

    @asynccontextmanager
    async def before(self, folder: Path) -> AsyncIterator[Running]:
        """nginx before it."""
        ports = Ports()
        async with serving([web.get("/{path:.*}", self.answer)]) as url:
            port = int(url.rpartition(":")[2])
            settings = settings_of(folder, port, ports)
            async with fronting(settings, ports, folder) as running:
                yield running


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "public, s-maxage=60", "Set-Cookie": "session=1"},
        {"Cache-Control": "private, max-age=60"},
        {"Cache-Control": "no-store"},
        {"Cache-Control": "no-cache"},
        {"Cache-Control": "public, max-age=60", "Vary": "*"},
        {},
    ],
)
async def test_the_word_of_the_application_is_kept(folder: Path, headers: dict[str, str]) -> None:
    source = Source()
    source.headers = headers
    async with source.before(folder) as front:
        answers = [await front.get("/c/pottery") for _ in range(3)]
    assert source.asked == 3
    assert "hit" not in {came(answer) for answer in answers}


@pytest.mark.parametrize("header", ["Cookie", "Authorization"])
async def test_an_answer_to_somebody_is_not_kept_whatever_it_says(folder: Path, header: str) -> None:
    source = Source()
    source.headers = {"Cache-Control": "public, s-maxage=60"}
    async with source.before(folder) as front:
        await front.get("/c/pottery", **{header: "anything at all"})
        assert (await front.get("/c/pottery")).text.startswith("page 2")
        assert (await front.get("/c/pottery")).text.startswith("page 2")
        assert (await front.get("/c/pottery", **{header: "anything at all"})).text.startswith("page 3")


async def test_the_sender_is_told_by_nginx_alone(folder: Path) -> None:
    source = Source()
    async with source.before(folder) as front:
        for path in ("/c/pottery", "/api/v1/channels", "/socket.io/", "/storage/o/x", "/verify/x", "/static/dist/x"):
            await front.get(path, X_Forwarded_For="203.0.113.7, 198.51.100.1")
    assert source.senders == [["127.0.0.1"]] * 6


async def test_an_old_page_serves_while_the_application_is_ill_and_no_longer(folder: Path) -> None:
    source = Source()
    async with source.before(folder) as front:
        assert (await front.get("/c/pottery")).text.startswith("page 1")
        source.status = 503

        async def stale() -> bool:
            return came(await front.get("/c/pottery")) == "hit; detail=stale"

        await until(stale, within=5, every=0.1)
        assert (await front.get("/c/other")).status == 503, "nothing is made up"
        source.status = 200

        async def fresh() -> bool:
            return came(await front.get("/c/pottery")) == "fwd=stale"

        await until(fresh, within=5, every=0.1)


async def test_many_who_ask_at_once_ask_the_application_once(folder: Path) -> None:
    source = Source()
    source.pause = 0.4
    async with source.before(folder) as front:
        answers = await asyncio.gather(*(front.get("/c/pottery") for _ in range(30)))
        assert {answer.text.split(" of ")[0] for answer in answers} == {"page 1"}
        assert source.asked == 1


async def test_an_application_that_is_away_is_said_in_a_sentence_and_a_problem(folder: Path) -> None:
    ports = Ports()
    settings = settings_of(folder, Ports().http, ports)
    async with fronting(settings, ports, folder) as front:
        page, problem = await front.get("/c/pottery"), await front.get("/api/v1/channels")
    assert (page.status, problem.status) == (502, 502)
    assert "Try again in a few seconds." in page.text
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert page.headers["Retry-After"] == "5"


async def test_nothing_that_a_member_was_shown_is_on_nginxs_disk(front: Running, world: World) -> None:
    sam, path = world.pottery.sam, f"/c/{world.pottery.slug}"
    for each in ("/", "/me", path, f"{path}/learn"):
        assert (await front.get(each, Cookie=f"__Host-guildhall={sam.token}")).status == 200
    assert came(await front.get(path)) == "fwd=miss"
    kept = [each.read_bytes() for each in (front.folder / "cache").rglob("*") if each.is_file()]
    assert any(path.encode() in each for each in kept)
    assert not any(word.encode() in each for each in kept for word in ("Go on learning", sam.token, sam.email))
