"""Uploaded films are looked at: lessons learn how long they are, whenever they got them; a broken one says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tenants import work
from tenants.courses import access, lessons, progress
from tenants.errors import Conflict, Invalid
from tenants.files import files
from tenants.ids import FileId
from tenants.jobs import ExamineFilm
from tenants.permissions import acting_system
from tenants.scope import Record, Tenancy
from tests import films
from tests.databases import bare
from tests.tenants.school import Taught, enrol, make_course
from tests.workers.fetching import content
from tests.world import World
from workers.registry import Workshop
from workers.run import perform_leased


@pytest.fixture
async def course(tenancy: Tenancy, world: World) -> Taught:
    made = await make_course(tenancy, world.pottery, world.pottery.ben)
    await enrol(tenancy, world.pottery, world.pottery.sam, made)
    return made


async def upload(shop: Workshop, world: World, data: bytes, kind: str = "video/mp4", purpose: str = "video") -> UUID:
    """A file of ben's, finished as an upload is."""
    async with shop.tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        row = await files.begin(scope, name="clay.mp4", content_type=kind, purpose=purpose, size=len(data))
    held = await shop.store.put(row["object_key"], data, kind)
    async with shop.tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        await files.finish(scope, row["id"], size=held.size, crc32c=held.crc32c)
    return UUID(str(row["id"]))


async def ticket_of(tenancy: Tenancy, file_id: UUID) -> work.Ticket | None:
    """The job that examines a file, due at once whoever held it."""
    sql = """update jobs set run_at = now(), leased_until = null, lease = null
             where payload->>'file_id' = $1 and state <> 'failed' returning channel_id, id"""
    async with bare(tenancy.relay) as connection:
        row = await connection.fetchrow(sql, str(file_id))
    return work.Ticket(row["channel_id"], None, row["id"]) if row else None


async def examine(shop: Workshop, file_id: UUID) -> None:
    ticket = await ticket_of(shop.tenancy, file_id)
    assert ticket is not None
    leased = await work.take(shop.tenancy, ticket)
    assert leased is not None
    await perform_leased(shop, leased)
    assert await ticket_of(shop.tenancy, file_id) is None


async def add_lesson(tenancy: Tenancy, world: World, course: Taught, file_id: UUID, kind: str = "video") -> Record:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        return await lessons.add(scope, course.id, kind, "Trimming", {"file_id": file_id})


async def as_ben(tenancy: Tenancy, world: World, act: Callable[..., Any], *given: Any) -> Any:
    async with tenancy.scope(world.pottery.id, world.pottery.ben.actor) as scope:
        return await act(scope, *given)


async def test_a_lesson_published_before_its_film_was_looked_at_learns_its_length_and_picture(
    shop: Workshop, tenancy: Tenancy, world: World, course: Taught, reel: Path
) -> None:
    file_id = await upload(shop, world, reel.read_bytes())
    lesson = await add_lesson(tenancy, world, course, file_id)
    await as_ben(tenancy, world, lessons.publish, lesson["id"])
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        with pytest.raises(Conflict, match="being looked at"):
            await progress.mark_done(scope, lesson["id"])
        with pytest.raises(Conflict, match="being looked at"):
            await progress.report(scope, lesson["id"], [[0, 4]], 4)
    await examine(shop, file_id)
    async with tenancy.scope(world.pottery.id, world.pottery.sam.actor) as scope:
        shown = await access.open_lesson(scope, lesson["id"])
        assert shown["duration_seconds"] == 4
        assert (await content(shop, await access.open_file(scope, shown["thumbnail_id"]))).startswith(b"\xff\xd8")
        with pytest.raises(Conflict, match="when you have watched it"):
            await progress.mark_done(scope, lesson["id"])
        stands = (await progress.report(scope, lesson["id"], [[0, 4]], 4)).lesson(lesson["id"])
        assert stands is not None
        assert stands.done


async def test_a_lesson_that_gets_a_known_film_takes_its_length_and_leaves_it_with_the_film(
    shop: Workshop, tenancy: Tenancy, world: World, course: Taught, reel: Path
) -> None:
    known, unknown = [await upload(shop, world, reel.read_bytes()) for _ in range(2)]
    await examine(shop, known)
    lesson = await add_lesson(tenancy, world, course, known)
    assert lesson["duration_seconds"] == 4
    assert lesson["thumbnail_id"] is not None
    edited = await as_ben(tenancy, world, lessons.edit, lesson["id"], 1, {"duration_seconds": 99})
    assert edited["duration_seconds"] == 4
    edited = await as_ben(tenancy, world, lessons.edit, lesson["id"], 2, {"file_id": unknown})
    assert (edited["duration_seconds"], edited["thumbnail_id"]) == (0, None)
    edited = await as_ben(tenancy, world, lessons.edit, lesson["id"], 3, {"file_id": known})
    assert edited["duration_seconds"] == 4


async def test_a_browsers_recording_without_length_is_measured(
    shop: Workshop, tenancy: Tenancy, world: World, tmp_path: Path
) -> None:
    file_id = await upload(shop, world, films.make_webm(tmp_path / "film.webm").read_bytes(), "video/webm")
    await examine(shop, file_id)
    assert (await as_ben(tenancy, world, files.read, file_id))["duration_seconds"] == 3


@pytest.mark.parametrize(("form", "codec", "kind"), [
    ("mp4", "aac", "audio/mp4"), ("mp3", "libmp3lame", "audio/mpeg"), ("ogg", "libopus", "audio/ogg"),
    ("wav", "pcm_s16le", "audio/wav"),
])  # fmt: skip
async def test_a_sound_has_a_length_and_no_picture(
    shop: Workshop, tenancy: Tenancy, world: World, tmp_path: Path, form: str, codec: str, kind: str
) -> None:
    data = films.make_sound(tmp_path / f"sound.{form}", form=form, codec=codec).read_bytes()
    file_id = await upload(shop, world, data, kind, "audio")
    await examine(shop, file_id)
    row = await as_ben(tenancy, world, files.read, file_id)
    assert (row["duration_seconds"], row["thumbnail_id"], row["fault"]) == (2, None, None)


@pytest.mark.parametrize(("data", "purpose", "sentence"), [
    (b"this is no film at all, only words", "video", "none of MP4, WebM and Matroska"),
    (b"this is no sound at all, only words", "audio", "none of MP3, M4A, Ogg, WebM and WAV"),
    (b"ID3\x03\0\0\0\0\0\0 and nothing that could be heard", "audio", "no film, or a broken one"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom and nothing else", "video", "is cut short"),
])  # fmt: skip
async def test_a_broken_file_says_why_and_its_lesson_is_not_published(
    shop: Workshop, tenancy: Tenancy, world: World, course: Taught, data: bytes, purpose: str, sentence: str
) -> None:
    file_id = await upload(shop, world, data, f"{purpose}/mp4", purpose)
    lesson = await add_lesson(tenancy, world, course, file_id, purpose)
    await examine(shop, file_id)
    assert sentence in (await as_ben(tenancy, world, files.read, file_id))["fault"]
    with pytest.raises(Invalid) as refused:
        await as_ben(tenancy, world, lessons.publish, lesson["id"])
    assert sentence in refused.value.errors[0].detail


async def test_a_film_without_pictures_is_refused_and_leaves_no_picture_behind(
    shop: Workshop, tenancy: Tenancy, world: World, course: Taught, tmp_path: Path
) -> None:
    file_id = await upload(shop, world, films.make_sound(tmp_path / "sound.mp4").read_bytes())
    await examine(shop, file_id)
    row = await as_ben(tenancy, world, files.read, file_id)
    assert (row["fault"], row["thumbnail_id"]) == ("The file holds no moving pictures.", None)
    published = await as_ben(tenancy, world, lessons.placed, course.film)
    with pytest.raises(Invalid, match="no moving pictures"):
        await as_ben(tenancy, world, lessons.edit, course.film, published["version"], {"file_id": file_id})


async def test_an_examination_that_is_repeated_changes_nothing(
    shop: Workshop, tenancy: Tenancy, world: World, reel: Path
) -> None:
    file_id = await upload(shop, world, reel.read_bytes())
    await examine(shop, file_id)
    before = await as_ben(tenancy, world, files.read, file_id)
    async with tenancy.scope(world.pottery.id, acting_system("test")) as scope:
        scope.enqueue(ExamineFilm(FileId(file_id)))
    await examine(shop, file_id)
    assert await as_ben(tenancy, world, files.read, file_id) == before
