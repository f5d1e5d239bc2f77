"""Drafts over the API: what one has begun to write, the same on all of one's devices."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.community import Body
from server.api.rooms import InSlug, OfRoom
from server.bodies import Given
from server.context import InChannel
from server.keyset import Page
from server.op import Route, op
from tenants.community import attachments, unsent
from tenants.community.unsent import Place
from tenants.scope import Record

TAGS = ("community",)
Version = Annotated[int, Field(ge=0, le=2**53)]


class OfThread(Given):
    """Of the thread of a message, instead of the room."""

    reply_to: Annotated[UUID | None, Field(strict=False)] = None


class NewDraft(Given):
    """What was begun; with the `version` that it goes on from (0: none), only in place of that one.

    `files` are attachments of yours; without that field those that stand there stay.
    """

    body: Body
    reply_to: UUID | None = None
    version: Version | None = None
    files: list[UUID] | None = None


class VersionShown(BaseModel):
    """The version of what stands there now; 0: nothing does."""

    version: int


class DraftFile(BaseModel):
    """A file that was uploaded for what you have begun to write."""

    id: UUID
    name: str


class DraftHere(VersionShown):
    """What you have begun to write in a place; empty, with the version 0, where that is nothing.

    Of its files those that may go into a message still.
    """

    body: str
    files: list[DraftFile]


class DraftShown(DraftHere):
    """What you have begun to write, and where."""

    room: UUID
    reply_to: UUID | None
    written_at: datetime


@op("What you have begun to write", tags=TAGS, errors=(403, 404))
async def list_drafts(context: InChannel, *, path: InSlug) -> Page[DraftShown]:
    """All of it, the latest first: at most a hundred, the oldest goes. Nobody else sees it."""
    rows = await unsent.mine(context.scope)
    ids = [each for row in rows for each in row["files"]]
    free = {UUID(each["id"]): each for each in await attachments.free(context.scope, ids)}
    return Page(items=[_shown(row, free) for row in rows])


@op("What you have begun to write in a room", tags=TAGS, errors=(403, 404))
async def read_draft(context: InChannel, *, path: OfRoom, query: OfThread) -> DraftHere:
    """Or in the thread of `reply_to`."""
    row = await unsent.read(context.scope, Place(path.room, query.reply_to))
    if row is None:
        return DraftHere(body="", version=0, files=[])
    files = [DraftFile.model_validate(each) for each in await attachments.free(context.scope, row["files"])]
    return DraftHere(body=row["body"], version=row["version"], files=files)


@op("Keep what you have begun to write", tags=TAGS, errors=(403, 404, 409, 413))
async def put_draft(context: InChannel, *, path: OfRoom, body: NewDraft) -> VersionShown:
    """In a room, or in the thread of `reply_to`; at most as long as a message. Your other devices hear it at once."""
    version = await unsent.put(context.scope, Place(path.room, body.reply_to), body.body, body.version, body.files)
    return VersionShown(version=version)


@op("Drop what you have begun to write", tags=TAGS, errors=(403, 404))
async def drop_draft(context: InChannel, *, path: OfRoom, query: OfThread) -> None:
    """In a room, or in the thread of `reply_to`; however often it is said."""
    await unsent.drop(context.scope, Place(path.room, query.reply_to))


def _shown(row: Record, free: Mapping[UUID, Mapping[str, str]]) -> DraftShown:
    files = [free[each] for each in row["files"] if each in free]
    return DraftShown.model_validate({**dict(row), "room": row["room_id"], "files": files})


ROUTES = (
    Route("GET", "/channels/{slug}/drafts", list_drafts),
    Route("GET", "/channels/{slug}/rooms/{room}/draft", read_draft),
    Route("PUT", "/channels/{slug}/rooms/{room}/draft", put_draft),
    Route("DELETE", "/channels/{slug}/rooms/{room}/draft", drop_draft),
)
