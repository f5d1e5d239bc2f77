"""Uploads over HTTP: a browser sends in one go or in chunks, and goes on at any byte."""

import asyncio
import secrets
from urllib.parse import urlsplit

import aiohttp
import google_crc32c
import pytest

from providers import ProviderRefused
from providers.storage import GRAIN, uploads
from providers.storage.disk import DiskStore
from tests.providers.storing import ORIGIN, key, put


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
    answer = await put(browser, url, b"", "bytes */*")
    assert answer.status == 308
    # What was on its way when the connection was cut may still arrive after it was asked for.
    for _ in range(3):
        held = int(answer.headers.get("Range", "bytes=0--1").removeprefix("bytes=0-")) + 1
        assert held <= cut
        answer = await put(browser, url, content[held:], f"bytes {held}-{len(content) - 1}/{len(content)}")
        if answer.status != 308:
            break
    assert answer.status == 200
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


async def test_only_our_own_origin_may_read_across(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    url = await store.sign_upload(key(), 10, "video/mp4")
    for origin, allowed in ((ORIGIN, ORIGIN), ("http://evil.example", None)):
        async with browser.options(url, headers={"Origin": origin}) as answer:
            assert answer.status == 204
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed
