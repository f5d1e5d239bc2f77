"""Links are looked at by the guarded way out, once a day, and read for words alone, whatever the far side sends."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from aiohttp import web

from tenants import work
from tenants.community.previews import Page
from tenants.scope import Tenancy
from tests.databases import bare
from tests.standins.serving import serving
from tests.tenants.moderating import read
from tests.tenants.test_community import make_room, say
from tests.world import World
from workers import previews
from workers.registry import Workshop
from workers.run import perform_leased

BOWLS = (
    b'<!doctype html><html><head><title>Other</title><meta property="og:title" content="Bowls &amp; &lt;b&gt;cups">'
    b"<meta name='description' content='How to\n throw one\xe2\x80\xae'>"
    b"<meta property='og:site_name' content='Clay'></head>"
)


class Far:
    """Pages by path, and how often each was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{name}", self.answer)]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked.append(name)
        match name:
            case "bowls":
                return web.Response(body=BOWLS + b"<body>" + b"x" * 2_000_000, content_type="text/html")
            case "inside":
                # The same server by a name that nobody allowed: loopback, as any private address.
                return web.Response(status=302, headers={"Location": f"http://localhost:{request.url.port}/bowls"})
            case "picture":
                return web.Response(body=BOWLS, content_type="image/png")
            case "latin":
                text = "<title>Töpfe</title>".encode("latin-1")
                return web.Response(body=text, headers={"Content-Type": "text/html; charset=latin-1"})
        return web.Response(status=404, body=BOWLS, content_type="text/html")


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
async def origin(far: Far, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    async with serving(far.routes()) as url:
        monkeypatch.setattr(previews, "ALLOWED", (urlsplit(url).netloc,))
        yield url


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("bowls", Page("Bowls & <b>cups", "How to throw one", "Clay")),
        ("latin", Page("Töpfe")),
        ("picture", Page()),
        ("inside", Page()),
        ("gone", Page()),
    ],
)
async def test_a_page_is_read_for_its_words_and_what_is_none_is_nothing(origin: str, path: str, page: Page) -> None:
    assert await previews.look(f"{origin}/{path}") == page


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://localhost/", "https://169.254.169.254/latest/",
     "http://clay.example/", "https://user:secret@clay.example/", "file:///etc/passwd"],
)  # fmt: skip
async def test_nothing_private_is_asked(url: str) -> None:
    assert await previews.look(url) == Page()


@pytest.mark.parametrize(
    "head",
    [b"<meta " * 80_000, b"<title>" * 70_000, b'<meta a="' * 50_000, b"<meta" + b" a='b'" * 80_000, b"\0" * 500_000],
    ids=["tags", "titles", "quotes", "attributes", "nothing"],
)
def test_a_hostile_head_is_read_without_delay(head: bytes) -> None:
    assert len(previews.read(head).title) <= previews.TITLE


def test_words_are_cut_and_what_nobody_sees_is_left_out() -> None:
    page = previews.read(b"<title>" + "a\u202eb\u0007c".encode() + b"d" * 900 + b"</title><body><title>x</title>")
    assert page.title == "abc" + "d" * (previews.TITLE - 4) + "…"
    assert previews.read(b'<meta charset="hex"><title>Bowls</title>').title == "Bowls"


@pytest.mark.parametrize(
    "coding", ["idna", "undefined", "punycode", "utf-16", "utf-7", "rot13", "zlib", "nonsense", "x"]
)
def test_whatever_coding_a_page_claims_it_is_read_or_left(coding: str) -> None:
    head = b"\xff\xfe..\x80<title>Bowls \xe2\x80</title>"
    assert len(previews.read(head, f" charset={coding}").title) <= previews.TITLE
    assert len(previews.read(f"<meta charset={coding}>".encode() + head).title) <= previews.TITLE
    assert previews.read(b"<title>Bowls..</title>", " charset=undefined").title == "Bowls.."


async def test_a_message_is_given_the_preview_of_its_link_and_the_page_is_asked_once(
    shop: Workshop, tenancy: Tenancy, world: World, far: Far, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = previews.look

    async def near(url: str) -> Page:
        return await looked(url.replace("https://clay.example", origin))

    monkeypatch.setattr(previews, "look", near)
    school = world.pottery
    room = await make_room(tenancy, school)
    for _ in range(2):
        posted = await say(tenancy, school, school.sam.actor, room, "See https://clay.example/bowls.")
        await _do(shop, posted.id)
        assert (await read(tenancy, school, posted.id))["preview"] == {
            "url": "https://clay.example/bowls", "title": "Bowls & <b>cups", "description": "How to throw one",
            "site": "Clay",
        }  # fmt: skip
    posted = await say(tenancy, school, school.sam.actor, room, "See https://clay.example/gone")
    await _do(shop, posted.id)
    assert "preview" not in await read(tenancy, school, posted.id)
    assert far.asked == ["bowls", "gone"]


async def _do(shop: Workshop, message_id: UUID) -> None:
    async with bare(shop.tenancy.relay) as connection:
        sql = "select channel_id, id from jobs where name = 'PreviewLink' and payload->>'message_id' = $1"
        row = await connection.fetchrow(sql, str(message_id))
    assert row is not None
    leased = await work.take(shop.tenancy, work.Ticket(row["channel_id"], None, row["id"]))
    assert leased is not None
    await perform_leased(shop, leased)
