"""What pages say of an uploaded film: that it is being looked at, how long it is, or why it will not play."""

import re
from pathlib import Path

import pytest

from tests import films
from tests.server.browsing import signed_in
from tests.server.test_pages_studio import make_course
from tests.webapp import Web
from tests.workers.shop import make_shop
from tests.workers.test_films import examine, upload
from tests.world import World
from workers.registry import Workshop


@pytest.fixture
def shop(web: Web, tmp_path: Path) -> Workshop:
    """A worker of the running application's own database."""
    return make_shop(web.house.tenancy, tmp_path)


async def made_lesson(web: Web, world: World, file_id: object) -> tuple[str, str]:
    """The studio's page of a lesson with that film, and the lesson's own page."""
    home = f"/c/{world.pottery.slug}/studio"
    ana = await signed_in(web, world.pottery.ana)
    course = await make_course(ana, home)
    page = await ana.get(f"{home}/courses/{course}")
    section = re.search(r'<option value="([0-9a-f-]{36})" selected', page.text)
    assert section is not None
    made = await ana.post(f"{home}/courses/{course}/lessons", title="Trimming", kind="video", section=section[1])
    lesson = made.headers["Location"].partition("?")[0]
    assert (await ana.post(lesson, title="Trimming", body="", file=str(file_id))).status == 303
    return lesson, f"/c/{world.pottery.slug}/learn/first-bowl/{lesson.rpartition('/')[2]}"


async def test_a_film_is_looked_at_and_then_plays(web: Web, world: World, shop: Workshop, tmp_path: Path) -> None:
    file_id = await upload(shop, world, films.make_film(tmp_path / "film.mp4").read_bytes())
    studio, lesson = await made_lesson(web, world, file_id)
    ana, sam = await signed_in(web, world.pottery.ana), await signed_in(web, world.pottery.sam)
    assert "being looked at" in (await ana.get(studio)).text
    assert (await ana.post(f"{studio}/publish", title="Trimming", body="")).headers["Location"].endswith("published")
    await sam.post(f"/c/{world.pottery.slug}/learn/first-bowl/enrol")
    page = await sam.get(lesson)
    assert "being looked at" in page.text
    assert "<video" not in page.text
    assert f'action="{lesson}/done"' not in page.text
    await examine(shop, file_id)
    assert "clay.mp4, 0:04" in (await ana.get(studio)).text
    page = await sam.get(lesson)
    assert "<video" in page.text
    assert "poster=" in page.text


async def test_a_broken_film_says_why_and_is_not_published(web: Web, world: World, shop: Workshop) -> None:
    file_id = await upload(shop, world, b"these are words, and no film at all")
    await examine(shop, file_id)
    studio, lesson = await made_lesson(web, world, file_id)
    ana = await signed_in(web, world.pottery.ana)
    sentence = "The file is no video that we know"
    assert sentence in (await ana.get(studio)).text
    refused = await ana.post(f"{studio}/publish", title="Trimming", body="")
    assert refused.status == 422
    assert f"{sentence}: it is none of MP4, WebM and Matroska. Upload another one." in refused.text
    preview = await ana.get(lesson)
    assert sentence in preview.text
    assert "The film is missing" in preview.text
