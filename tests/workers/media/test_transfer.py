"""A copy may be cut off anywhere, by anything, and goes on to the same bytes."""

import asyncio
import random
import sys
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import google_crc32c
import pytest

from providers import ProviderRefused
from providers.storage import ObjectStore, Session
from tests.standins.recordings import Manners, RecordingServer, recording_server
from tests.waiting import until
from tests.workers.media.rooms import KEY, QUICK, Notes, opened, store_in, stored
from workers.media.failures import SourceChanged, SourceUnreachable, StoreOutOfStep
from workers.media.faststart import fast_start
from workers.media.files import FileSource
from workers.media.layout import Layout
from workers.media.ports import BLOCK, MIB, Checkpoint
from workers.media.transfer import Transferred, transfer


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return store_in(tmp_path)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes")


@pytest.fixture
async def layout(film: Path) -> Layout:
    return await laid_out(film)


@pytest.fixture
async def session(store: ObjectStore, layout: Layout) -> Session:
    return store.resumable(await store.start_resumable(KEY, "video/mp4", layout.size))


@pytest.fixture
async def another(footage: bytes, tmp_path: Path) -> Layout:
    """A film that differs in one letter."""
    other = tmp_path / "other.mp4"
    other.write_bytes(footage.replace(b"Lavf", b"Lavg"))
    return await laid_out(other)


async def laid_out(film: Path) -> Layout:
    """The film with its index first."""
    layout = await fast_start(await FileSource.of(film), QUICK)
    assert layout is not None
    return layout


async def check(done: Transferred, store: ObjectStore, layout: Layout) -> None:
    """The store holds exactly the layout, and the checksum told is its own."""
    whole = await layout.read(0, layout.size)
    assert await stored(store) == whole
    assert (done.size, done.crc32c) == (len(whole), google_crc32c.value(whole))


async def test_a_film_is_copied_and_its_checksum_told(
    store: ObjectStore, session: Session, layout: Layout, notes: Notes
) -> None:
    done = await transfer(layout, session, notes)
    await check(done, store, layout)
    assert len(done.crc32c_base64) == 8


async def test_a_copy_begun_earlier_goes_on_from_any_byte_the_store_holds(
    store: ObjectStore, layout: Layout, notes: Notes
) -> None:
    whole = await layout.read(0, layout.size)
    edges = [1, 31, 33, BLOCK, BLOCK + 1, 2 * BLOCK, layout.size - 1, layout.size]
    for held in edges + random.Random(5).sample(range(layout.size), 10):
        started = await store.start_resumable(KEY, "video/mp4", layout.size)
        upload = store.resumable(started)._upload  # type: ignore[attr-defined]
        upload.append(0, whole[:held])
        await check(await transfer(layout, store.resumable(started), notes), store, layout)


async def test_a_finished_copy_is_told_again_and_not_made_again(
    store: ObjectStore, session: Session, layout: Layout, notes: Notes
) -> None:
    first = await transfer(layout, session, notes)
    before = await store.head(KEY)
    assert await transfer(layout, session, notes) == first
    assert await store.head(KEY) == before


class Noticing(Layout):
    """A layout that notes what is read of it."""

    def __init__(self, layout: Layout) -> None:
        self.__dict__ |= layout.__dict__
        self.asked: list[tuple[int, int]] = []

    def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        self.asked.append((start, end))
        return super().stream(start, end)


async def test_a_checkpoint_saves_reading_again_and_its_loss_costs_nothing_else(
    store: ObjectStore, layout: Layout, notes: Notes
) -> None:
    whole = await layout.read(0, layout.size)
    for kept in (2 * BLOCK - 5, None, layout.size):
        started = await store.start_resumable(KEY, "video/mp4", layout.size)
        store.resumable(started)._upload.append(0, whole[: 2 * BLOCK])  # type: ignore[attr-defined]
        notes.path.unlink(missing_ok=True)
        if kept is not None:
            await notes.save(Checkpoint(layout.fingerprint, kept, google_crc32c.value(whole[:kept])))
        noticed = Noticing(layout)
        await check(await transfer(noticed, store.resumable(started), notes), store, layout)
        usable = kept if kept is not None and kept <= 2 * BLOCK else 0
        assert noticed.asked == [(usable, 2 * BLOCK), (2 * BLOCK, layout.size)]


class Pausing(Layout):
    """A layout whose bytes from `until` on never come."""

    def __init__(self, layout: Layout, until: int) -> None:
        self.__dict__ |= layout.__dict__
        self.until, self.reached = until, asyncio.Event()

    async def stream(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        async for part in super().stream(start, min(end, self.until)):
            yield part
        if end > self.until:
            self.reached.set()
            await asyncio.Event().wait()


async def test_a_copy_cancelled_at_any_byte_goes_on(big_film: Path, store: ObjectStore, notes: Notes) -> None:
    layout = await laid_out(big_film)
    started = await store.start_resumable(KEY, "video/mp4", layout.size)
    for place in (0, 3 * MIB, 64 * MIB + 1, 200 * MIB):
        pausing = Pausing(layout, place)
        task = asyncio.create_task(transfer(pausing, store.resumable(started), notes, every=8 * MIB))
        await pausing.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert place - 2 * MIB <= await store.resumable(started).offset() <= place
    done = await transfer(layout, store.resumable(started), notes)
    info = await store.head(KEY)
    assert info is not None
    assert (info.size, info.crc32c) == (done.size, done.crc32c) == (layout.size, await checksum(layout))


async def checksum(layout: Layout) -> int:
    """CRC-32C of the whole layout."""
    crc = 0
    async for part in layout.stream(0, layout.size):
        crc = google_crc32c.extend(crc, part)
    return crc


async def test_a_recording_replaced_between_two_attempts_is_not_mixed(
    session: Session, layout: Layout, another: Layout, notes: Notes
) -> None:
    await session.write(await layout.read(0, BLOCK))
    await notes.save(Checkpoint(layout.fingerprint, BLOCK, 1))
    with pytest.raises(SourceChanged):
        await transfer(another, session, notes)
    with pytest.raises(ProviderRefused):
        await session.offset()


async def test_a_mixture_that_no_checkpoint_betrays_is_found_by_its_checksum(
    store: ObjectStore, session: Session, layout: Layout, notes: Notes
) -> None:
    await session.write(bytes(BLOCK))
    with pytest.raises(StoreOutOfStep):
        await transfer(layout, session, notes)


async def test_a_source_that_breaks_off_leaves_a_copy_that_goes_on(
    film: Path, store: ObjectStore, session: Session, layout: Layout, notes: Notes
) -> None:
    async with opened(film) as (server, source):
        behind = await fast_start(source, QUICK)
        assert behind is not None
        server.manners = Manners(cut_at=400_000)
        with pytest.raises(SourceUnreachable):
            await transfer(behind, session, notes)
        server.manners = Manners()
        await check(await transfer(behind, session, notes), store, layout)


async def run_copier(server: RecordingServer, started: str, folder: Path) -> asyncio.subprocess.Process:
    """A process that copies the recording into the store in `folder`."""
    words = [server.url, server.host, started, str(folder), str(16 * MIB)]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.workers.media.copier", *words, stdout=asyncio.subprocess.PIPE
    )


async def test_a_copy_killed_again_and_again_ends_in_the_same_bytes_in_little_memory(
    big_film: Path, store: ObjectStore, tmp_path: Path
) -> None:
    layout = await laid_out(big_film)
    started = await store.start_resumable(KEY, "video/mp4", layout.size)
    chance = random.Random(7)
    async with recording_server(big_film) as server:
        for kill in range(6):
            process = await run_copier(server, started, tmp_path)
            enough = server.sent + chance.randrange(1, 40 * MIB)
            await until(partial(_sent, server, enough), within=30, every=0.001)
            process.kill()
            await process.wait()
            if kill == 3:
                (tmp_path / "notes").unlink(missing_ok=True)
        process = await run_copier(server, started, tmp_path)
        said, _ = await process.communicate()
    size, crc, own, examiner = map(int, said.split())
    info = await store.head(KEY)
    assert info is not None
    assert (info.size, info.crc32c) == (size, crc) == (layout.size, await checksum(layout))
    assert own < 150 * 1024
    assert examiner < 150 * 1024


async def _sent(server: RecordingServer, size: int) -> bool:
    return server.sent >= size
