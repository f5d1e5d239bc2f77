"""Live classes over the API: the classes of a batch, the door, attendance, recordings."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from server import joining
from server.api.batches import BatchPath
from server.api.courses import Line, Version, changes_of
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import AtChannel, InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.op import Route, op
from tenants.errors import Invalid
from tenants.live import attendance, classes, recordings, rooms
from tenants.scope import Record

TAGS = ("live",)
RECORDINGS: Cursor[UUID] = Cursor("recordings", UUID)


class ClassPath(InChannelPath):
    """A live class of a channel."""

    live_class: UUID


class RecordingPath(InChannelPath):
    """A recording of a channel."""

    recording: UUID


class ClassFields(Given):
    """What may be set of a class; what is left out stays."""

    title: Line = ""
    starts_at: Annotated[datetime | None, Field(examples=["2026-11-28T18:00:00Z"])] = None
    ends_at: Annotated[datetime | None, Field(examples=["2026-11-28T19:30:00Z"])] = None
    time_zone: Annotated[str, Field(max_length=80, examples=["Europe/Lisbon"])] = "UTC"
    connection_id: UUID | None = None
    url: Annotated[str, Field(max_length=3000, description="Where the class meets; https.")] | None = None


class NewClass(ClassFields):
    """A class to be planned."""

    title: Line
    starts_at: Annotated[datetime, Field(examples=["2026-11-28T18:00:00Z"])]
    ends_at: Annotated[datetime, Field(examples=["2026-11-28T19:30:00Z"])]


class ClassEdit(ClassFields):
    """Changes of a class; 409 `changed_meanwhile` when `version` is not its present one."""

    version: Version
    state: Annotated[str, Field(max_length=20, examples=list(classes.STATES))] = "scheduled"


class ClassShown(BaseModel):
    """A class; `url` and `connection_id` only for those who plan classes (others go by `join`)."""

    id: UUID
    batch_id: UUID
    batch_name: str
    course_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    state: str
    ended_at: datetime | None
    url: str | None
    connection_id: UUID | None
    version: int


class ClassList(BaseModel):
    """Classes, soonest first; `next` is always null."""

    items: list[ClassShown]
    next: None = None


class DoorShown(BaseModel):
    """Where to go, and the name by which the provider should report this member."""

    url: str
    participant: UUID


class AttendedShown(BaseModel):
    """One participant: when they were there, and for how many seconds in all."""

    participant: str
    name: str
    intervals: list[tuple[datetime, datetime]]
    seconds: float


class AttendanceShown(BaseModel):
    """Who came to a class."""

    items: list[AttendedShown]
    next: None = None


class RecordingShown(BaseModel):
    """A recording on its way: announced, fetching, ready (then with its lesson), or failed with the reason."""

    id: UUID
    class_id: UUID
    class_title: str
    course_id: UUID
    state: str
    reason: str | None
    attempts: int
    size: int | None
    started_at: datetime | None
    lesson_id: UUID | None
    created_at: datetime
    updated_at: datetime


@op("My live classes to come", tags=TAGS)
async def list_classes(context: InChannel, *, path: InChannelPath) -> ClassList:
    """Soonest first, at most 100: of the batches one is in, or all for those who plan classes."""
    return _listed(context, await classes.upcoming(context.scope))


@op("The live classes of a batch", tags=TAGS)
async def list_classes_of_batch(context: InChannel, *, path: BatchPath) -> ClassList:
    """Past and to come, in order of time; for its students and those who plan classes."""
    return _listed(context, await classes.of_batch(context.scope, path.batch))


@op("Plan a live class", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def add_class(context: InChannel, *, path: BatchPath, body: NewClass) -> ClassShown:
    """At a provider that is connected, at any https address, or both."""
    return _class(context, await classes.add(context.scope, path.batch, changes_of(body)))


@op("One live class", tags=TAGS)
async def read_class(context: InChannel, *, path: ClassPath) -> ClassShown:
    """For students of its batch and those who plan classes."""
    return _class(context, await classes.read(context.scope, path.live_class))


@op("Change a live class", errors=(409,), tags=TAGS)
async def edit_class(context: InChannel, *, path: ClassPath, body: ClassEdit) -> ClassShown:
    """What is given is set; `state` cancelled calls the class off."""
    changes = changes_of(body)
    for name in ("starts_at", "ends_at"):
        if name in changes and changes[name] is None:
            raise Invalid.field(f"/{name}", "required", "A class needs this time. Leave it out to keep it.")
    row = await classes.edit(context.scope, path.live_class, body.version, changes)
    await rooms.follow(context.scope, path.live_class)
    return _class(context, row)


@op("Join a live class", errors=(409, 410), tags=TAGS)
async def join_class(context: AtChannel, *, path: ClassPath) -> DoorShown:
    """From 15 minutes before until the end; else 409 `too_early` with `opens_at`, 410 `over` or `cancelled`.

    The URL is the caller's own and soon worn out: ask again rather than pass it on.
    """
    way_in = await joining.enter(context, path.live_class)
    return DoorShown(url=way_in.url, participant=way_in.participant)


@op("Who came to a live class", tags=TAGS)
async def read_attendance(context: InChannel, *, path: ClassPath) -> AttendanceShown:
    """By participant, as the provider reported them; for those who plan classes."""
    found = await attendance.of_class(context.scope, path.live_class)
    return AttendanceShown(
        items=[
            AttendedShown(participant=who.participant, name=who.name, intervals=[*who.intervals], seconds=who.seconds)
            for who in found
        ]
    )


@op("The recordings", tags=TAGS)
async def list_recordings(context: InChannel, *, path: InChannelPath, query: PageQuery) -> Page[RecordingShown]:
    """Newest first, with what became of each; for those who look after recordings."""
    before = RECORDINGS.read(query.after)
    rows = await recordings.page(context.scope, before=before, limit=query.limit + 1)
    items = [RecordingShown(**dict(row)) for row in rows[: query.limit]]
    return Page(items=items, next=RECORDINGS.write(items[-1].id) if len(rows) > query.limit else None)


@op("Try a recording again", errors=(409,), tags=TAGS)
async def retry_recording(context: InChannel, *, path: RecordingPath) -> RecordingShown:
    """For a failed one; 409 `not_failed` for others."""
    return RecordingShown(**dict(await recordings.retry(context.scope, path.recording)))


def _listed(context: InChannel, rows: list[Record]) -> ClassList:
    return ClassList(items=[_class(context, row) for row in rows])


def _class(context: InChannel, row: Record) -> ClassShown:
    hidden: dict[str, Any] = {} if classes.may_edit(context.scope) else {"url": None, "connection_id": None}
    return ClassShown(**(dict(row) | hidden))


ROUTES = (
    Route("GET", "/channels/{slug}/classes", list_classes),
    Route("GET", "/channels/{slug}/batches/{batch}/classes", list_classes_of_batch),
    Route("POST", "/channels/{slug}/batches/{batch}/classes", add_class),
    Route("GET", "/channels/{slug}/classes/{live_class}", read_class),
    Route("PATCH", "/channels/{slug}/classes/{live_class}", edit_class),
    Route("POST", "/channels/{slug}/classes/{live_class}/join", join_class),
    Route("GET", "/channels/{slug}/classes/{live_class}/attendance", read_attendance),
    Route("GET", "/channels/{slug}/recordings", list_recordings),
    Route("POST", "/channels/{slug}/recordings/{recording}/retry", retry_recording),
)
