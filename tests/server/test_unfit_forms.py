"""Forms with what no text may hold, or with too much: the page comes again, with the words and what to do."""

import io
import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from server.forms import TAKEN_OUT
from tests.server.browsing import Browsing, signed_in
from tests.server.test_community_api import make_room
from tests.server.test_pages_studio import make_course
from tests.webapp import Web
from tests.world import World

MB = 1024 * 1024
SAME = {"Sec-Fetch-Site": "same-origin"}
WRITTEN = {"text", "search", "email", "url", "tel", "textarea"}
PAGES = (
    "/people/me", "/studio/courses", "/studio/batches", "/studio/classes",
    "/studio/rooms", "/studio/moderation/filters", "/studio/members", "/studio/integrations", "/studio/settings",
)  # fmt: skip


class Forms(HTMLParser):
    """The forms of a page that are posted: where to, and the type and value of each field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.posted: list[tuple[str, dict[str, tuple[str, str]]]] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a field of the open one."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = given.get("method", "").lower() == "post"
            if self._open:
                self.posted.append((given.get("action", ""), {}))
        elif self._open and tag in {"input", "textarea", "select"} and given.get("name"):
            kind = given.get("type", "text") if tag == "input" else tag
            self.posted[-1][1].setdefault(given["name"], (kind, given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self._open = False


async def send(browser: Browsing, path: str, fields: dict[str, str]) -> tuple[int, str]:
    """The status and the page that a form is answered with."""
    answer = await browser.send("POST", path, urlencode(fields), SAME)
    assert answer.headers["Content-Type"].startswith("text/html"), path
    return answer.status, answer.text


async def try_all(browser: Browsing, path: str, text: str = "kept\0 wo\x1brds", told: str = TAKEN_OUT) -> int:
    """Send each form of a page with such a text in each field that takes one, and see its page again; how many."""
    page = await browser.get(path)
    assert page.status == 200, path
    tried = 0
    for action, fields in Forms(page.text).posted:
        typed = {name: value for name, (_, value) in fields.items()}
        texts = [name for name, (kind, _) in fields.items() if kind in WRITTEN]
        if not texts:
            continue
        tried += 1
        typed |= {name: f"{text} {number}" for number, name in enumerate(texts)}
        status, answered = await send(browser, action or path, typed)
        assert status in {422, 413}, (path, action)
        assert told in answered, (path, action)
        assert "errp" not in answered, f"{path}: {action} answers with a page of errors instead of its own"
    return tried


@pytest.mark.parametrize("part", PAGES)
async def test_control_characters_bring_the_page_again(web: Web, world: World, part: str) -> None:
    ana = await signed_in(web, world.pottery.ana)
    await make_course(ana, f"/c/{world.pottery.slug}/studio")
    assert await try_all(ana, f"/c/{world.pottery.slug}{part}") > 0


async def test_a_course_and_its_lesson_come_again_with_what_was_written(web: Web, world: World) -> None:
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    course = f"{home}/courses/{await make_course(ana, home)}"
    lesson = re.search(rf'href="({home}/lessons/[^"]+)"', (await ana.get(course)).text)
    assert lesson is not None
    assert await try_all(ana, course) >= 3
    assert await try_all(ana, lesson[1]) >= 1
    status, text = await send(ana, lesson[1], {"title": "Wedging", "body": "Turn\0 it, and\x08 press"})
    assert status == 422
    assert "Turn it, and press</textarea>" in text


async def test_a_message_comes_again_with_its_words(web: Web, world: World) -> None:
    sam = await signed_in(web, world.pottery.sam)
    await make_room(web, world.pottery)
    room = (await sam.get(f"/c/{world.pottery.slug}/community")).headers["Location"]
    assert await try_all(sam, room) >= 1
    status, text = await send(sam, room, {"client_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "body": "good\0 clay"})
    assert status == 422
    assert "good clay</textarea>" in text


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in", "/sign-in/link", "/set-password"])
async def test_the_doors_come_again(web: Web, path: str) -> None:
    visitor = Browsing(web)
    assert await try_all(visitor, path) >= 1
    if path == "/sign-in":
        status, text = await send(visitor, path, {"email": "a@b.example", "password": "a long\0 sentence"})
        assert (status, TAKEN_OUT in text, "a long" in text) == (422, True, False)


async def test_a_channel_is_not_founded_with_one(web: Web, world: World) -> None:
    assert await try_all(await signed_in(web, world.pottery.sam), "/") >= 1


@pytest.mark.parametrize("part", ["/community", "/people/me", "/studio/rooms", "/studio/settings"])
async def test_a_form_that_is_too_large_brings_the_page_again(web: Web, world: World, part: str) -> None:
    ana = await signed_in(web, world.pottery.ana)
    path = f"/c/{world.pottery.slug}{part}"
    if part == "/community":
        await make_room(web, world.pottery)
        path = (await ana.get(path)).headers["Location"]
    headers = SAME | {"Cookie": f"guildhall={ana.cookie}", "Content-Type": "application/x-www-form-urlencoded"}
    body = io.BytesIO(b"name=" + b"a" * MB)
    async with web.session.post(web.url + path, data=body, headers=headers, allow_redirects=False) as answer:
        status, text = answer.status, await answer.text()
    assert status == 413
    assert "That is more than 1 MB, the most we take here. Go back to find what you wrote" in text
    assert "<form" in text
    assert "errp" not in text


@pytest.mark.parametrize("part", PAGES)
async def test_what_is_pasted_and_too_long_is_kept_and_answered(web: Web, world: World, part: str) -> None:
    ana = await signed_in(web, world.pottery.ana)
    await make_course(ana, f"/c/{world.pottery.slug}/studio")
    path = f"/c/{world.pottery.slug}{part}"
    assert "maxlength" not in (await ana.get(path)).text, "a browser cuts in silence what is pasted"
    assert await try_all(ana, path, "clay " * 10_000, "clay clay") > 0


async def test_what_is_wrong_with_a_link_is_said_at_that_link(web: Web, world: World) -> None:
    zoe, url = await signed_in(web, world.pottery.zoe), f"/c/{world.pottery.slug}/people/me"
    given = {"url-0": "https://zoe.example", "url-1": "", "url-2": "zoe.example", "label-0": "x" * 61}
    again = await zoe.post(url, **given)
    assert re.findall('class="error" id="([^"]+)"(?! role="alert" hidden)', again.text) == ["label-0-error"]
    again = await zoe.post(url, **given | {"label-0": ""})
    assert re.findall('class="error" id="([^"]+)"(?! role="alert" hidden)', again.text) == ["url-2-error"]
