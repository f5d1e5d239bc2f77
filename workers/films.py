"""Uploaded films and sounds: looked at where they lie, so that lessons know how long they are and what they show."""

import structlog

from providers import ProviderRefused, Unusable
from tenants.courses import films
from tenants.files import examinations, files
from tenants.jobs import ExamineFilm
from tenants.scope import Record
from workers.media.failures import NotAVideo, RecordingFailure
from workers.media.ports import LIMITS
from workers.media.prepare import prepare
from workers.media.probe import Film, listen, probe
from workers.media.stored import StoredSource, as_it_lies, sound_form
from workers.registry import PutOff, Work, performs

log = structlog.get_logger("workers.films")
MOST_TRIES = 3
DIED = "The file could not be examined: each time it was tried, the worker ended in the middle of it."


@performs(ExamineFilm, seconds=1800)
async def examine(work: Work, asked: ExamineFilm) -> None:
    """Find out how long a film or sound is and picture it; what stands in the way is written to the file itself."""
    async with work.scope() as scope:
        file = await examinations.claim(scope, asked.file_id)
    if file is not None:
        await _look_at(work, file)
    async with work.scope() as scope:
        await films.show(scope, asked.file_id)


async def _look_at(work: Work, file: Record) -> None:
    if work.leased.failures > MOST_TRIES:
        await _spoil(work, file, DIED)
        return
    try:
        seconds = await _examined(work, file)
    except RecordingFailure as failure:
        if failure.retryable:
            raise PutOff(failure.reason) from failure
        await _spoil(work, file, failure.reason)
        return
    except Unusable:
        raise
    except ProviderRefused as refused:
        await _spoil(work, file, refused.message)
        return
    async with work.scope() as scope:
        await films.note_found(scope, file["id"], seconds)


async def _examined(work: Work, file: Record) -> float:
    """How long it is in seconds; the picture of a film is in the store by then."""
    held = await work.shop.store.head(file["object_key"])
    if held is None:
        raise NotAVideo("The store does not hold this file any more.")
    source = StoredSource(work.shop.store, file["object_key"], held.size)
    if file["purpose"] == "audio":
        return await listen(source, await sound_form(source))
    film = await _probed(source)
    await _keep_picture(work, file, film.thumbnail)
    return film.seconds


async def _probed(source: StoredSource) -> Film:
    """The film's facts; a browser's recorder leaves it without length and index, and a copy with both tells them."""
    layout = await as_it_lies(source)
    try:
        return await probe(layout)
    except NotAVideo:
        if source.size > LIMITS.staged_bytes:
            raise
    async with prepare(source) as copy:
        return await probe(copy)


async def _keep_picture(work: Work, file: Record, jpeg: bytes) -> None:
    async with work.scope() as scope:
        picture = await examinations.picture_of(scope, file["id"])
    held = await work.shop.store.put(picture["object_key"], jpeg, "image/jpeg")
    async with work.scope() as scope:
        await files.finish(scope, picture["id"], size=held.size, crc32c=held.crc32c)


async def _spoil(work: Work, file: Record, fault: str) -> None:
    log.warning("film will not play", file=str(file["id"]), reason=fault)
    async with work.scope() as scope:
        await examinations.note_fault(scope, file["id"], fault)
