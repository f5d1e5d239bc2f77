"""Addresses with rubbish in them: a page with a sentence and a way on, never a bare error."""

import re

import pytest
from yarl import URL

from server.pages import map as pages
from server.pages.studio import map as studio
from tests.server.browsing import Browsing, signed_in
from tests.server.test_community_api import make_room, post
from tests.server.test_pages_studio import make_course
from tests.webapp import Reply, Web
from tests.world import World

FILES = ("/files/", ".ics", "/push.js", "/robots.txt", "/sitemap.xml", "/places")
QUERIES = (
    "at=abc", "at=-1", "at=99999999999999999999", "before=-1", "before=1e9", "before=%ff", "after=abc", "after=-1",
    "after=%00", "on=2026-13-45", "on=99999-01-01", "on=0001-01-01", "q=%00", "q=a%00b", "q=%ed%a0%80", "said=%00",
    "q=" + "x" * 7000, "after=" + "A" * 5000, "case=nonsense", "case=%00", "of=nonsense", "add=%00", "q=&q=a&q=b",
    "next=%0d%0aX:1", "days=abc", "month=x", "%00=1", "a=1&" * 300,
)  # fmt: skip
PARTS = ("%00", "a%00b", "%ff%fe", "%ed%a0%80", "..%2f..", "%2e%2e", "a" * 1000, "%0d%0aX-A:1", "-1", "%25", "%d9%85")


def read() -> list[str]:
    """The addresses of all pages of a channel that people read."""
    every = (*(path for path, _ in pages.READS), *(studio.HOME + rest for rest, _ in studio.READS))
    return [path for path in every if path.startswith("/c/") and not any(each in path for each in FILES)]


def is_page(answer: Reply) -> bool:
    """Whether it is a page with a heading in words and a link onwards, or leads to one."""
    if answer.status == 303:
        return True
    main = answer.text.partition("<main")[2]
    said = re.search(r"<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)
    whole = bool(said and re.sub("<[^>]*>", "", said[1]).strip()) and "</html>" in answer.text
    return answer.status in {200, 403, 404, 422, 431} and whole and ("href=" in main or "<form" in main)


async def fetch(browser: Browsing, address: str) -> Reply:
    """A page by an address that is sent as it is written."""
    url, headers = URL(browser.web.url + address, encoded=True), {"Cookie": f"guildhall={browser.cookie}"}
    async with browser.web.session.get(url, headers=headers, allow_redirects=False) as answer:
        return Reply(answer.status, answer.headers, await answer.read(), None)


async def town(web: Web, world: World) -> tuple[Browsing, dict[str, str]]:
    """The owner of a channel with a room and a course, and what the parts of addresses are there."""
    ana = await signed_in(web, world.pottery.ana)
    room = await make_room(web, world.pottery)
    await post(web, world.pottery, room, world.pottery.ana.token)
    course = await make_course(ana, f"/c/{world.pottery.slug}/studio")
    parts = {"slug": world.pottery.slug, "room": "wheel-talk", "seq": "1", "course": "first-bowl", "id": course}
    return ana, parts | {"member": str(world.pottery.ana.member_id)}


def filled(path: str, parts: dict[str, str]) -> str:
    """A path with its parts; those of which there is nothing are rubbish."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda part: parts.get(part[1], "nonsense"), path)


@pytest.mark.parametrize("path", read())
async def test_rubbish_in_a_query_is_answered_by_a_page(web: Web, world: World, path: str) -> None:
    ana, parts = await town(web, world)
    bare = {}
    for query in QUERIES:
        answer = await fetch(ana, f"{filled(path, parts)}?{query}")
        if not is_page(answer):
            bare[query[:40]] = (answer.status, answer.text[:200])
    assert not bare


@pytest.mark.parametrize("path", read())
async def test_rubbish_in_a_path_is_answered_by_a_page(web: Web, world: World, path: str) -> None:
    ana, parts = await town(web, world)
    bare = {}
    for name in re.findall(r"\{(\w+)", path):
        for rubbish in PARTS:
            answer = await fetch(ana, filled(path, parts | {name: rubbish}))
            if not is_page(answer):
                bare[f"{name}={rubbish[:20]}"] = (answer.status, answer.text[:200])
    assert not bare


@pytest.mark.parametrize("path", ["/search", "/people", "/direct", "/community/wheel-talk", "/learn", "/studio/rooms"])
async def test_a_query_of_a_hundred_kilobytes_is_answered_by_a_page(web: Web, world: World, path: str) -> None:
    ana, parts = await town(web, world)
    answer = await fetch(ana, f"/c/{parts['slug']}{path}?q={'x' * 100_000}")
    assert is_page(answer), (answer.status, answer.text[:300])
