"""Recordings become lessons: whole or with a reason, once, whatever the source does and whenever the worker dies."""

import os
import random
import signal
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import google_crc32c
import pytest

from providers.outbound import Limits as Patience
from tenants import work
from tenants.batches import batches
from tenants.courses import access, courses, outline
from tenants.errors import NotFound
from tenants.ids import RecordingId
from tenants.jobs import IngestRecording
from tenants.live import classes, recordings
from tenants.live.recordings import Announced, Stored
from tenants.permissions import acting_system
from tenants.scope import Record, Tenancy
from tests import films
from tests.standins.recordings import Manners, RecordingServer, recording_server
from tests.tenants.live_school import SEALS, Held, make_class, make_held
from tests.tenants.school import TODAY
from tests.waiting import until
from tests.webapp import Web
from tests.workers.shop import make_shop
from tests.world import World
from workers import recordings as performers
from workers.media.faststart import fast_start
from workers.media.files import FileSource
from workers.media.ports import BLOCK, MIB, Limits
from workers.registry import Workshop
from workers.run import perform_leased


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264 and AAC, index last."""
    return films.make_film(tmp_path_factory.mktemp("reel") / "film.mp4")


@pytest.fixture
async def held(tenancy: Tenancy, world: World) -> Held:
    return await make_held(tenancy, world.pottery, world.pottery.ana, world.pottery.sam)


@pytest.fixture
def shop(tenancy: Tenancy, tmp_path: Path) -> Workshop:
    return make_shop(tenancy, tmp_path)


@pytest.fixture
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose patience with a source in a tenth of a second, so that bad ones are given up soon."""
    monkeypatch.setattr(performers, "PATIENCE", Patience(stall=0.3, least=4096))
    monkeypatch.setattr(performers, "LIMITS", Limits(attempts=2, pause_seconds=0.01))


async def announce(tenancy: Tenancy, held: Held, url: str, key: str = "rec-1") -> UUID:
    """Announce a recording as the webhook does; its id."""
    told = Announced(key, url, "video/mp4", None, held.starts_at + timedelta(minutes=1))
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        await recordings.announce(scope, SEALS, held.id, told)
        kept = await recordings.of_class(scope, held.id)
    return UUID(str(kept[-1]["id"]))


async def recording(tenancy: Tenancy, held: Held, recording_id: UUID) -> Record:
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        return next(row for row in await recordings.of_class(scope, held.id) if row["id"] == recording_id)


async def ticket_of(tenancy: Tenancy, recording_id: UUID) -> work.Ticket | None:
    """The job that fetches a recording, due at once whoever held it; None when it is done."""
    sql = """update jobs set run_at = now(), lease = null, leased_until = null
             where payload->>'recording_id' = $1 and state <> 'failed' returning channel_id, id"""
    async with tenancy.relay.connection() as connection:
        row = await connection.fetchrow(sql, str(recording_id))
    return work.Ticket(row["channel_id"], None, row["id"]) if row else None


async def fetch(shop: Workshop, recording_id: UUID) -> None:
    """Try once."""
    ticket = await ticket_of(shop.tenancy, recording_id)
    assert ticket is not None
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    await perform_leased(shop, leased)


async def fetch_to_the_end(shop: Workshop, recording_id: UUID) -> None:
    """Try until the job is done or given up."""
    while await ticket_of(shop.tenancy, recording_id):
        await fetch(shop, recording_id)


@asynccontextmanager
async def served(
    shop: Workshop, film: Path, manners: Manners | None = None
) -> AsyncIterator[tuple[RecordingServer, Workshop]]:
    async with recording_server(film, manners) as server:
        yield server, replace(shop, recording_hosts=(server.host,))


async def shelf(tenancy: Tenancy, held: Held) -> list[Record]:
    """The lessons in the course's section of recordings, as its student sees them."""
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        return [row for row in await outline.lessons(scope, held.course.id) if row["section_title"] == "Recordings"]


def objects(home: Path) -> list[str]:
    """What the store holds, by the kind of its parts: finished objects, and uploads under way."""
    finished = [path.name for path in (home / "files" / "objects").rglob("*@about")]
    under_way = [path.name for path in (home / "files" / "uploads").rglob("data")]
    return sorted(finished + under_way)


async def content(shop: Workshop, file: Record) -> bytes:
    """The bytes of a file's object."""
    return b"".join([block async for block in shop.store.open_range(file["object_key"])])


async def playable(film: Path) -> bytes:
    """The film with its index first, which is what the store should hold."""
    layout = await fast_start(await FileSource.of(film), Limits())
    assert layout is not None
    return await layout.read(0, layout.size)


async def test_a_recording_becomes_one_published_lesson_that_its_students_may_open(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path, tmp_path: Path
) -> None:
    async with served(shop, reel) as (server, near):
        recording_id = await announce(tenancy, held, server.url)
        await fetch_to_the_end(near, recording_id)
    row = await recording(tenancy, held, recording_id)
    assert (row["state"], row["reason"], row["size"]) == ("ready", None, reel.stat().st_size)
    (lesson,) = await shelf(tenancy, held)
    day = held.starts_at.date().isoformat()
    assert (lesson["id"], lesson["kind"], lesson["title"]) == (row["lesson_id"], "recording", f"Centring, {day}")
    assert (lesson["state"], lesson["duration_seconds"]) == ("published", 4)
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        await access.open_lesson(scope, lesson["id"])
        film = await access.open_file(scope, lesson["file_id"])
        picture = await access.open_file(scope, lesson["thumbnail_id"])
    assert await content(shop, film) == await playable(reel)
    assert (await content(shop, picture)).startswith(b"\xff\xd8")
    assert len(objects(tmp_path)) == 2
    async with tenancy.relay.connection() as connection:
        told = await connection.fetch("select person_id, payload from notices where channel_id = $1", held.school.id)
    assert [(each["person_id"], each["payload"]["lesson"]) for each in told] == [
        (held.school.sam.person_id, str(lesson["id"]))
    ]


async def test_a_job_done_twice_leaves_one_lesson(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path, tmp_path: Path
) -> None:
    async with served(shop, reel) as (server, near):
        recording_id = await announce(tenancy, held, server.url)
        for _ in range(2):
            async with tenancy.scope(held.school.id, acting_system("test")) as scope:
                scope.enqueue(IngestRecording(RecordingId(recording_id)))
        for _ in range(3):
            await fetch(near, recording_id)
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        assert await recordings.finish(scope, recording_id, Stored(1, 1, "video/mp4", 1, 1, 1))
    assert len(await shelf(tenancy, held)) == 1
    assert len(objects(tmp_path)) == 2


@pytest.mark.usefixtures("_in_haste")
@pytest.mark.parametrize(
    ("manners", "reason"),
    [
        (Manners(stall_at=20_000), "stopped sending"),
        (Manners(longer_by=7), "broke off before"),
        (Manners(redirect="http://127.0.0.1:1/secret"), "Only https"),
        (Manners(redirect="https://127.0.0.1:1/secret"), "private"),
        (Manners(status=503), "answered 503"),
        (Manners(status=404), "answered 404"),
        (Manners(ranges=False, chunked=True, endless=True), "larger than"),
    ],
    ids=["stalls", "lies", "redirects-to-http", "redirects-to-private", "away", "expired", "endless"],
)
async def test_a_source_that_misbehaves_makes_a_failed_recording_and_the_next_one_is_fine(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path, tmp_path: Path, manners: Manners, reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if manners.endless:
        monkeypatch.setattr(performers, "LIMITS", Limits(attempts=2, pause_seconds=0.01, staged_bytes=MIB))
    async with served(shop, reel, manners) as (server, near):
        recording_id = await announce(tenancy, held, server.url)
        await fetch_to_the_end(near, recording_id)
        row = await recording(tenancy, held, recording_id)
        assert (row["state"], row["lesson_id"]) == ("failed", None)
        assert reason in row["reason"]
        assert objects(tmp_path) == []
        server.manners = Manners()
        other = await announce(tenancy, held, server.url, "rec-2")
        await fetch_to_the_end(near, other)
        assert (await recording(tenancy, held, other))["state"] == "ready"
    assert len(await shelf(tenancy, held)) == 1


async def test_what_is_no_film_fails_at_once(
    shop: Workshop, tenancy: Tenancy, held: Held, tmp_path: Path, reel: Path
) -> None:
    for key, given in (("page", b"<html>sign in</html>" * 500), ("torn", reel.read_bytes()[:50_000]), ("empty", b"")):
        nothing = tmp_path / key
        nothing.write_bytes(given)
        async with served(shop, nothing) as (server, near):
            recording_id = await announce(tenancy, held, server.url, key)
            await fetch(near, recording_id)
        row = await recording(tenancy, held, recording_id)
        assert row["state"] == "failed", key
        assert len(row["reason"]) > 20
    assert objects(tmp_path) == []


@pytest.mark.usefixtures("_in_haste")
async def test_while_a_source_is_away_the_work_is_put_off_and_says_why(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path
) -> None:
    async with served(shop, reel, Manners(status=503)) as (server, near):
        recording_id = await announce(tenancy, held, server.url)
        await fetch(near, recording_id)
        row = await recording(tenancy, held, recording_id)
        assert row["state"] == "fetching"
        assert "answered 503" in row["reason"]
        async with tenancy.relay.connection() as connection:
            sql = "select extract(epoch from run_at - now())::int from jobs where payload->>'recording_id' = $1"
            assert 20 < await connection.fetchval(sql, str(recording_id)) <= 30
        server.manners = Manners()
        await fetch(near, recording_id)
    assert (await recording(tenancy, held, recording_id))["state"] == "ready"


async def test_a_recording_that_changes_under_us_is_begun_anew(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path
) -> None:
    async with served(shop, reel, Manners(change_after=3)) as (server, near):
        recording_id = await announce(tenancy, held, server.url)
        await fetch(near, recording_id)
        assert "replaced while" in (await recording(tenancy, held, recording_id))["reason"]
        server.manners = Manners()
        await fetch(near, recording_id)
    (lesson,) = await shelf(tenancy, held)
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        assert await content(shop, await access.open_file(scope, lesson["file_id"])) == await playable(reel)


async def test_a_failed_recording_is_tried_again_by_those_who_may(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path, web: Web
) -> None:
    at = f"/channels/{held.school.slug}/recordings"
    async with served(shop, reel, Manners(status=410)) as (server, near):
        recording_id = await announce(tenancy, held, server.url)
        await fetch(near, recording_id)
        ana, sam = held.school.ana.token, held.school.sam.token
        listed = await web.call("GET", at, token=ana)
        assert [(each["state"], "answered 410" in each["reason"]) for each in listed.json["items"]] == [
            ("failed", True)
        ]
        assert (await web.call("GET", at, token=sam)).status == 403
        again = f"{at}/{recording_id}/retry"
        assert (await web.call("POST", again, token=sam)).status == 403
        assert (await web.call("POST", again, token=ana)).json["state"] == "announced"
        assert (await web.call("POST", again, token=ana)).json["code"] == "not_failed"
        server.manners = Manners()
        await fetch_to_the_end(near, recording_id)
    listed = await web.call("GET", at, token=ana)
    assert [(each["state"], each["reason"]) for each in listed.json["items"]] == [("ready", None)]


async def test_a_fresh_address_brings_a_failed_recording_back(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path
) -> None:
    async with served(shop, reel, Manners(status=410)) as (server, near):
        recording_id = await announce(tenancy, held, server.url)
        await fetch(near, recording_id)
        await announce(tenancy, held, server.url)
        assert (await recording(tenancy, held, recording_id))["state"] == "failed"
        server.manners = Manners()
        await announce(tenancy, held, f"{server.url}?fresh")
        await fetch(near, recording_id)
    assert (await recording(tenancy, held, recording_id))["state"] == "ready"


async def test_a_recording_over_which_workers_die_again_and_again_is_given_up(
    shop: Workshop, tenancy: Tenancy, held: Held
) -> None:
    recording_id = await announce(tenancy, held, "https://recordings.example/one.mp4")
    async with tenancy.relay.connection() as connection:
        sql = "update jobs set attempts = $2 where payload->>'recording_id' = $1"
        await connection.execute(sql, str(recording_id), performers.MOST_TRIES)
    await fetch(shop, recording_id)
    row = await recording(tenancy, held, recording_id)
    assert (row["state"], row["reason"]) == ("failed", performers.DIED)


async def test_a_film_whose_course_was_deleted_meanwhile_is_not_kept(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, copy = held.school.ana, performers._copy
    async with tenancy.scope(held.school.id, ana.actor) as scope:
        draft = await courses.add(scope, "Only planned", "only-planned")
        batch = await batches.add(scope, draft["id"], "Spring", TODAY)
    there = replace(held, id=await make_class(tenancy, held.school, ana, batch["id"]))

    async def copy_and_lose(*given: Any) -> Any:
        copied = await copy(*given)
        assert len(objects(tmp_path)) == 1
        async with tenancy.scope(held.school.id, ana.actor) as scope:
            await courses.remove(scope, draft["id"])
        return copied

    monkeypatch.setattr(performers, "_copy", copy_and_lose)
    async with served(shop, reel) as (server, near):
        recording_id = await announce(tenancy, there, server.url)
        await fetch(near, recording_id)
    assert await ticket_of(tenancy, recording_id) is None
    async with tenancy.scope(held.school.id, ana.actor) as scope:
        assert await recordings.of_class(scope, there.id) == []
    assert objects(tmp_path) == []


async def test_a_copy_given_up_half_way_leaves_nothing_in_the_store(
    shop: Workshop, tenancy: Tenancy, held: Held, reel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = performers._upload
    async with served(shop, reel) as (server, near):

        async def upload_and_lose(*given: Any) -> Any:
            sink = await upload(*given)
            await sink.write(bytes(BLOCK))
            assert len(objects(tmp_path)) == 1
            server.manners = Manners(status=410)
            return sink

        monkeypatch.setattr(performers, "_upload", upload_and_lose)
        recording_id = await announce(tenancy, held, server.url)
        await fetch(near, recording_id)
    row = await recording(tenancy, held, recording_id)
    assert (row["state"], "answered 410" in row["reason"]) == ("failed", True)
    assert objects(tmp_path) == []


async def test_a_job_left_over_does_not_try_a_failed_recording_unasked(
    shop: Workshop, tenancy: Tenancy, held: Held
) -> None:
    recording_id = await announce(tenancy, held, "https://recordings.example/one.mp4")
    async with tenancy.scope(held.school.id, acting_system("test")) as scope:
        await recordings.fail(scope, recording_id, "the link has expired")
    await fetch(shop, recording_id)
    row = await recording(tenancy, held, recording_id)
    assert (row["state"], row["reason"], row["attempts"]) == ("failed", "the link has expired", 0)


async def test_a_worker_killed_at_any_byte_leads_to_one_lesson_and_the_same_film(
    shop: Workshop, tenancy: Tenancy, held: Held, tmp_path: Path, database: str
) -> None:
    film = films.make_big_film(tmp_path / "class.mp4", 12)
    size, chance, kills = film.stat().st_size, random.Random(11), 0
    async with served(shop, film) as (server, _near):
        recording_id = await announce(tenancy, held, server.url)
        for _ in range(performers.MOST_TRIES - 1):
            worker, enough = await start_worker(tenancy, database, tmp_path, server, recording_id), server.sent
            enough += chance.randrange(size // 5)
            await until(partial(sent_or_ended, server, enough, worker), every=0.002)
            if worker.returncode is None:
                os.kill(worker.pid, signal.SIGKILL)
            kills += await worker.wait() == -signal.SIGKILL
        worker = await start_worker(tenancy, database, tmp_path, server, recording_id)
        assert (await worker.wait(), kills) == (0, performers.MOST_TRIES - 1)
    row = await recording(tenancy, held, recording_id)
    assert (row["state"], row["reason"]) == ("ready", None)
    (lesson,) = await shelf(tenancy, held)
    async with tenancy.scope(held.school.id, held.school.sam.actor) as scope:
        kept = await access.open_file(scope, lesson["file_id"])
    whole = await playable(film)
    assert await content(shop, kept) == whole
    assert (kept["size"], kept["crc32c"]) == (len(whole), google_crc32c.value(whole))
    assert len(objects(tmp_path)) == 2


async def start_worker(tenancy: Tenancy, database: str, home: Path, server: RecordingServer, of: UUID) -> Process:
    ticket = await ticket_of(tenancy, of)
    words = ticket.words() if ticket else ["channel", str(of), str(of)]
    command = [sys.executable, "-m", "tests.workers.recording_worker", database, str(home), server.host, *words]
    return await create_subprocess_exec(*command)


async def sent_or_ended(server: RecordingServer, enough: int, worker: Process) -> bool:
    return server.sent >= enough or worker.returncode is not None


async def test_another_channels_recording_cannot_be_tried_again_nor_its_class_seen(
    shop: Workshop, tenancy: Tenancy, held: Held, world: World
) -> None:
    recording_id = await announce(tenancy, held, "https://recordings.example/one.mp4")
    async with tenancy.scope(world.chess.id, world.chess.otto.actor) as scope:
        assert await recordings.page(scope) == []
        with pytest.raises(NotFound):
            await recordings.retry(scope, recording_id)
        with pytest.raises(NotFound):
            await classes.read(scope, held.id)
        assert await recordings.claim(scope, SEALS, recording_id) is None
