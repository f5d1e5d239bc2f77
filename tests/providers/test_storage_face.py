"""The disk store over HTTP: browsers and programs upload resumably and read by signed links."""

import asyncio
import io
import os
import resource
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import aiohttp
import google_crc32c
import pytest

from providers import ProviderRefused
from providers.storage import GRAIN, uploads, wire
from providers.storage.disk import DiskStore
from providers.storage.mount import routes
from providers.storage.signing import Signer, attachment
from tests.standins.serving import serving

SECRET = secrets.token_hex(16)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DiskStore]:
    store = DiskStore(tmp_path / "files", "http://unset", Signer(SECRET))
    async with serving(routes(_late(store), idle=0.5)) as url:
        store.base_url = url
        yield store


def _late(store: DiskStore) -> DiskStore:
    """The store once more, for the port is known only after it is served; a face needs the folder and the keys."""
    return DiskStore(store.shelf.root, "http://own.example:8000", Signer(SECRET))


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def key(name: str = "lesson.mp4") -> str:
    return f"c/{uuid4()}/files/{name}"


def changed(url: str, **parts: str) -> str:
    split = urlsplit(url)
    return split._replace(query=urlencode(dict(parse_qsl(split.query)) | parts)).geturl()


async def put(browser: aiohttp.ClientSession, url: str, body: bytes, span: str | None = None) -> aiohttp.ClientResponse:
    headers = {"Content-Range": span} if span else {}
    async with browser.put(url, data=io.BytesIO(body), headers=headers, allow_redirects=False) as answer:
        await answer.read()
        return answer


async def send_cut(url: str, announced: int, body: bytes) -> None:
    """PUT that announces more than it sends, then hangs up, as a laptop lid does."""
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"PUT {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_a_whole_file_in_one_put(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    name, content = key(), secrets.token_bytes(3_000_000)
    answer = await put(browser, await store.sign_upload(name, len(content), "video/mp4"), content)
    described = await answer.json()
    assert answer.status == 200
    assert (described["name"], described["size"], described["contentType"]) == (name, "3000000", "video/mp4")
    info = await store.head(name)
    assert info
    assert info.crc32c == google_crc32c.value(content)


async def test_chunks_are_answered_by_308_and_the_range_held(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    content = secrets.token_bytes(GRAIN + 5)
    url = await store.sign_upload(key(), len(content), "video/mp4")
    nothing = await put(browser, url, b"", f"bytes */{len(content)}")
    assert (nothing.status, nothing.headers.get("Range")) == (308, None)
    first = await put(browser, url, content[:GRAIN], f"bytes 0-{GRAIN - 1}/{len(content)}")
    assert (first.status, first.headers["Range"]) == (308, f"bytes=0-{GRAIN - 1}")
    last = await put(browser, url, content[GRAIN:], f"bytes {GRAIN}-{GRAIN + 4}/{len(content)}")
    assert last.status == 200
    again = await put(browser, url, b"", f"bytes */{len(content)}")
    assert (again.status, await again.json()) == (200, await last.json())


@pytest.mark.parametrize("cut", [1, 1000, GRAIN - 1, GRAIN, GRAIN + 1, 1_500_000])
async def test_an_upload_cut_at_any_byte_goes_on_where_the_store_says(
    store: DiskStore, browser: aiohttp.ClientSession, cut: int
) -> None:
    name, content = key(), secrets.token_bytes(1_600_000)
    url = await store.sign_upload(name, len(content), "video/mp4")
    await send_cut(url, len(content), content[:cut])
    question = await put(browser, url, b"", "bytes */*")
    held = int(question.headers.get("Range", "bytes=0--1").removeprefix("bytes=0-")) + 1
    assert question.status == 308
    assert held <= cut
    rest = await put(browser, url, content[held:], f"bytes {held}-{len(content) - 1}/{len(content)}")
    assert rest.status == 200
    assert b"".join([block async for block in store.open_range(name)]) == content


async def test_an_upload_that_stalls_is_cut_and_kept(store: DiskStore) -> None:
    url = await store.sign_upload(key(), 1000, "video/mp4")
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"PUT {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhello".encode())
    assert b" 503 " in await reader.readline()
    writer.close()
    assert await store.resumable(url).offset() == 5


async def test_bytes_sent_twice_are_stored_once(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    name, content = key(), secrets.token_bytes(2 * GRAIN)
    url = await store.sign_upload(name, len(content), "video/mp4")
    await put(browser, url, content[:GRAIN], f"bytes 0-{GRAIN - 1}/{len(content)}")
    assert (await put(browser, url, content, f"bytes 0-{len(content) - 1}/{len(content)}")).status == 200
    assert b"".join([block async for block in store.open_range(name)]) == content


async def test_a_gap_is_answered_by_what_is_held(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    url = await store.sign_upload(key(), 2 * GRAIN, "video/mp4")
    answer = await put(browser, url, b"a" * GRAIN, f"bytes {GRAIN}-{2 * GRAIN - 1}/{2 * GRAIN}")
    assert (answer.status, answer.headers.get("Range")) == (308, None)


async def test_two_senders_of_one_upload_make_one_whole_file(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    name, content = key(), secrets.token_bytes(4_000_000)
    url = await store.sign_upload(name, len(content), "video/mp4")
    answers = await asyncio.gather(*(put(browser, url, content) for _ in range(3)))
    assert {answer.status for answer in answers} <= {200, 308}
    last = await put(browser, url, content)
    assert last.status == 200
    assert b"".join([block async for block in store.open_range(name)]) == content


@pytest.mark.parametrize(
    ("span", "length", "status"),
    [
        ("bytes 0-9/20", 10, 400),
        ("bytes 0-262143/99", GRAIN, 400),
        ("bytes 0-1/1000000", 3, 400),
        ("bytes 5-4/1000000", 1, 400),
        ("items 0-1/2", 2, 400),
        ("bytes 0-1/²", 2, 400),
        ("bytes 0-1048575/1048577", GRAIN * 4, 413),
        ("bytes 0-262143/262144", GRAIN, 400),
    ],
)
async def test_a_wrong_range_is_refused_with_a_sentence(
    store: DiskStore, browser: aiohttp.ClientSession, span: str, length: int, status: int
) -> None:
    url = await store.sign_upload(key(), 1_000_000, "video/mp4")
    answer = await put(browser, url, b"a" * length, span)
    assert answer.status == status
    assert (await answer.json())["error"]["message"].endswith(".")
    assert await store.resumable(url).offset() == 0


async def test_an_unknown_expired_or_cancelled_upload_is_404(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    url = await store.sign_upload(key(), 10, "video/mp4")
    async with browser.delete(url) as answer:
        assert answer.status == 499
    assert (await put(browser, url, b"0123456789")).status == 404
    for name in ("A" * 43, "..", "x", "%2e%2e%2f", "a%00b"):
        assert (await put(browser, f"{store.base_url}/storage/uploads/{name}", b"x")).status == 404


async def test_expired_uploads_are_swept_and_live_ones_spared(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await store.start_resumable(key(), "video/mp4")
    monkeypatch.setattr(uploads, "LIFE", -1)
    dead = await store.start_resumable(key(), "video/mp4")
    with pytest.raises(ProviderRefused):
        await store.resumable(dead).offset()
    assert await store.sweep() == 1
    assert await store.resumable(live).offset() == 0


async def test_only_the_installation_may_begin_uploads(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    start = f"{store.base_url}/storage/upload/storage/v1/b/{wire.BUCKET}/o?uploadType=resumable&ifGenerationMatch=0"
    name = key()
    token = {"Authorization": f"Bearer {store.signer.control_token}"}
    for headers, status in (({}, 401), ({"Authorization": "Bearer x"}, 401), (token, 200)):
        async with browser.post(start, json={"name": name, "contentType": "video/mp4"}, headers=headers) as answer:
            assert answer.status == status
    await store.resumable(answer.headers["Location"]).write(b"x", last=True)
    async with browser.post(start, json={"name": name}, headers=token) as answer:
        assert answer.status == 412


@pytest.mark.parametrize("body", [b"{", b"[" * 8000, b"x" * 9000, b'{"name": "../x"}', b'{"name": 5}', b"[]"])
async def test_a_strange_start_is_refused(store: DiskStore, browser: aiohttp.ClientSession, body: bytes) -> None:
    start = f"{store.base_url}/storage/upload/storage/v1/b/{wire.BUCKET}/o?uploadType=resumable"
    headers = {"Authorization": f"Bearer {store.signer.control_token}"}
    async with browser.post(start, data=body, headers=headers) as answer:
        assert answer.status in {400, 413}


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


async def test_only_our_own_origin_may_read_across(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    url = await store.sign_upload(key(), 10, "video/mp4")
    for origin, allowed in (("http://own.example:8000", "http://own.example:8000"), ("http://evil.example", None)):
        async with browser.options(url, headers={"Origin": origin}) as answer:
            assert answer.status == 204
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed


async def test_a_full_disk_is_a_sentence_and_what_was_held_stays(
    store: DiskStore, browser: aiohttp.ClientSession
) -> None:
    name, content = key(), secrets.token_bytes(900_000)
    url = await store.sign_upload(name, len(content), "video/mp4")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        answer = await put(browser, url, content)
        with pytest.raises(ProviderRefused, match="full"):
            await store.put(key(), content, "video/mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.status == 507
    assert "full" in (await answer.json())["error"]["message"]
    assert await store.resumable(url).offset() == 500_000
    assert (await put(browser, url, content)).status == 200
    assert b"".join([block async for block in store.open_range(name)]) == content


WRITER = """
import asyncio, sys
from pathlib import Path
from providers.storage.disk import DiskStore
from providers.storage.signing import Signer
async def main():
    session = DiskStore(Path(sys.argv[1]), "http://x", Signer("a" * 16)).resumable(sys.argv[2])
    at = await session.offset()
    with open(sys.argv[3], "rb") as source:
        source.seek(at)
        while chunk := source.read(262144):
            last = len(chunk) < 262144
            await session.write(chunk, last)
            print(source.tell(), flush=True)
asyncio.run(main())
"""


async def test_a_writer_killed_again_and_again_still_makes_the_same_file(store: DiskStore, tmp_path: Path) -> None:
    name, content = key(), secrets.token_bytes(20 * GRAIN + 1)
    (tmp_path / "source").write_bytes(content)
    url = await store.start_resumable(name, "video/mp4", len(content))
    for kills in range(4):
        arguments = (sys.executable, "-c", WRITER, str(store.shelf.root), url, str(tmp_path / "source"))
        child = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        assert child.stdout
        for _ in range(4 if kills < 3 else 99):
            await child.stdout.readline()
        if kills < 3:
            os.kill(child.pid, signal.SIGKILL)
        await child.wait()
    info = await store.resumable(url).finalise()
    assert info.crc32c == google_crc32c.value(content)
    assert b"".join([block async for block in store.open_range(name)]) == content


@pytest.mark.parametrize("step", ["rename", "write_whole"])
async def test_a_crash_while_publishing_is_finished_by_the_next_call(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    name = key()
    url = await store.start_resumable(name, "video/mp4", 5, if_generation=0)
    upload = uploads.Upload(store.shelf, url.rpartition("/")[2])
    upload.append(0, b"hello")
    with monkeypatch.context() as patched:
        crash(patched, step)
        with pytest.raises(KeyboardInterrupt):
            upload.finish()
    info = await store.resumable(url).finalise()
    assert info == await store.head(name)
    assert b"".join([block async for block in store.open_range(name)]) == b"hello"


def crash(patched: pytest.MonkeyPatch, step: str) -> None:
    """Die before the data is moved, or after it and before the record is written."""
    from providers.storage import shelf

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    real = shelf.write_whole
    if step == "rename":
        patched.setattr(Path, "rename", die)
    else:
        patched.setattr(shelf, "write_whole", lambda path, content: die() if "@" in path.name else real(path, content))
