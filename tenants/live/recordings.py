"""Recordings: what a provider kept of a class, on its way into the store and to a lesson of the course.

A recording is announced, then fetched by a worker, then ready or failed with a reason; being told of it again, in any
order, leads to the same one. `workers/recordings.py` carries the film; here is what is remembered of it in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants import audit, links
from tenants.batches.batches import BATCHES
from tenants.channels import channels
from tenants.courses import enrollments, lessons
from tenants.errors import Conflict
from tenants.files import files
from tenants.ids import LessonId, PersonId, RecordingId, new_id
from tenants.jobs import IngestRecording, SendMail
from tenants.live.classes import CLASSES
from tenants.live.shelf import put_on_shelf
from tenants.members import bell
from tenants.notices import recording_ready
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, refers, text

RECORDINGS = owned(
    "recordings",
    Column("class_id", Uuid, nullable=False),
    text("provider_key"),
    text("state"),
    text("reason", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sealed_url", LargeBinary),
    Column("content_type", Text),
    Column("size", BigInteger),
    instant("started_at"),
    Column("checkpoint", Json),
    Column("file_id", Uuid),
    Column("thumbnail_id", Uuid),
    Column("lesson_id", Uuid),
    instant("created_at", now=True),
    instant("updated_at", now=True),
    refers("class_id", "live_classes"),
    refers("file_id", "files"),
    refers("thumbnail_id", "files"),
    refers("lesson_id", "lessons"),
)
REASON_LENGTH = 500
MOST_RECORDINGS = 50
MOST_TOLD = 5000
NO_REASON = "The provider says that there will be no recording of this class."
_R, _K, _B = RECORDINGS.c, CLASSES.c, BATCHES.c
_SHOWN = (
    _R.id, _R.class_id, _R.state, _R.reason, _R.attempts, _R.size, _R.started_at, _R.file_id, _R.thumbnail_id,
    _R.lesson_id, _R.created_at, _R.updated_at,
)  # fmt: skip
_OF = (_K.title.label("class_title"), _K.starts_at, _K.time_zone, _K.batch_id, _B.course_id)
_JOINED = RECORDINGS.join(CLASSES, (_K.channel_id == _R.channel_id) & (_K.id == _R.class_id)).join(
    BATCHES, (_B.channel_id == _K.channel_id) & (_B.id == _K.batch_id)
)
_WHOLE = select(*_SHOWN, _R.sealed_url, _R.checkpoint, _R.provider_key, _K.connection_id, *_OF).select_from(_JOINED)
_READ = scoped(_WHOLE.where(_R.id == bindparam("id")))
_LOCKED = scoped(_WHOLE.where(_R.id == bindparam("id")).with_for_update(of=RECORDINGS))
_KNOWN = scoped(
    select(_R.id, _R.state, _R.sealed_url)
    .where(_R.class_id == bindparam("class_id"), _R.provider_key == bindparam("provider_key"))
    .with_for_update()
)
_PAGE = scoped(
    select(*_SHOWN, *_OF)
    .select_from(_JOINED)
    .where(_R.id < bindparam("before"))
    .order_by(_R.id.desc())
    .limit(bindparam("limit"))
)
_OF_CLASS = scoped(
    select(*_SHOWN, *_OF).select_from(_JOINED).where(_R.class_id == bindparam("class_id")).order_by(_R.id)
)
_COUNT = scoped(select(func.count()).where(_R.class_id == bindparam("class_id")))
_ADD = scoped(
    insert(RECORDINGS)
    .values(**binds("id", "class_id", "provider_key", "state", "reason"))
    .on_conflict_do_nothing(index_elements=["channel_id", "class_id", "provider_key"])
)
_CHOSEN = update(RECORDINGS).where(_R.id == bindparam("at"))
_NOW = {"updated_at": func.now()}
_ANNOUNCE = scoped(
    _CHOSEN.values(
        **binds("sealed_url", "content_type", "size", "started_at"), **_NOW, state="announced", reason=None, attempts=0
    )
)
_AGAIN = scoped(_CHOSEN.values(**_NOW, state="announced", reason=None, attempts=0))
_FETCHING = scoped(
    _CHOSEN.values(**binds("file_id", "thumbnail_id"), **_NOW, state="fetching", attempts=_R.attempts + 1)
)
_CHECKPOINT = scoped(_CHOSEN.values(**binds("checkpoint")))
_STOOD = scoped(_CHOSEN.where(_R.state == "fetching").values(**binds("reason"), **_NOW))
_FAIL = scoped(_CHOSEN.where(_R.state != "ready").values(**binds("reason"), **_NOW, state="failed", checkpoint=None))
_READY = scoped(
    _CHOSEN.values(**binds("lesson_id", "size"), **_NOW, state="ready", reason=None, sealed_url=None, checkpoint=None)
)


@dataclass(frozen=True, slots=True)
class Announced:
    """A provider's word of a recording; `size` is a claim."""

    key: str
    url: str
    content_type: str
    size: int | None
    started_at: datetime
    token: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a worker needs to fetch a recording: where it was said to lie, and the two pending files it becomes.

    `token`, if any, is what its server wants to hear as `Bearer`; `key` is the provider's name of the recording.
    """

    id: UUID
    url: str
    file: Record
    thumbnail: Record
    checkpoint: Mapping[str, Any] | None
    key: str
    token: str
    class_id: UUID
    connection_id: UUID | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A film and its picture as the store holds them: sizes in bytes, CRC-32C, duration in seconds."""

    size: int
    crc32c: int
    content_type: str
    seconds: float
    thumbnail_size: int
    thumbnail_crc32c: int


async def page(scope: Scope, *, before: UUID | None = None, limit: int = 50) -> list[Record]:
    """The recordings of the channel, newest first, with their class; for those who look after recordings."""
    scope.require(Action.RECORDING_EDIT)
    return await scope.all(_PAGE, before=before or UUID(int=2**128 - 1), limit=limit)


async def of_class(scope: Scope, class_id: UUID) -> list[Record]:
    """The recordings of one class, oldest first."""
    scope.require(Action.RECORDING_EDIT)
    return await scope.all(_OF_CLASS, class_id=class_id)


async def announce(scope: Scope, seals: Seals, class_id: UUID, told: Announced) -> None:
    """Have a recording fetched, once; a new address for one that failed has it tried again from there."""
    known = await _entered(scope, class_id, told.key, "announced", None)
    if known is None or known["state"] not in {"announced", "failed"}:
        return
    if known["sealed_url"] is not None and (
        known["state"] == "announced" or _opened(scope, seals, known["id"], known["sealed_url"])[0] == told.url
    ):
        return
    address = f"{told.url}\n{told.token}" if told.token else told.url
    sealed = seals.seal(scope.channel_id, _purpose(known["id"]), address.encode())
    await scope.run(
        _ANNOUNCE, at=known["id"], sealed_url=sealed, content_type=told.content_type, size=told.size,
        started_at=told.started_at,
    )  # fmt: skip
    scope.enqueue(IngestRecording(RecordingId(known["id"])))


async def note_missing(scope: Scope, class_id: UUID, key: str, reason: str) -> None:
    """The provider says that it has no recording; a word of one, earlier or later, counts for more."""
    await _entered(scope, class_id, key, "failed", (reason or NO_REASON)[:REASON_LENGTH])


async def retry(scope: Scope, recording_id: UUID) -> Record:
    """Fetch a failed recording once more; Conflict while it is no failed one, or nobody said where it lies."""
    scope.require(Action.RECORDING_EDIT)
    row = await scope.one(_LOCKED, id=recording_id)
    if row["state"] != "failed":
        raise Conflict(f"Only a failed recording is tried again; this one is {row['state']}.", "not_failed")
    if row["sealed_url"] is None:
        raise Conflict("The provider never said where this recording lies. Ask it to send it again.", "no_address")
    await scope.run(_AGAIN, at=recording_id)
    scope.enqueue(IngestRecording(RecordingId(recording_id)))
    await audit.record(scope, "recording.retry", recording_id)
    return await scope.one(_READ, id=recording_id)


async def claim(scope: Scope, seals: Seals, recording_id: UUID) -> Errand | None:
    """Begin or go on with fetching; None when there is nothing left to do. The files stay the same each time."""
    row = await scope.first(_LOCKED, id=recording_id)
    if row is None or row["state"] in {"ready", "failed"} or row["sealed_url"] is None:
        return None
    name = row["class_title"]
    film = await _file(scope, row["file_id"], f"{name}.mp4", "video/mp4", "recording")
    picture = await _file(scope, row["thumbnail_id"], f"{name}.jpg", "image/jpeg", "thumbnail")
    await scope.run(_FETCHING, at=recording_id, file_id=film["id"], thumbnail_id=picture["id"])
    url, token = _opened(scope, seals, recording_id, row["sealed_url"])
    at = row["class_id"], row["connection_id"]
    return Errand(recording_id, url, film, picture, row["checkpoint"], row["provider_key"], token, *at)


async def note_checkpoint(scope: Scope, recording_id: UUID, checkpoint: Mapping[str, Any]) -> None:
    """Keep how far the copy's checksum has come."""
    await scope.run(_CHECKPOINT, at=recording_id, checkpoint=dict(checkpoint))


async def note_hindrance(scope: Scope, recording_id: UUID, reason: str) -> None:
    """Say what stands in the way, while it is still being tried."""
    await scope.run(_STOOD, at=recording_id, reason=reason[:REASON_LENGTH])


async def fail(scope: Scope, recording_id: UUID, reason: str) -> bool:
    """Give up, with the reason; False for one that is ready, which stays as it is."""
    if await scope.run(_FAIL, at=recording_id, reason=reason[:REASON_LENGTH]) == 1:
        return True
    return await scope.first(_READ, id=recording_id) is None


async def finish(scope: Scope, recording_id: UUID, stored: Stored) -> bool:
    """The film is in the store: a published lesson of the course shows it, and its students are told; once.

    False when the recording is gone, with its class or course: then nobody will ever show the film.
    """
    row = await scope.first(_LOCKED, id=recording_id)
    if row is None:
        return False
    if row["state"] == "ready":
        return True
    await files.finish(scope, row["file_id"], size=stored.size, crc32c=stored.crc32c, content_type=stored.content_type)
    await files.finish(scope, row["thumbnail_id"], size=stored.thumbnail_size, crc32c=stored.thumbnail_crc32c)
    lesson = await put_on_shelf(scope, row, round(stored.seconds))
    await scope.run(_READY, at=recording_id, lesson_id=lesson["id"], size=stored.size)
    students = await enrollments.page(scope, row["course_id"], batch_id=row["batch_id"], limit=MOST_TOLD)
    await _tell(scope, lesson["id"], [student["person_id"] for student in students])
    return True


async def _tell(scope: Scope, lesson_id: UUID, people: Sequence[UUID]) -> None:
    """Ring for the students of a new recording, and write to them."""
    slug, lesson = (await channels.read(scope))["slug"], await lessons.placed(scope, lesson_id)
    url = links.lesson(slug, lesson["course_slug"], lesson_id)
    ready = [recording_ready(PersonId(each), LessonId(lesson_id), lesson["title"], url) for each in people]
    await bell.ring(scope, ready, lesson_id)
    for each in people:
        scope.enqueue(SendMail("recording_ready", each, lesson_id))


async def _entered(scope: Scope, class_id: UUID, key: str, state: str, reason: str | None) -> Record | None:
    """The recording of that name, entered if it is new; None beyond the 50th of a class."""
    known = await scope.first(_KNOWN, class_id=class_id, provider_key=key)
    if known is None and await scope.value(_COUNT, class_id=class_id) < MOST_RECORDINGS:
        await scope.run(_ADD, id=new_id(), class_id=class_id, provider_key=key, state=state, reason=reason)
        known = await scope.first(_KNOWN, class_id=class_id, provider_key=key)
    return known


async def _file(scope: Scope, file_id: UUID | None, name: str, content_type: str, purpose: str) -> Record:
    if file_id is not None:
        return await files.read(scope, file_id)
    return await files.begin(scope, name=name, content_type=content_type, purpose=purpose)


def _opened(scope: Scope, seals: Seals, recording_id: UUID, sealed: bytes) -> tuple[str, str]:
    """The address, and the token that goes with it, if any: a URL has no line feed, so one parts the two."""
    url, _, token = seals.open(scope.channel_id, _purpose(recording_id), sealed).decode().partition("\n")
    return url, token


def _purpose(recording_id: UUID) -> str:
    return f"recording {recording_id}"
