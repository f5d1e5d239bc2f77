"""Drafts over the API: what one has begun to write, the same on all of one's devices."""

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
from tenants.community import unsent
from tenants.community.unsent import Place

TAGS = ("community",)
Version = Annotated[int, Field(ge=0, le=2**53)]


class OfThread(Given):
    """Of the thread of a message, instead of the room."""

    reply_to: Annotated[UUID | None, Field(strict=False)] = None


class NewDraft(Given):
    """What was begun; with the `version` that it goes on from (0: none), only in place of that one."""

    body: Body
    reply_to: UUID | None = None
    version: Version | None = None


class VersionShown(BaseModel):
    """The version of what stands there now; 0: nothing does."""

    version: int


class DraftHere(VersionShown):
    """What you have begun to write in a place; empty, with the version 0, where that is nothing."""

    body: str


class DraftShown(DraftHere):
    """What you have begun to write, and where."""

    room: UUID
    reply_to: UUID | None
    written_at: datetime


@op("What you have begun to write", tags=TAGS, errors=(403, 404))
async def list_drafts(context: InChannel, *, path: InSlug) -> Page[DraftShown]:
    """All of it, the latest first: at most a hundred, the oldest goes. Nobody else sees it."""
    rows = await unsent.mine(context.scope)
    return Page(items=[DraftShown(**{**dict(row), "room": row["room_id"]}) for row in rows])


@op("What you have begun to write in a room", tags=TAGS, errors=(403, 404))
async def read_draft(context: InChannel, *, path: OfRoom, query: OfThread) -> DraftHere:
    """Or in the thread of `reply_to`."""
    row = await unsent.read(context.scope, Place(path.room, query.reply_to))
    return DraftHere(body=row["body"], version=row["version"]) if row else DraftHere(body="", version=0)


@op("Keep what you have begun to write", tags=TAGS, errors=(403, 404, 409, 413))
async def put_draft(context: InChannel, *, path: OfRoom, body: NewDraft) -> VersionShown:
    """In a room, or in the thread of `reply_to`; at most as long as a message. Your other devices hear it at once."""
    version = await unsent.put(context.scope, Place(path.room, body.reply_to), body.body, body.version)
    return VersionShown(version=version)


@op("Drop what you have begun to write", tags=TAGS, errors=(403, 404))
async def drop_draft(context: InChannel, *, path: OfRoom, query: OfThread) -> None:
    """In a room, or in the thread of `reply_to`; however often it is said."""
    await unsent.drop(context.scope, Place(path.room, query.reply_to))


ROUTES = (
    Route("GET", "/channels/{slug}/drafts", list_drafts),
    Route("GET", "/channels/{slug}/rooms/{room}/draft", read_draft),
    Route("PUT", "/channels/{slug}/rooms/{room}/draft", put_draft),
    Route("DELETE", "/channels/{slug}/rooms/{room}/draft", drop_draft),
)
