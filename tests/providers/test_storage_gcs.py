"""What Google Cloud Storage's store makes of a far side that fails, lies, is slow or says no."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from uuid import uuid4

import google_crc32c
import pytest

from providers import ProviderDown, ProviderRefused
from providers.storage import GRAIN, choose, gcs_wire
from providers.storage.gcs import CHUNK, GcsStore
from providers.storage.gcs_errors import Damaged
from tests.providers.stores import HOME, far_gcs
from tests.standins.gcs import FarStorage
from tests.standins.gcs_words import BUCKET

BIG = secrets.token_bytes(CHUNK + 3 * GRAIN + 11)


@pytest.fixture
async def far_and_store(tmp_path: Path) -> AsyncIterator[tuple[FarStorage, GcsStore]]:
    async with far_gcs(tmp_path) as both:
        yield both


@pytest.fixture
def far(far_and_store: tuple[FarStorage, GcsStore]) -> FarStorage:
    return far_and_store[0]


@pytest.fixture
def store(far_and_store: tuple[FarStorage, GcsStore]) -> GcsStore:
    return far_and_store[1]


def key() -> str:
    return f"c/{uuid4()}/files/lesson.mp4"


async def read(store: GcsStore, name: str) -> bytes:
    return b"".join([block async for block in store.open_range(name)])


async def pieces(content: bytes, step: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), step):
        yield content[at : at + step]


async def _drain(blocks: AsyncIterator[bytes]) -> None:
    async for _ in blocks:
        pass


async def refused(code: str, doing: Awaitable[object]) -> ProviderRefused:
    with pytest.raises(ProviderRefused) as caught:
        await doing
    assert caught.value.code == code
    return caught.value


async def test_a_long_stream_goes_up_in_chunks_and_is_stored_once(far: FarStorage, store: GcsStore) -> None:
    name = key()
    info = await store.put(name, pieces(BIG), "video/mp4", if_generation=0)
    assert (info.size, info.crc32c) == (len(BIG), google_crc32c.value(BIG))
    assert await read(store, name) == BIG
    assert far.finished == 1


async def test_calls_are_made_again_when_google_is_not_well_or_busy(far: FarStorage, store: GcsStore) -> None:
    far.fails = 1
    await store.put(key(), b"x", "text/plain")
    far.busy, began = 1, time.monotonic()
    assert await store.head(key()) is None
    assert time.monotonic() - began >= 1, "Retry-After was not kept"


async def test_an_outage_ends_in_a_sentence_and_then_nobody_waits(
    far: FarStorage, store: GcsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcs_wire, "TRIES", 1)
    far.fails = 3
    for _ in range(3):
        with pytest.raises(ProviderDown, match="Google Cloud Storage is not well"):
            await store.head(key())
    asked = len(far.calls)
    with pytest.raises(ProviderDown, match="left alone for a while"):
        await store.head(key())
    assert len(far.calls) == asked


async def test_a_create_whose_answer_was_lost_is_known_to_be_ours(far: FarStorage, store: GcsStore) -> None:
    name, far.lost_answers = key(), 1
    info = await store.put(name, b"ours", "text/plain", if_generation=0)
    assert info == await store.head(name)
    assert len([call for call in far.calls if call.startswith("POST /upload")]) == 2


async def test_a_create_that_meets_another_file_at_the_second_try_is_refused(far: FarStorage, store: GcsStore) -> None:
    name = key()
    await store.put(name, b"theirs", "text/plain")
    far.fails = 1
    await refused("precondition", store.put(name, b"ours", "text/plain", if_generation=0))
    assert await read(store, name) == b"theirs"


@pytest.mark.parametrize("cuts", [[100], [GRAIN + 5], [2 * GRAIN, 7, GRAIN]], ids=str)
async def test_an_upload_that_is_cut_goes_on_from_what_the_store_holds(
    far: FarStorage, store: GcsStore, cuts: list[int]
) -> None:
    name, far.cuts = key(), list(cuts)
    await store.put(name, pieces(BIG), "video/mp4")
    assert far.cuts == []
    assert await read(store, name) == BIG
    assert far.finished == 1


async def test_an_upload_whose_last_answer_was_lost_is_finished_once(far: FarStorage, store: GcsStore) -> None:
    name = key()
    session = store.resumable(await store.start_resumable(name, "video/mp4", GRAIN))
    far.lost_answers = 1
    await session.write(BIG[:GRAIN], last=True)
    assert (await session.finalise()).crc32c == google_crc32c.value(BIG[:GRAIN])
    assert far.finished == 1


async def test_an_answer_without_a_range_means_that_nothing_is_held(far: FarStorage, store: GcsStore) -> None:
    session = store.resumable(await store.start_resumable(key(), "video/mp4"))
    far.silent = 2
    assert await session.write(BIG[:GRAIN]) == GRAIN
    assert await session.offset() == GRAIN


async def test_a_store_that_takes_nothing_is_given_up(far: FarStorage, store: GcsStore) -> None:
    session = store.resumable(await store.start_resumable(key(), "video/mp4"))
    far.silent = 100
    with pytest.raises(ProviderDown, match="takes no more"):
        await session.write(BIG[:GRAIN])


async def test_two_writers_of_one_upload_are_told_apart(store: GcsStore) -> None:
    url = await store.start_resumable(key(), "video/mp4")
    ours, theirs = store.resumable(url), store.resumable(url)
    await ours.offset()
    await theirs.write(BIG[: 2 * GRAIN])
    assert (await refused("out_of_step", ours.write(BIG[:GRAIN]))).status == 409
    assert await ours.offset() == 2 * GRAIN


async def test_a_file_stored_with_another_sum_is_removed(far: FarStorage, store: GcsStore) -> None:
    for content in (b"short", BIG):
        name, far.wrong_sums = key(), 1
        with pytest.raises(Damaged):
            await store.put(name, content, "video/mp4")
        assert await store.head(name) is None


async def test_a_read_that_is_cut_goes_on_and_a_damaged_one_is_told(far: FarStorage, store: GcsStore) -> None:
    name = key()
    await store.put(name, BIG[:GRAIN], "video/mp4")
    far.cut_reads = [1000, 5]
    assert await read(store, name) == BIG[:GRAIN]
    far.damaged_reads = 1
    with pytest.raises(Damaged):
        await read(store, name)


async def test_a_read_never_mixes_two_versions(far: FarStorage, store: GcsStore) -> None:
    name = key()
    await store.put(name, BIG[:GRAIN], "video/mp4")
    far.cut_reads = [1000]
    blocks = aiter(store.open_range(name))
    await anext(blocks)
    await store.put(name, BIG[GRAIN : 2 * GRAIN], "video/mp4")
    with pytest.raises(ProviderRefused, match="no file"):
        await _drain(blocks)


async def test_a_folder_of_many_pages_is_removed(far: FarStorage, store: GcsStore) -> None:
    folder, far.page = f"c/{uuid4()}/", 3
    for number in range(8):
        await store.put(f"{folder}files/{number}", b"x", "text/plain")
    await store.delete_prefix(folder)
    assert far.objects == {}


async def test_a_bucket_that_is_not_ours_says_which_role_and_setting(far: FarStorage, store: GcsStore) -> None:
    far.forbidden = True
    said = await refused("storage_misconfigured", store.put(key(), b"x", "text/plain"))
    assert said.status == 503
    assert all(word in said.message for word in ("roles/storage.objectUser", BUCKET, "STORAGE"))
    far.forbidden, far.no_bucket = False, True
    for doing in (store.head(key()), store.delete(key()), store.probe(), store.start_resumable(key(), "a/b")):
        assert "STORAGE" in (await refused("storage_misconfigured", doing)).message


async def test_a_probe_names_what_is_missing(far: FarStorage, store: GcsStore) -> None:
    await store.probe()
    far.permissions = {"storage.objects.get", "storage.objects.list", "storage.objects.create"}
    said = await refused("storage_misconfigured", store.probe())
    assert "storage.objects.delete" in said.message
    assert "STORAGE" in said.message


async def test_a_far_side_that_is_slow_is_not_waited_for(
    far: FarStorage, store: GcsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcs_wire, "READ_SECONDS", 0.1)
    monkeypatch.setattr(gcs_wire, "TRIES", 1)
    far.seconds = 1.0
    with pytest.raises(ProviderDown, match="does not answer"):
        await store.head(key())


async def test_a_session_of_another_place_is_never_written_to(far: FarStorage, store: GcsStore) -> None:
    elsewhere = f"{store.origin}.evil.example/?upload_id=1#key=a&size=&limit=1"
    for url in (elsewhere, f"{HOME}/storage/uploads/{'x' * 43}", f"{store.origin}/upload/x?upload_id=1", "", "#"):
        await refused("no_such_upload", store.resumable(url).offset())
        await store.resumable(url).abort()
    assert far.calls == []


async def test_whoever_is_told_to_wait_long_is_told_so_at_once(far: FarStorage, store: GcsStore) -> None:
    far.busy, far.retry_after = 1, 30
    with pytest.raises(ProviderDown, match="busy") as caught:
        await store.head(key())
    assert caught.value.retry_after == 30


def test_a_key_file_that_is_none_is_seen_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.json").write_text("{}")
    for path in ("absent.json", "broken.json"):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / path))
        with pytest.raises(ValueError, match="GOOGLE_APPLICATION_CREDENTIALS"):
            choose(f"gcs:{BUCKET}", HOME, secrets.token_hex(16), tmp_path)
