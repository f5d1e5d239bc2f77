"""Signed links: what they open, for how long, and what a browser may show of it."""

import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest

from providers import ProviderRefused
from providers.storage.disk import DiskStore
from providers.storage.signing import Signer, attachment
from tests.providers.storing import key


def changed(url: str, **parts: str) -> str:
    split = urlsplit(url)
    return split._replace(query=urlencode(dict(parse_qsl(split.query)) | parts)).geturl()


async def test_a_signed_link_reads_with_ranges(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    name = key()
    await store.put(name, b"0123456789", "video/mp4")
    url = await store.sign_get(name, 60)
    async with browser.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, b"0123456789")
        assert (answer.content_type, answer.headers["Content-Disposition"]) == ("video/mp4", "inline")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with browser.get(url, headers={"Range": "bytes=2-4"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"234")
        assert answer.headers["Content-Range"] == "bytes 2-4/10"
    async with browser.get(url, headers={"Range": "bytes=-3"}) as answer:
        assert await answer.read() == b"789"
    async with browser.get(url, headers={"Range": "bytes=10-"}) as answer:
        assert answer.status == 416
    async with browser.head(url) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, "10")


async def test_a_changed_or_expired_link_is_refused(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    name, other = key(), key()
    for each in (name, other):
        await store.put(each, b"x", "video/mp4")
    url = await store.sign_get(name, 3600)
    late = str(int(time.time()) + 99999)
    wrong = [changed(url, e=late), changed(url, d="attachment"), changed(url, t="text/html"), changed(url, k="0" * 8)]
    wrong += [url.replace(name, other), changed(url, s="é"), changed(url, e="-1"), url.partition("?")[0], f"{url}0"]
    for each in wrong:
        async with browser.get(each) as answer:
            assert answer.status == 403, each


async def test_an_expired_link_says_so(
    store: DiskStore, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = key()
    await store.put(name, b"x", "video/mp4")
    with monkeypatch.context() as patched:
        a_minute_ago = time.time() - 61
        patched.setattr(time, "time", lambda: a_minute_ago)
        url = await store.sign_get(name, 60)
    async with browser.get(url) as answer:
        assert answer.status == 403
        assert "expired" in (await answer.json())["error"]["message"]


async def test_a_link_signed_by_the_older_secret_still_opens() -> None:
    old, new = Signer("old secret of sixteen"), Signer("new secret of sixteen", "old secret of sixteen")
    query = old.grant("c/x", 60, "", "")
    assert new.granted("c/x", query).key == "c/x"
    with pytest.raises(ProviderRefused):
        old.granted("c/x", new.grant("c/x", 60, "", ""))


@pytest.mark.parametrize(
    "media", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript"]
)
async def test_what_could_run_in_a_browser_is_saved_not_shown(
    store: DiskStore, browser: aiohttp.ClientSession, media: str
) -> None:
    name = key("page")
    await store.put(name, b"<script>alert(1)</script>", media)
    for url in (await store.sign_get(name, 60), await store.sign_get(name, 60, "inline")):
        async with browser.get(url) as answer:
            assert answer.headers["Content-Disposition"] == "attachment"
            assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_a_download_keeps_its_name_in_any_script(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    name = key("notes")
    await store.put(name, b"x", "text/plain")
    async with browser.get(await store.sign_get(name, 60, attachment('Töpfern "1"\r\n.txt'))) as answer:
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="T_pfern _1_')
        assert "T%C3%B6pfern" in answer.headers["Content-Disposition"]
    with pytest.raises(ProviderRefused):
        await store.sign_get(name, 60, "inline\r\nSet-Cookie: a=b")
