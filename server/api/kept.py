"""What is kept of the talk, over the API: the pinned messages of a room, and those that a member saves."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from server.api.community import MessageShown, OfMessage
from server.api.rooms import InSlug, OfRoom
from server.context import InChannel
from server.keyset import Cursor, Page, PageQuery, Then
from server.op import Answer, Route, op
from tenants.community import bookmarks, messages, pins, voting

TAGS = ("community",)
CURSOR: Cursor[tuple[datetime, UUID]] = Cursor("bookmarks", tuple[Then, UUID])


class BookmarkShown(BaseModel):
    """A message that you keep, and since when."""

    message: MessageShown
    saved_at: datetime


class MarksShown(BaseModel):
    """Messages of a room, by their ids: those that are pinned, and those that you keep."""

    pinned: list[UUID]
    saved: list[UUID]


@op("The pinned messages of a room", tags=TAGS, errors=(403, 404))
async def list_pins(context: InChannel, *, path: OfRoom) -> Answer[Page[MessageShown]]:
    """The latest pin first; there are at most 50."""
    rows = await pins.listed(context.scope, path.room)
    return Answer(messages.encoded({"items": await voting.shown(context.scope, rows), "next": None}))


@op("Pin a message", tags=TAGS, errors=(403, 404, 409))
async def pin_message(context: InChannel, *, path: OfMessage) -> None:
    """In its room, for everybody there, however often it is said."""
    await pins.put(context.scope, path.id, on=True)


@op("Take a pinned message down", tags=TAGS, errors=(403, 404))
async def unpin_message(context: InChannel, *, path: OfMessage) -> None:
    """The message stays where it was said."""
    await pins.put(context.scope, path.id, on=False)


@op("The messages that you keep", tags=TAGS, errors=(403, 404))
async def list_bookmarks(context: InChannel, *, path: InSlug, query: PageQuery) -> Answer[Page[BookmarkShown]]:
    """In rooms that you see, the latest first. Nobody else sees what you keep."""
    rows = await bookmarks.listed(context.scope, before=CURSOR.read(query.after), limit=query.limit + 1)
    shown, last = rows[: query.limit], rows[query.limit - 1] if len(rows) > query.limit else None
    whole = await voting.shown(context.scope, [list(row)[:-2] for row in shown])
    items = [{"message": one, "saved_at": row["saved_at"]} for one, row in zip(whole, shown, strict=True)]
    cursor = CURSOR.write((last["saved_at"], last["bookmark_id"])) if last else None
    return Answer(messages.encoded({"items": items, "next": cursor}))


@op("Keep a message", tags=TAGS, errors=(403, 404, 409))
async def save_message(context: InChannel, *, path: OfMessage) -> None:
    """For yourself, however often it is said; at most 1,000."""
    await bookmarks.put(context.scope, path.id, on=True)


@op("Keep a message no more", tags=TAGS, errors=(403, 404))
async def unsave_message(context: InChannel, *, path: OfMessage) -> None:
    """However often it is said."""
    await bookmarks.put(context.scope, path.id, on=False)


@op("Which messages of a room are kept", tags=TAGS, errors=(403, 404))
async def read_marks(context: InChannel, *, path: OfRoom) -> MarksShown:
    """Pinned for everybody, or saved by you."""
    pinned = await pins.of_room(context.scope, path.room)
    return MarksShown(pinned=pinned, saved=await bookmarks.of_room(context.scope, path.room))


ROUTES = (
    Route("GET", "/channels/{slug}/rooms/{room}/pins", list_pins),
    Route("GET", "/channels/{slug}/rooms/{room}/marks", read_marks),
    Route("PUT", "/channels/{slug}/messages/{id}/pin", pin_message),
    Route("DELETE", "/channels/{slug}/messages/{id}/pin", unpin_message),
    Route("GET", "/channels/{slug}/bookmarks", list_bookmarks),
    Route("PUT", "/channels/{slug}/messages/{id}/bookmark", save_message),
    Route("DELETE", "/channels/{slug}/messages/{id}/bookmark", unsave_message),
)
