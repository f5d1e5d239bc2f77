"""Google's own client, pointed at the disk store: it uploads, goes on after a break, reads by range, and is held to."""

import asyncio
import io
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import BadRequest, Forbidden, NotFound, PreconditionFailed
from google.cloud import storage
from google.oauth2.credentials import Credentials

from providers.storage import GRAIN, ObjectInfo, wire
from providers.storage.disk import DiskStore
from tests.providers.storing import key, pass_for, served_store
from tests.standins.cutting import Wire, cutting

T = TypeVar("T")
GOOGLE: Any = storage
MEDIA: Any = GOOGLE._media.requests
BIG = secrets.token_bytes(5 * GRAIN + 77)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DiskStore]:
    async with served_store(tmp_path / "files") as store:
        yield store


@pytest.fixture
async def line(store: DiskStore) -> AsyncIterator[Wire]:
    async with cutting(store.base_url) as line:
        yield line


def blob(store: DiskStore, name: str, *, url: str = "", token: str = "", **about: Any) -> Any:
    """The object as Google's client knows it, with a pass of its channel."""
    signed_in: Any = Credentials
    client = GOOGLE.Client(
        project="school",
        credentials=signed_in(token or pass_for(store, name)),
        client_options={"api_endpoint": f"{url or store.base_url}/storage"},
    )
    return GOOGLE.Blob(name, client.bucket(wire.BUCKET), **about)


def in_one_piece(blob: Any, content: bytes, **about: Any) -> None:
    blob.upload_from_string(content, **about)


def in_chunks(blob: Any, content: bytes, **about: Any) -> None:
    blob.chunk_size = GRAIN
    blob.upload_from_file(io.BytesIO(content), **about)


WAYS = {"one piece": in_one_piece, "chunks": in_chunks}


async def done(call: Callable[..., T], *given: Any, **named: Any) -> T:
    """What the client's blocking call makes, while the store goes on answering."""
    return await asyncio.to_thread(call, *given, **named)


async def held(store: DiskStore, name: str) -> tuple[ObjectInfo | None, bytes]:
    return await store.head(name), b"".join([block async for block in store.open_range(name)])


async def test_a_short_file_goes_up_in_one_request_and_comes_back(store: DiskStore) -> None:
    name, content = key(), b"\r\n--not the end\r\n\r\n" + secrets.token_bytes(10_000)
    theirs = blob(store, name)
    await done(theirs.upload_from_string, content, "video/mp4")
    info, kept = await held(store, name)
    assert info
    assert (kept, info.content_type) == (content, "video/mp4")
    assert (theirs.size, theirs.generation) == (len(content), info.generation)
    assert await done(blob(store, name).download_as_bytes) == content


@pytest.mark.parametrize("size", [0, 1, GRAIN, GRAIN + 1, 5 * GRAIN + 77])
async def test_a_long_file_goes_up_in_chunks(store: DiskStore, size: int) -> None:
    name, content = key(), BIG[:size]
    theirs = blob(store, name, chunk_size=GRAIN)
    await done(theirs.upload_from_file, io.BytesIO(content), content_type="video/mp4", if_generation_match=0)
    info, kept = await held(store, name)
    assert info
    assert (kept, info.crc32c) == (content, google_crc32c.value(content))


async def test_a_stream_of_unknown_length_goes_up_as_it_is_written(store: DiskStore) -> None:
    name = key()

    def write() -> None:
        with blob(store, name).open("wb", chunk_size=GRAIN, content_type="audio/mpeg") as file:
            for at in range(0, len(BIG), 100_000):
                file.write(BIG[at : at + 100_000])

    await done(write)
    assert (await held(store, name))[1] == BIG


@pytest.mark.parametrize("cut", [1, 70_000, GRAIN, 2 * GRAIN])
async def test_a_broken_connection_is_gone_over_by_the_client_itself(store: DiskStore, line: Wire, cut: int) -> None:
    name = key()
    session = await done(blob(store, name).create_resumable_upload_session, content_type="video/mp4")
    upload = begun(session.replace(store.base_url, line.url))
    line.cuts = [cut + 300, cut + 400]
    await done(send_whole, upload)
    assert line.cuts == []
    assert (await held(store, name))[1] == BIG


async def test_another_process_goes_on_from_what_the_store_holds(store: DiskStore) -> None:
    name = key()
    session = await store.sign_upload(name, len(BIG), "video/mp4")
    first = begun(session)
    with requests.Session() as browser:
        await done(first.transmit_next_chunk, browser)
        again = begun(session, checksum=None)
        await done(again.recover, browser)
    assert again.bytes_uploaded == 2 * GRAIN
    await done(send_whole, again)
    assert (await held(store, name))[1] == BIG


def send_whole(upload: Any) -> None:
    """Chunk after chunk, with no sign-in: whoever has the session's URL may send."""
    with requests.Session() as browser:
        while not upload.finished:
            upload.transmit_next_chunk(browser)


def begun(session: str, **about: Any) -> Any:
    """An upload of BIG to a session that somebody else began."""
    upload = MEDIA.ResumableUpload(session, 2 * GRAIN, **about)
    upload._resumable_url = session
    upload._stream, upload._total_bytes, upload._content_type = io.BytesIO(BIG), len(BIG), "video/mp4"
    return upload


async def test_a_range_is_read_by_pass_and_by_signed_link(store: DiskStore) -> None:
    name = key()
    await store.put(name, BIG, "video/mp4")
    theirs = blob(store, name)
    for first, last in ((0, 0), (5, 100_000), (len(BIG) - 3, len(BIG) - 1)):
        assert await done(theirs.download_as_bytes, start=first, end=last) == BIG[first : last + 1]
    link, read = await store.sign_get(name, 60), io.BytesIO()
    with requests.Session() as anybody:
        download = MEDIA.ChunkedDownload(link, GRAIN, read)
        while not download.finished:
            await done(download.consume_next_chunk, anybody)
    assert read.getvalue() == BIG


async def test_a_file_is_read_as_a_stream_and_described(store: DiskStore) -> None:
    name = key()
    info = await store.put(name, BIG, "video/mp4")

    def read() -> bytes:
        with blob(store, name, chunk_size=GRAIN).open("rb") as file:
            file.seek(GRAIN + 1)
            return bytes(file.read())

    assert await done(read) == BIG[GRAIN + 1 :]
    theirs = blob(store, name)
    await done(theirs.reload)
    assert (theirs.size, theirs.crc32c, theirs.content_type) == (len(BIG), wire.encoded(info.crc32c), "video/mp4")
    assert await done(theirs.exists)
    assert not await done(blob(store, key()).exists)


async def test_a_generation_that_does_not_match_is_refused(store: DiskStore) -> None:
    name = key()
    old = await store.put(name, b"old", "text/plain")
    now = await store.put(name, b"now", "text/plain")
    for generation in (0, old.generation):
        for way in WAYS.values():
            with pytest.raises(PreconditionFailed):
                await done(way, blob(store, name), BIG, if_generation_match=generation)
        with pytest.raises(PreconditionFailed):
            await done(blob(store, name).download_as_bytes, if_generation_match=generation)
    with pytest.raises(NotFound):
        await done(blob(store, name, generation=old.generation).download_as_bytes)
    assert await done(blob(store, name).download_as_bytes, if_generation_match=now.generation) == b"now"
    await done(blob(store, name).upload_from_string, b"new", if_generation_match=now.generation)
    assert (await held(store, name))[1] == b"new"


async def test_an_upload_for_an_absent_file_loses_to_one_stored_meanwhile(store: DiskStore) -> None:
    name = key()
    theirs = blob(store, name)
    session = await done(theirs.create_resumable_upload_session, size=len(BIG), if_generation_match=0)
    await store.put(name, b"first", "text/plain")
    with pytest.raises(GOOGLE.exceptions.InvalidResponse, match="412"):
        await done(send_whole, begun(session))
    assert (await held(store, name))[1] == b"first"


async def test_bytes_that_differ_from_their_checksum_are_not_stored(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = key()
    monkeypatch.setattr(GOOGLE._media._helpers, "prepare_checksum_digest", lambda digest: wire.encoded(7))
    for way in WAYS.values():
        with pytest.raises(BadRequest, match="checksum"):
            await done(way, blob(store, name), BIG)
    assert await store.head(name) is None
    assert list((store.shelf.root / "uploads").iterdir()) == []


async def test_a_pass_of_one_channel_neither_reads_nor_writes_another(store: DiskStore) -> None:
    ours, theirs = key(), key()
    await store.put(theirs, b"theirs", "text/plain")
    token = pass_for(store, ours)
    for trying in (
        blob(store, theirs, token=token).download_as_bytes,
        blob(store, theirs, token=token).reload,
        lambda: in_one_piece(blob(store, theirs, token=token), b"ours"),
        lambda: in_chunks(blob(store, theirs, token=token), BIG),
    ):
        with pytest.raises(Forbidden):
            await done(trying)
    assert (await held(store, theirs))[1] == b"theirs"


@pytest.mark.parametrize(
    "asked",
    [
        {"predefined_acl": "publicRead"},
        {"if_metageneration_match": 1},
        {"if_generation_not_match": 1},
        {"checksum": "md5"},
    ],
    ids=str,
)
@pytest.mark.parametrize("way", WAYS)
async def test_what_is_not_spoken_is_refused_and_nothing_is_stored(
    store: DiskStore, asked: dict[str, Any], way: str
) -> None:
    name = key()
    with pytest.raises(BadRequest):
        await done(WAYS[way], blob(store, name), BIG, **asked)
    assert await store.head(name) is None


async def test_a_key_of_ones_own_to_encrypt_with_is_refused_not_ignored(store: DiskStore) -> None:
    name = key()
    await store.put(name, b"plain", "text/plain")
    theirs = blob(store, name, encryption_key=secrets.token_bytes(32))
    for trying in (theirs.download_as_bytes, lambda: theirs.upload_from_string(b"secret")):
        with pytest.raises(BadRequest, match="not spoken"):
            await done(trying)
    assert (await held(store, name))[1] == b"plain"
