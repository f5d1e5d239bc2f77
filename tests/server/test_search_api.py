"""Search over the API: the shape of the answer, who finds what, pages, and questions meant to hurt."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.scope import Tenancy
from tests.search.library import index, make_room, say
from tests.webapp import Web
from tests.world import World, make_world


@pytest.fixture(scope="session")
async def shelf(tenancy: Tenancy) -> World:
    """A channel with six messages about salt in a room of its members."""
    world = await make_world(tenancy)
    room = await make_room(tenancy, world.pottery, world.pottery.ana)
    for number in range(6):
        await say(tenancy, world.pottery, world.pottery.sam, room, f"Salt <b>firing</b> {number}")
    await index(tenancy, world.pottery.id)
    return world


async def test_a_member_finds_messages_page_by_page(web: Web, shelf: World) -> None:
    school, seen, after = shelf.pottery, [], ""
    while True:
        page = await web.call("GET", f"/channels/{school.slug}/search?q=salt&limit=4{after}", token=school.zoe.token)
        assert page.status == 200
        seen += page.json["items"]
        if page.json["next"] is None:
            break
        after = f"&after={page.json['next']}"
    assert len({item["id"] for item in seen}) == len(seen) == 6
    assert set(seen[0]) == {"kind", "id", "title", "snippet", "url", "score", "author", "created_at"}
    assert (seen[0]["kind"], seen[0]["title"]) == ("message", "Glazes")
    assert "<mark>Salt</mark> &lt;b&gt;firing" in seen[0]["snippet"]
    assert seen[0]["url"].startswith(f"/c/{school.slug}/community/glazes?at=")


async def test_a_visitor_and_a_stranger_find_no_messages(web: Web, shelf: World) -> None:
    for token in ("", shelf.nobody.token, shelf.chess.otto.token):
        page = await web.call("GET", f"/channels/{shelf.pottery.slug}/search?q=salt", token=token)
        assert (page.status, page.json) == (200, {"items": [], "next": None})


async def test_another_channel_finds_nothing_of_this_one(web: Web, shelf: World) -> None:
    page = await web.call("GET", f"/channels/{shelf.chess.slug}/search?q=salt", token=shelf.chess.otto.token)
    assert page.json == {"items": [], "next": None}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=",
        "q=" + "x" * 201,
        "q=" + "x" * 7000,
        "q=salt&kind=room",
        "q=salt&limit=0",
        "q=salt&limit=101",
        "q=salt&after=zzz",
        "q=salt&after=WyJzZWFyY2giLFsxLDIsM11d",
        "q=salt&q=pepper",
        "q=salt&colour=red",
        "q=%00",
        "q=%ED%A0%80",
        "q=%ff%fe",
        "q=" + quote("%_\\'\"`;--/* drop table */"),
        "q=" + quote("& | ! ( ) : * <->"),
        "q=" + quote("'" * 199),
        "q=" + quote("\u202egnp.exe \u0000"),
        "q=" + quote("a" + "\u0301" * 150),
        "q=" + quote("😀" * 100),
    ],
)
async def test_a_hostile_question_is_refused_or_finds_nothing(web: Web, shelf: World, query: str) -> None:
    page = await web.call("GET", f"/channels/{shelf.pottery.slug}/search?{query}", token=shelf.pottery.zoe.token)
    assert page.status in {200, 400, 404, 414, 422}, page.json
    if page.status == 200:
        assert page.json == {"items": [], "next": None}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.one_of(
        st.binary(max_size=300), st.text(max_size=250).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
)
async def test_no_question_is_too_much_for_it(web: Web, shelf: World, raw: bytes) -> None:
    url = f"/channels/{shelf.pottery.slug}/search?q={quote(raw)}"
    assert (await web.call("GET", url, token=shelf.pottery.zoe.token)).status < 500
