"""Lessons over the API: written, published and moved by those who edit, opened by those enrolled, followed by all."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.courses import CoursePath, Line, Place, Text, Version, changes_of
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.op import Auth, Route, op
from tenants import links
from tenants.courses import access, lessons, outline
from tenants.scope import Record

TAGS = ("lessons",)
CURSOR: Cursor[tuple[int, int, UUID]] = Cursor("lessons", tuple[int, int, UUID])


class LessonPath(InChannelPath):
    """A lesson of a course."""

    lesson: UUID


class LessonFields(Given):
    """What may be set of a lesson; what is left out stays."""

    title: Line = ""
    body: Text = ""
    embed_url: Annotated[str, Field(max_length=4000)] | None = None
    file_id: UUID | None = None
    thumbnail_id: UUID | None = None
    duration_seconds: Annotated[int, Field(ge=0, le=10**6)] = 0
    free: bool = False


class NewLesson(LessonFields):
    """A lesson to be written; it begins as a draft at the end of its section (the last one, unless named)."""

    kind: Annotated[str, Field(max_length=40, examples=["text"])]
    title: Line
    section_id: UUID | None = None


class LessonEdit(LessonFields):
    """Changes of a lesson; 409 `changed_meanwhile` when `version` is not its present one."""

    version: Version


class LessonMove(Given):
    """Into which section of the same course, and where in it."""

    section_id: UUID
    place: Place


class LessonListed(BaseModel):
    """A lesson as the outline lists it; `thumbnail` is the address of its picture."""

    id: UUID
    course_id: UUID
    section_id: UUID
    kind: str
    title: str
    duration_seconds: int
    free: bool
    state: str
    version: int
    thumbnail: str | None = None


class LessonShown(LessonListed):
    """A lesson opened: `html` is safe to show as it is, `file` the address of its film or file."""

    body: str
    html: str
    embed_url: str | None
    file: str | None = None


@op("The lessons of a course", tags=TAGS, auth=Auth.OPTIONAL)
async def list_lessons(context: InChannel, *, path: CoursePath, query: PageQuery) -> Page[LessonListed]:
    """In order, without bodies; drafts for those who edit."""
    rows = await outline.page(context.scope, path.course, after=CURSOR.read(query.after), limit=query.limit + 1)
    shown = rows[: query.limit]
    following = len(rows) > query.limit
    place = (shown[-1]["section_position"], shown[-1]["position"], shown[-1]["id"]) if following else None
    return Page(
        items=[LessonListed(**dict(row), thumbnail=_link(context, row["thumbnail_id"])) for row in shown],
        next=CURSOR.write(place) if place else None,
    )


@op("Write a lesson", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def add_lesson(context: InChannel, *, path: CoursePath, body: NewLesson) -> LessonShown:
    """A draft at the end of a section."""
    row = await lessons.add(
        context.scope, path.course, body.kind, body.title, changes_of(body), section_id=body.section_id
    )
    return _shown(context, row)


@op("Open a lesson", tags=TAGS, auth=Auth.OPTIONAL)
async def read_lesson(context: InChannel, *, path: LessonPath) -> LessonShown:
    """For those enrolled, those who edit, and everybody when it is free; 403 `not_enrolled` for others."""
    return _shown(context, await access.open_lesson(context.scope, path.lesson))


@op("Change a lesson", errors=(409,), tags=TAGS)
async def edit_lesson(context: InChannel, *, path: LessonPath, body: LessonEdit) -> LessonShown:
    """What is given is set, the rest stays."""
    return _shown(context, await lessons.edit(context.scope, path.lesson, body.version, changes_of(body)))


@op("Publish a lesson", tags=TAGS)
async def publish_lesson(context: InChannel, *, path: LessonPath) -> LessonShown:
    """Students see it from now on; 422 while what its kind shows is missing."""
    return _shown(context, await lessons.publish(context.scope, path.lesson))


@op("Take a lesson back to a draft", tags=TAGS)
async def withdraw_lesson(context: InChannel, *, path: LessonPath) -> LessonShown:
    """Only those who edit see it from now on; it counts in nobody's progress."""
    return _shown(context, await lessons.publish(context.scope, path.lesson, published=False))


@op("Move a lesson", tags=TAGS)
async def move_lesson(context: InChannel, *, path: LessonPath, body: LessonMove) -> None:
    """Within its course."""
    await lessons.move(context.scope, path.lesson, body.section_id, body.place)


@op("Delete a lesson", tags=TAGS)
async def remove_lesson(context: InChannel, *, path: LessonPath) -> None:
    """Everybody's progress in it goes with it; its files stay."""
    await lessons.remove(context.scope, path.lesson)


ROUTES = (
    Route("GET", "/channels/{slug}/courses/{course}/lessons", list_lessons),
    Route("POST", "/channels/{slug}/courses/{course}/lessons", add_lesson),
    Route("GET", "/channels/{slug}/lessons/{lesson}", read_lesson),
    Route("PATCH", "/channels/{slug}/lessons/{lesson}", edit_lesson),
    Route("DELETE", "/channels/{slug}/lessons/{lesson}", remove_lesson),
    Route("POST", "/channels/{slug}/lessons/{lesson}/publish", publish_lesson),
    Route("POST", "/channels/{slug}/lessons/{lesson}/withdraw", withdraw_lesson),
    Route("POST", "/channels/{slug}/lessons/{lesson}/move", move_lesson),
)


def _shown(context: InChannel, row: Record) -> LessonShown:
    return LessonShown(**dict(row), file=_link(context, row["file_id"]), thumbnail=_link(context, row["thumbnail_id"]))


def _link(context: InChannel, file_id: UUID | None) -> str | None:
    return links.file(context.channel.slug, file_id) if file_id else None
