"""Files in a bucket of Google Cloud Storage: pages upload to it and show from it, across origins."""

import secrets
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page

from providers.embedded import EmbeddedValkey
from providers.storage import GRAIN
from tenants.files.files import MOST_PENDING
from tests.server.browsing import signed_in
from tests.server.web.gallery import browser
from tests.standins.gcs import FarStorage, far_storage
from tests.standins.gcs_accounts import key_file
from tests.standins.gcs_words import BUCKET
from tests.webapp import Web, serving
from tests.world import World

SEND = """async ([url, bytes, range]) => {
  const given = {method: "PUT", headers: {"Content-Range": range}, credentials: "omit"};
  const answer = await fetch(url, bytes.length ? {...given, body: new Uint8Array(bytes)} : given);
  return [answer.status, answer.headers.get("Range")];
}"""
SHOW = """async url => {
  const shown = Object.assign(new Image(), {src: url});
  await shown.decode();
  return shown.naturalWidth;
}"""


@pytest.fixture
async def far() -> AsyncIterator[tuple[FarStorage, str]]:
    async with far_storage() as both:
        yield both


@pytest.fixture
async def web(
    database: str, valkey: EmbeddedValkey, tmp_path: Path, far: tuple[FarStorage, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", far[1])
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file(tmp_path, far[1])))
    async with serving(database, valkey.redis_url, tmp_path, storage=f"gcs:{BUCKET}") as running:
        yield running


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with browser() as launched:
        context = await launched.new_context()
        yield await context.new_page()
        await context.close()


async def test_a_page_uploads_to_the_bucket_and_shows_from_it(web: Web, world: World, page: Page) -> None:
    pottery, picture = world.pottery, _picture(500)
    browsing = await signed_in(web, pottery.ana)
    await page.context.add_cookies([{"name": "guildhall", "value": browsing.cookie, "url": web.url}])
    uploads = f"/channels/{pottery.slug}/uploads"
    given = {"name": "bowl.png", "content_type": "image/png", "size": len(picture), "purpose": "cover"}
    begun = await web.call("POST", uploads, given, token=pottery.ana.token, Origin=web.url)
    assert begun.status == 201, begun.text
    await page.goto(f"{web.url}/c/{pottery.slug}")
    url, total, first = begun.json["session_url"], len(picture), list(picture[:GRAIN])
    assert await page.evaluate(SEND, [url, [], f"bytes */{total}"]) == [308, None]
    held = f"bytes=0-{GRAIN - 1}"
    assert await page.evaluate(SEND, [url, first, f"bytes 0-{GRAIN - 1}/{total}"]) == [308, held]
    rest = list(picture[GRAIN:])
    assert (await page.evaluate(SEND, [url, rest, f"bytes {GRAIN}-{total - 1}/{total}"]))[0] == 200
    done = await web.call("POST", f"{uploads}/{begun.json['id']}/complete", token=pottery.ana.token)
    assert (done.status, done.json["size"]) == (200, total)
    assert await page.evaluate(SHOW, done.json["url"]) == 500


async def test_a_file_leads_to_the_bucket_and_every_policy_names_it(
    web: Web, world: World, far: tuple[FarStorage, str]
) -> None:
    pottery = world.pottery
    browsing = await signed_in(web, pottery.ana)
    for path in (f"/c/{pottery.slug}", f"/c/{pottery.slug}/studio", "/nowhere"):
        policy = (await browsing.get(path)).headers["Content-Security-Policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        for name in ("img-src", "media-src", "connect-src"):
            assert far[1] in rules[name].split()
        assert far[1] not in rules["form-action"]
    assert (await web.get("/storage/o/x")).status == 404


async def test_a_bucket_that_fails_is_an_answer_and_never_a_fault(
    web: Web, world: World, far: tuple[FarStorage, str]
) -> None:
    given = {"name": "bowl.png", "content_type": "image/png", "size": 5, "purpose": "cover"}
    far[0].forbidden = True
    answer = await web.call("POST", f"/channels/{world.pottery.slug}/uploads", given, token=world.pottery.ana.token)
    assert answer.status == 503
    assert answer.json["code"] == "storage_misconfigured"


def _picture(width: int) -> bytes:
    """A PNG of noise, which does not shrink: some hundred KiB more than one chunk."""
    file = BytesIO()
    Image.frombytes("RGB", (width, 300), secrets.token_bytes(width * 300 * 3)).save(file, "PNG")
    return file.getvalue()


async def test_what_the_store_did_not_begin_counts_for_nothing_and_a_key_goes_on_with_it(
    web: Web, world: World, far: tuple[FarStorage, str]
) -> None:
    given = {"name": "bowl.png", "content_type": "image/png", "size": 5, "purpose": "cover"}
    uploads, token = f"/channels/{world.pottery.slug}/uploads", world.pottery.ana.token
    far[0].forbidden = True
    for _ in range(MOST_PENDING + 1):
        assert (await web.call("POST", uploads, given, token=token)).status == 503
    keyed = {"Idempotency_Key": secrets.token_hex(8)}
    assert (await web.call("POST", uploads, given, token=token, **keyed)).status == 503
    far[0].forbidden = False
    assert (await web.call("POST", uploads, given, token=token)).status == 201
    first, again = [await web.call("POST", uploads, given, token=token, **keyed) for _ in range(2)]
    assert (first.status, first.json) == (201, again.json)
