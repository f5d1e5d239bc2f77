"""Reading pages is bounded: by person, and by address for visitors, so that no scraper keeps a process to itself."""

from pathlib import Path

import pytest

from providers.embedded.valkey import EmbeddedValkey
from server.limits import Policy
from server.pages import visits
from tests.server.browsing import signed_in
from tests.webapp import Web, serving
from tests.world import World


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "PAGE_READS", Policy("pages-narrow", 6, 60, block=3))


@pytest.mark.usefixtures("narrow")
async def test_pages_are_refused_above_the_limit_and_files_and_health_are_not(
    database: str, valkey: EmbeddedValkey, home: Path, world: World
) -> None:
    async with serving(database, valkey.redis_url, home / "pages", limits="standard") as web:
        read = [await web.get(path) for path in ("/", f"/c/{world.pottery.slug}", "/sign-in") * 2]
        assert [each.status for each in read] == [200] * 6
        for path in ("/", "/robots.txt", f"/c/{world.chess.slug}", "/verify", f"/c/{world.chess.slug}/did.json"):
            refused = await web.get(path)
            assert refused.status == 429
            assert 0 < int(refused.headers["Retry-After"]) <= 60
            assert "very many pages" in refused.text
            assert "<html" in refused.text
        assert (await web.get("/livez")).status == 200
        style = read[0].text.partition('href="/static/')[2].partition('"')[0]
        assert (await web.get(f"/static/{style}")).status == 200
        sam, zoe = await signed_in(web, world.pottery.sam), await signed_in(web, world.pottery.zoe)
        assert [(await sam.get("/me")).status for _ in range(7)] == [200] * 6 + [429]
        assert (await zoe.get("/me")).status == 200
        forged = await web.get("/", headers={"Cookie": "guildhall=not-a-token-of-ours-at-all"})
        assert forged.status == 429


@pytest.mark.usefixtures("narrow")
async def test_the_demo_is_a_hundred_times_wider(web: Web) -> None:
    assert {(await web.get("/robots.txt")).status for _ in range(20)} == {200}
