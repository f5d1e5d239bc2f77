"""Recordings become lessons: fetched by range, their index put first, copied into the store, examined, shown.

The recording is claimed and finished in two short transactions; what lies between may be killed at any byte and goes
on with the next attempt, from where the store says it is.
"""

from contextlib import suppress
from dataclasses import asdict
from typing import Any

import structlog

from providers import ProviderDown, ProviderRefused, Unusable
from providers.outbound import Limits as Patience
from providers.outbound import Outbound
from providers.storage import ObjectStore, Session
from tenants.errors import Refusal, Unavailable
from tenants.files import files
from tenants.jobs import IngestRecording
from tenants.live import recordings
from tenants.live.recordings import Errand, Stored
from tenants.scope import Record
from tenants.sealing import Seals
from workers.live import where_it_lies
from workers.media.failures import RecordingFailure, StoreOutOfStep
from workers.media.layout import Layout
from workers.media.ports import LIMITS, Checkpoint
from workers.media.prepare import prepare
from workers.media.probe import probe
from workers.media.source import open_source
from workers.media.transfer import Transferred, transfer
from workers.registry import PutOff, Work, performs

log = structlog.get_logger("workers.recordings")
MOST_TRIES = 5
FIRST_PAUSE = 30.0
PATIENCE = Patience()
LONGEST_SECONDS = 4 * 3600
DIED = "Each time it was tried, the worker ended in the middle of it. Ask the operator to look at its log."
OUR_FAULT = "Something went wrong on our side. The operator finds the details in the log."


@performs(IngestRecording, seconds=LONGEST_SECONDS)
async def ingest(work: Work, asked: IngestRecording) -> None:
    """Make a lesson of an announced recording; what stands in the way is written to the recording itself."""
    async with work.scope() as scope:
        errand = await recordings.claim(scope, Seals(work.shop.secret), asked.recording_id)
    if errand is None:
        return
    if work.leased.attempts > MOST_TRIES:
        await _give_up(work, errand, DIED)
        return
    try:
        stored = await _bring_in(work, errand)
        await _finish(work, errand, stored)
    except Unavailable:
        raise
    except (RecordingFailure, ProviderDown, Unusable) as hindrance:
        await _hindered(work, errand, hindrance)
    except (ProviderRefused, Refusal) as refused:
        await _give_up(work, errand, refused.message)
    except Exception:
        await _give_up(work, errand, OUR_FAULT)
        raise


async def _bring_in(work: Work, errand: Errand) -> Stored:
    """The film and its picture in the store, as the store itself tells them."""
    found = await where_it_lies(work, errand)
    async with (
        Outbound(work.shop.recording_hosts, PATIENCE) as outbound,
        open_source(outbound, found.url, headers=found.headers, limits=LIMITS) as source,
        prepare(source, LIMITS) as layout,
    ):
        film = await probe(layout, LIMITS)
        copied = await _copy(work, errand, layout)
    picture = await work.shop.store.put(errand.thumbnail["object_key"], film.thumbnail, "image/jpeg")
    return Stored(
        copied.size, copied.crc32c, layout.content_type, film.seconds, picture.size, picture.crc32c
    )  # fmt: skip


async def _copy(work: Work, errand: Errand, layout: Layout) -> Transferred:
    sink = await _upload(work, errand, layout)
    try:
        return await transfer(layout, sink, Notes(work, errand))
    except StoreOutOfStep:
        await _clear(work.shop.store, errand, sink)
        raise


async def _upload(work: Work, errand: Errand, layout: Layout) -> Session:
    """The upload that an earlier attempt began, else a new one, remembered before its first byte."""
    store, key = work.shop.store, errand.file["object_key"]
    if (begun := await _begun(store, errand.file)) is not None:
        return begun
    # No upload leads to this object: it was left by one that is forgotten, and no row shows it.
    await store.delete(key)
    session = await store.start_resumable(key, layout.content_type, layout.size, limit=LIMITS.film_bytes)
    async with work.scope() as scope:
        await files.remember_session(scope, errand.file["id"], session)
    return store.resumable(session)


async def _begun(store: ObjectStore, file: Record) -> Session | None:
    if file["session"] is None:
        return None
    begun = store.resumable(file["session"])
    try:
        await begun.offset()
    except ProviderRefused:
        return None
    return begun


async def _finish(work: Work, errand: Errand, stored: Stored) -> None:
    async with work.scope() as scope:
        wanted = await recordings.finish(scope, errand.id, stored)
    if not wanted:
        await _clear(work.shop.store, errand)


async def _hindered(work: Work, errand: Errand, hindrance: RecordingFailure | ProviderDown | Unusable) -> None:
    """Put the work off while trying again can help; else give the recording up with the reason."""
    reason = hindrance.reason if isinstance(hindrance, RecordingFailure) else hindrance.message
    lasting = isinstance(hindrance, RecordingFailure) and not hindrance.retryable
    if lasting or work.leased.attempts >= MOST_TRIES:
        await _give_up(work, errand, reason)
        return
    async with work.scope() as scope:
        await recordings.note_hindrance(scope, errand.id, reason)
    raise PutOff(reason, FIRST_PAUSE * 4.0 ** (work.leased.attempts - 1))


async def _give_up(work: Work, errand: Errand, reason: str) -> None:
    """The recording has failed, for people to see; the job itself is done, and nothing of the film is kept."""
    log.warning("recording failed", recording=str(errand.id), reason=reason)
    async with work.scope() as scope:
        if not await recordings.fail(scope, errand.id, reason):
            return
        file = await files.read(scope, errand.file["id"])
    sink = None if file["session"] is None else work.shop.store.resumable(file["session"])
    # What a store cannot free now, its sweep frees later.
    with suppress(ProviderDown, ProviderRefused):
        await _clear(work.shop.store, errand, sink)


async def _clear(store: ObjectStore, errand: Errand, sink: Session | None = None) -> None:
    if sink is not None:
        await sink.abort()
    await store.delete(errand.file["object_key"])
    await store.delete(errand.thumbnail["object_key"])


class Notes:
    """Checkpoints in the recording's own row."""

    def __init__(self, work: Work, errand: Errand) -> None:
        self._work = work
        self._errand = errand

    async def load(self) -> Checkpoint | None:
        """The checkpoint that the claim found."""
        kept: Any = self._errand.checkpoint
        return Checkpoint(**kept) if kept else None

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep it for the next attempt."""
        async with self._work.scope() as scope:
            await recordings.note_checkpoint(scope, self._errand.id, asdict(checkpoint))
