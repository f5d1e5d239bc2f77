"""The bell over the API: what one was told in a channel, and what of it one has read."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from server.bodies import Given
from server.context import InChannel
from server.keyset import Cursor, Page, PageQuery
from server.op import Route, op
from tenants.community import bell
from tenants.community.bell import Told

TAGS = ("notices",)
CURSOR: Cursor[UUID] = Cursor("notices", UUID)


class InSlug(Given):
    """A channel by its slug."""

    slug: Annotated[str, Field(max_length=100)]


class Upto(Given):
    """The newest notice that was read."""

    upto: UUID


class NoticeShown(BaseModel):
    """Something one was told; `state` is an order's, `url` leads to what it is about.

    Of a `mention` or `reply`, `title` is what the message says, and empty once its words were taken away (`gone`);
    `times` counts the replies of a thread since you last read it.
    """

    id: UUID
    kind: str
    title: str
    url: str
    state: str | None
    at: datetime
    read: bool
    times: int
    by: str | None
    room: UUID | None
    room_name: str | None
    message: UUID | None
    gone: bool

    @classmethod
    def of(cls, told: Told) -> "NoticeShown":
        """A notice as it is shown."""
        facts = {name: getattr(told, name) for name in ("id", "kind", "title", "url", "at", "read", "times", "gone")}
        where: dict[str, Any] = {"room": told.room_id, "room_name": told.room_name or None, "message": told.message_id}
        return cls(**facts, **where, state=told.state or None, by=told.by or None)


class UnreadShown(BaseModel):
    """How many notices are not read, up to a hundred."""

    unread: int


@op("What you were told in a channel", tags=TAGS)
async def list_notices(context: InChannel, *, path: InSlug, query: PageQuery) -> Page[NoticeShown]:
    """Newest first; about one thing there is one notice of a kind, the latest."""
    rows = await bell.page(context.scope, after=CURSOR.read(query.after), limit=query.limit + 1)
    items = [NoticeShown.of(row) for row in rows[: query.limit]]
    return Page(items=items, next=CURSOR.write(items[-1].id) if len(rows) > query.limit else None)


@op("How much you have not read of what you were told", tags=TAGS)
async def count_unread(context: InChannel, *, path: InSlug) -> UnreadShown:
    """The number at the bell."""
    return UnreadShown(unread=await bell.unread(context.scope))


@op("Mark notices as read", tags=TAGS)
async def read_notices(context: InChannel, *, path: InSlug, body: Upto) -> None:
    """That one and all before it, however often it is said; your other devices hear of it."""
    await bell.mark_read(context.scope, body.upto)


ROUTES = (
    Route("GET", "/channels/{slug}/notices", list_notices),
    Route("GET", "/channels/{slug}/notices/unread", count_unread),
    Route("POST", "/channels/{slug}/notices/read", read_notices),
)
