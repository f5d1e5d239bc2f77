"""The search page: found by what the reader may see, without JavaScript, whatever is typed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from providers.embedded import EmbeddedValkey
from tenants.scope import Tenancy
from tests.search.library import index, make_room, say
from tests.webapp import Web, serving
from tests.world import World


@pytest.fixture
async def shelf(tenancy: Tenancy, world: World) -> World:
    room = await make_room(tenancy, world.pottery, world.pottery.ana)
    for number in range(25):
        await say(tenancy, world.pottery, world.pottery.sam, room, f"Salt <b>firing</b> {number}")
    await index(tenancy, world.pottery.id)
    return world


async def page(web: Web, world: World, query: str, token: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await web.get(f"/c/{world.pottery.slug}/search{query}", headers=headers)
    return answer.status, answer.body.decode()


async def test_a_member_reads_what_was_found_and_goes_on_to_more(web: Web, shelf: World) -> None:
    token = shelf.pottery.zoe.token
    status, html = await page(web, shelf, "?q=salt", token)
    assert (status, html.count("<mark>Salt</mark> &lt;b&gt;firing")) == (200, 20)
    more = next(part for part in html.split('href="') if "after=" in part).split('"')[0].partition("?")[2]
    status, html = await page(web, shelf, "?" + more.replace("&amp;", "&"), token)
    assert (status, html.count("<mark>Salt</mark>"), "after=" in html) == (200, 5, False)


async def test_nearly_right_words_are_said_to_be_near(web: Web, shelf: World) -> None:
    assert "This is near." in (await page(web, shelf, "?q=fiiring", shelf.pottery.zoe.token))[1]


async def test_a_message_is_found_with_its_author_and_its_time_in_the_zone_of_who_reads(web: Web, shelf: World) -> None:
    school, at = shelf.pottery, f"/channels/{shelf.pottery.slug}"
    items = (await web.call("GET", f"{at}/search?q=salt&kind=message", token=school.zoe.token)).json["items"]
    assert {(each["author"]["id"], each["author"]["name"]) for each in items} == {(str(school.sam.member_id), "Sam")}
    said = datetime.fromisoformat(items[0]["created_at"])
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=5)
    zone = {"time_zone": "Asia/Kolkata"}
    assert (await web.call("PATCH", f"{at}/profile", zone, token=school.zoe.token)).status == 200
    _, html = await page(web, shelf, "?q=salt", school.zoe.token)
    local = said.astimezone(ZoneInfo("Asia/Kolkata"))
    assert html.count('<b dir="auto">Sam</b>') == 20
    assert f"{local:%H:%M} IST</time>" in html


async def test_a_visitor_finds_no_messages_and_is_told_so(web: Web, shelf: World) -> None:
    status, html = await page(web, shelf, "?q=salt", "")
    assert (status, "Nothing found" in html, "Salt" in html) == (200, True, False)


@pytest.mark.parametrize("query", ["", "?q=", "?q=" + quote("'\"><script>%_\\&|!"), "?q=%ED%A0%80", "?q=salt&after="])
async def test_whatever_is_typed_there_is_a_page(web: Web, shelf: World, query: str) -> None:
    status, html = await page(web, shelf, query, shelf.pottery.zoe.token)
    assert status == 200
    assert "<script>%" not in html
    assert 'name="q"' in html


@pytest.mark.parametrize("query", ["?q=" + "x" * 201, "?q=salt&after=zzz"])
async def test_what_cannot_be_searched_for_is_refused_on_the_page(web: Web, shelf: World, query: str) -> None:
    status, html = await page(web, shelf, query, shelf.pottery.zoe.token)
    assert (status, 'name="q"' in html) == (422, True)


async def test_while_the_engine_is_away_the_page_and_the_api_say_so_and_find_all_the_same(
    shelf: World, database: str, valkey: EmbeddedValkey, home: Path
) -> None:
    token, slug = shelf.pottery.zoe.token, shelf.pottery.slug
    async with serving(database, valkey.redis_url, home / "away", elasticsearch_url="http://127.0.0.1:9") as web:
        status, html = await page(web, shelf, "?q=salt", token)
        assert (status, html.count("<mark>Salt</mark>"), "Search is limited" in html) == (200, 20, True)
        first = (await web.call("GET", f"/channels/{slug}/search?q=salt", token=token)).json
        rest = (await web.call("GET", f"/channels/{slug}/search?q=salt&after={first['next']}", token=token)).json
        assert (first["degraded"], rest["degraded"]) == (True, True)
        assert len({item["id"] for item in first["items"] + rest["items"]}) == 25
        ready = await web.get("/readyz")
        assert (ready.status, '"search": "away"' in ready.body.decode() or b'"search":"away"' in ready.body) == (
            200,
            True,
        )
    async with serving(database, valkey.redis_url, home / "here") as web:
        assert "Search is limited" not in (await page(web, shelf, "?q=salt", token))[1]
