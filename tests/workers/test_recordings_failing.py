"""Recordings that fail: with a reason that people can read, nothing left in the store, and the next one fine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenants.batches import batches
from tenants.courses import access, courses
from tenants.live import recordings
from tenants.scope import Tenancy
from tests.databases import bare
from tests.standins.recordings import Manners
from tests.tenants.live_school import Held, make_class
from tests.tenants.school import TODAY
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
from workers import recordings as performers
from workers.media.ports import BLOCK, MIB, Limits
from workers.registry import Workshop


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
        async with bare(tenancy.relay) as connection:
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


async def test_a_recording_over_which_workers_die_again_and_again_is_given_up(
    shop: Workshop, tenancy: Tenancy, held: Held
) -> None:
    recording_id = await announce(tenancy, held, "https://recordings.example/one.mp4")
    async with bare(tenancy.relay) as connection:
        sql = "update jobs set attempts = $2 where payload->>'recording_id' = $1"
        await connection.execute(sql, str(recording_id), performers.MOST_TRIES)
    await fetch(shop, recording_id)
    row = await recording(tenancy, held, recording_id)
    assert (row["state"], row["reason"]) == ("failed", performers.DIED)
