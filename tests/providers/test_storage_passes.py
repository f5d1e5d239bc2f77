"""A pass opens the files of its channel and nothing else, whatever is sent with it."""

import time
from urllib.parse import quote, urlsplit

import aiohttp
import orjson
import pytest
from yarl import URL

from providers import ProviderRefused
from providers.storage import json_api, wire
from providers.storage.disk import DiskStore
from providers.storage.signing import Signer
from tests.providers.storing import key, pass_for, put

BUCKET = f"/storage/v1/b/{wire.BUCKET}/o"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def related(about: object, content: bytes = b"ours", mark: str = "mark") -> tuple[bytes, dict[str, str]]:
    """A multipart upload: its body and its headers."""
    parts = (b"Content-Type: application/json\r\n\r\n" + orjson.dumps(about), b"Content-Type: a/b\r\n\r\n" + content)
    body = b"".join(f"--{mark}\r\n".encode() + part + b"\r\n" for part in parts) + f"--{mark}--".encode()
    return body, {"Content-Type": f"multipart/related; boundary={mark}"}


async def ask(
    browser: aiohttp.ClientSession, url: str, token: str, data: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    sent = bearer(token) | {name.replace("_", "-"): value for name, value in headers.items()}
    async with browser.request(
        "GET" if data is None else "POST", URL(url, encoded=True), data=data, headers=sent
    ) as answer:
        return answer.status, await answer.read()


async def test_no_token_but_a_live_pass_of_ours_opens_anything(
    store: DiskStore, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = key()
    await store.put(name, b"x", "text/plain")
    url = f"{store.base_url}/storage{BUCKET}/{quote(name, safe='')}"
    good = pass_for(store, name)
    channel, expires, by, signature = good.split(".")
    link = await store.sign_get(name, 60)
    signed = dict(each.split("=") for each in urlsplit(link).query.split("&"))
    later = str(int(expires) + 1)
    wrong = [
        *("", "x", good[:-1], f"{good}0", f"{good}.x", f"{key().split('/')[1]}.{expires}.{by}.{signature}"),
        *(f"{channel}.{later}.{by}.{signature}", f"{channel}.{expires}.00000000.{signature}"),
        *(f"{channel}.-1.{by}.{signature}", f"{channel}.{signed['e']}.{signed['k']}.{signed['s']}", signed["s"]),
        Signer("another secret, long enough").channel_pass(channel, 60),
    ]
    assert (await ask(browser, url, good))[0] == 200
    for token in wrong:
        assert (await ask(browser, url, token))[0] == 401, token
        body, headers = related({"name": name})
        upload = f"{store.base_url}/storage/upload{BUCKET}?uploadType=multipart"
        assert (await ask(browser, upload, token, body, **headers))[0] == 401, token
    assert (await ask(browser, f"{url}?{urlsplit(link).query}", ""))[0] == 401
    now = time.time()
    monkeypatch.setattr("providers.storage.signing.time.time", lambda: now + 3601)
    assert (await ask(browser, url, good))[0] == 401


async def test_a_pass_outlives_a_change_of_the_secret_and_lives_a_week_at_most() -> None:
    old = Signer("the first secret, long enough").channel_pass("school", 60)
    assert Signer("the second secret, long enough", "the first secret, long enough").passed(old) == "school"
    with pytest.raises(ProviderRefused, match="A link lives"):
        Signer("the first secret, long enough").channel_pass("school", 7 * 24 * 3600 + 1)


async def test_a_pass_opens_no_signed_link_and_begins_nothing_elsewhere(
    store: DiskStore, browser: aiohttp.ClientSession
) -> None:
    name = key()
    await store.put(name, b"x", "text/plain")
    assert (await ask(browser, f"{store.base_url}/storage/o/{name}", pass_for(store, name)))[0] == 403
    elsewhere = f"{store.base_url}/storage/upload/storage/v1/b/other/o?uploadType=multipart"
    assert (await ask(browser, elsewhere, pass_for(store, name), b""))[0] == 404


@pytest.mark.parametrize("kind", ["multipart", "resumable"])
async def test_neither_name_of_an_upload_leads_to_another_channel(
    store: DiskStore, browser: aiohttp.ClientSession, kind: str
) -> None:
    ours, theirs = key(), key()
    url = f"{store.base_url}/storage/upload{BUCKET}?uploadType={kind}"

    async def begin(url: str, named: str) -> int:
        body, headers = related({"name": named}) if kind == "multipart" else (orjson.dumps({"name": named}), {})
        return (await ask(browser, url, pass_for(store, ours), body, **headers))[0]

    for path in (theirs, f"{ours}/../../../{theirs}", f"../{theirs}", f"c/{theirs.split('/')[1]}", ""):
        assert await begin(url, path) in {400, 403}, path
        assert await begin(f"{url}&name={quote(path, safe='')}", path or theirs) in {400, 403}, path
    assert await begin(f"{url}&name={quote(theirs, safe='')}", ours) == 403
    assert await begin(f"{url}&name={quote(ours, safe='')}", theirs) == 200
    assert await store.head(theirs) is None


async def test_no_path_leads_to_another_channel(store: DiskStore, browser: aiohttp.ClientSession) -> None:
    ours, theirs = key(), key()
    for each in (ours, theirs):
        await store.put(each, b"x", "text/plain")
    up = f"{ours.rpartition('/')[0]}/../../../{theirs}"
    for path in (theirs, up, quote(up, safe=""), quote(quote(theirs, safe=""), safe=""), f"{theirs}%00", f"/{theirs}"):
        for way in ("", "/download"):
            status, body = await ask(
                browser, f"{store.base_url}/storage{way}{BUCKET}/{path}?alt=media", pass_for(store, ours)
            )
            assert status in {400, 403, 404}, path
            assert body != b"x"


async def test_nothing_sent_to_a_session_moves_it_to_another_file(
    store: DiskStore, browser: aiohttp.ClientSession
) -> None:
    ours, theirs = key(), key()
    session = await store.sign_upload(ours, 4, "text/plain")
    asked = f"{session}?name={quote(theirs, safe='')}&ifGenerationMatch=9&predefinedAcl=publicRead&upload_id=x"
    headers = {"X-Upload-Content-Type": "text/html", "X-Goog-Copy-Source": theirs, "X-HTTP-Method-Override": "DELETE"}
    async with browser.put(URL(asked, encoded=True), data=b"ours", headers=headers) as answer:
        assert (answer.status, (await answer.json())["name"]) == (200, ours)
    assert await store.head(theirs) is None
    info = await store.head(ours)
    assert info
    assert info.content_type == "text/plain"


async def test_a_session_takes_no_more_for_a_pass_or_a_length_that_came_with_it(
    store: DiskStore, browser: aiohttp.ClientSession
) -> None:
    session = await store.sign_upload(key(), 4, "text/plain")
    headers = bearer(pass_for(store, key())) | {"X-Upload-Content-Length": "400"}
    async with browser.put(session, data=b"x" * 400, headers=headers) as answer:
        assert answer.status == 413
    assert (await put(browser, session, b"", "bytes */4")).status == 308


@pytest.mark.parametrize("field", ["acl", "metadata", "md5Hash", "cacheControl", "contentEncoding", "kmsKeyName"])
async def test_a_field_that_is_not_spoken_is_refused(
    store: DiskStore, browser: aiohttp.ClientSession, field: str
) -> None:
    name = key()
    for kind in ("multipart", "resumable"):
        about = {"name": name, field: "x"}
        body, headers = related(about) if kind == "multipart" else (orjson.dumps(about), {})
        url = f"{store.base_url}/storage/upload{BUCKET}?uploadType={kind}"
        status, said = await ask(browser, url, pass_for(store, name), body, **headers)
        assert (status, field in orjson.loads(said)["error"]["message"]) == (400, True)
    assert await store.head(name) is None


BROKEN = [
    b"",
    b"--mark",
    b"--mark--",
    b"--mark\r\n\r\n{}\r\n--mark--",
    b"x" * 100,
    b"--mark\r\n{}\r\n--mark\r\n--mark\r\n",
]


@pytest.mark.parametrize("body", BROKEN, ids=ascii)
@pytest.mark.parametrize("media", ["multipart/related; boundary=mark", "multipart/related", "text/plain", "%;=", ""])
async def test_a_broken_multipart_upload_is_refused(
    store: DiskStore, browser: aiohttp.ClientSession, body: bytes, media: str
) -> None:
    name = key()
    url = f"{store.base_url}/storage/upload{BUCKET}?uploadType=multipart&name={name}"
    assert (await ask(browser, url, pass_for(store, name), body, Content_Type=media))[0] == 400


@pytest.mark.parametrize("body", [b"{", b"[" * 8000, b"x" * 9000, b'{"name": "../x"}', b'{"name": 5}', b"[]"])
async def test_a_strange_start_is_refused(store: DiskStore, browser: aiohttp.ClientSession, body: bytes) -> None:
    start = f"{store.base_url}/storage/upload{BUCKET}?uploadType=resumable"
    assert (await ask(browser, start, pass_for(store, key()), body))[0] in {400, 413}


async def test_a_file_in_one_piece_has_its_limit(
    store: DiskStore, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_api, "_IN_ONE_PIECE", 1000)
    name = key()
    body, headers = related({"name": name}, b"x" * 1000)
    url = f"{store.base_url}/storage/upload{BUCKET}?uploadType=multipart"
    assert (await ask(browser, url, pass_for(store, name), body, **headers))[0] == 413
    assert await store.head(name) is None
