"""Recordings become lessons: once, byte for byte, whenever the worker dies, and again for those who ask."""

import os
import random
import signal
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from functools import partial
from pathlib import Path
from uuid import UUID

import google_crc32c
import pytest

from tenants.courses import access
from tenants.errors import NotFound
from tenants.ids import RecordingId
from tenants.jobs import IngestRecording
from tenants.live import classes, recordings
from tenants.live.recordings import Stored
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tests import films
from tests.databases import bare
from tests.standins.recordings import Manners, RecordingServer
from tests.tenants.live_school import SEALS, Held
from tests.waiting import until
from tests.webapp import Web
from tests.workers.fetching import (
    announce,
    content,
    fetch,
    fetch_to_the_end,
    objects,
    playable,
    recording,
    served,
    shelf,
    ticket_of,
)
from tests.world import World
from workers import recordings as performers
from workers.registry import Workshop


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
    async with bare(tenancy.relay) as connection:
        sql = "select person_id, payload from notices where channel_id = $1 and event = 'notice'"
        told = await connection.fetch(sql, held.school.id)
    assert [(each["person_id"], each["payload"]["lesson"]) for each in told] == [
        (held.school.sam.person_id, str(lesson["id"]))
    ]
    assert await mails(tenancy, held) == [("recording_ready", str(held.school.sam.person_id), str(lesson["id"]))]


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
    assert len(await mails(tenancy, held)) == 1


async def mails(tenancy: Tenancy, held: Held) -> list[tuple[str, str, str]]:
    """The mails asked for in the channel: which, to whom, of what."""
    sql = "select payload from jobs where channel_id = $1 and name = 'SendMail' order by id"
    async with bare(tenancy.relay) as connection:
        asked = [row["payload"] for row in await connection.fetch(sql, held.school.id)]
    return [(each["template"], each["to"], each["subject_id"]) for each in asked]


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
