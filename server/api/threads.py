"""Threads over the API: the replies to a message, and the threads that one follows."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.community import MessageShown, OfMessage, Seq
from server.api.rooms import InSlug
from server.bodies import Given
from server.context import InChannel
from server.keyset import Cursor, Page, PageQuery, Then
from server.op import Answer, Auth, Route, op
from tenants.community import messages, threads, voting
from tenants.community.following import Standing
from tenants.errors import Invalid

TAGS = ("community",)
CURSOR: Cursor[tuple[datetime, UUID]] = Cursor("threads", tuple[Then, UUID])


class WhichReplies(Given):
    """Which replies: the newest, those before a `seq`, or those after one."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    before: Seq | None = None
    after: Seq | None = None


class ReadUpto(Given):
    """How far a thread was read."""

    seq: Seq


class StandingShown(BaseModel):
    """How far you have read a thread, and whether you follow it."""

    last_seq: int
    following: bool


class FollowedShown(BaseModel):
    """A thread that you follow: the message it began with, and how many replies you have not read."""

    root: MessageShown
    last_at: datetime
    unread: int


class WaitingShown(BaseModel):
    """In how many of the threads that you follow there are replies you have not read, counted up to a hundred."""

    threads: int


@op("The replies to a message", tags=TAGS, auth=Auth.OPTIONAL, errors=(404,))
async def read_thread(context: InChannel, *, path: OfMessage, query: WhichReplies) -> Answer[Page[MessageShown]]:
    """The newest page, or the one before or after a `seq`; each page ascends by `seq`."""
    if query.before is not None and query.after is not None:
        raise Invalid.field("/query/after", "both", "Give `before` or `after`, not both.")
    thread = await threads.read(context.scope, path.id, before=query.before, after=query.after, limit=query.limit)
    items = await voting.shown(context.scope, thread.replies)
    return Answer(messages.encoded({"items": items, "next": None}))


@op("The threads that you follow", tags=TAGS, errors=(403, 404))
async def list_threads(context: InChannel, *, path: InSlug, query: PageQuery) -> Answer[Page[FollowedShown]]:
    """Those with the latest reply first. You follow what you began, wrote in or were mentioned in."""
    rows = await threads.followed(context.scope, before=CURSOR.read(query.after), limit=query.limit + 1)
    shown, last = rows[: query.limit], rows[query.limit - 1] if len(rows) > query.limit else None
    whole = await voting.shown(context.scope, [list(row)[:-2] for row in shown])
    items = [
        {"root": root, "last_at": row["thread_last_at"], "unread": row["unread"]}
        for root, row in zip(whole, shown, strict=True)
    ]
    cursor = CURSOR.write((last["thread_last_at"], UUID(last["id"]))) if last else None
    return Answer(messages.encoded({"items": items, "next": cursor}))


@op("How many threads have unread replies", tags=TAGS, errors=(403, 404))
async def count_threads(context: InChannel, *, path: InSlug) -> WaitingShown:
    """Of those that you follow."""
    return WaitingShown(threads=await threads.waiting(context.scope))


@op("Mark a thread as read", tags=TAGS, errors=(403, 404))
async def mark_thread(context: InChannel, *, path: OfMessage, body: ReadUpto) -> StandingShown:
    """The mark only moves forward, and never past the last reply. Who follows nothing here has none."""
    return _standing(await threads.mark_read(context.scope, path.id, body.seq))


@op("Follow a thread", tags=TAGS, errors=(403, 404))
async def follow_thread(context: InChannel, *, path: OfMessage) -> None:
    """However often it is said."""
    await threads.follow(context.scope, path.id, on=True)


@op("Follow a thread no more", tags=TAGS, errors=(403, 404))
async def leave_thread(context: InChannel, *, path: OfMessage) -> None:
    """Until you write in it again."""
    await threads.follow(context.scope, path.id, on=False)


ROUTES = (
    Route("GET", "/channels/{slug}/threads", list_threads),
    Route("GET", "/channels/{slug}/threads/unread", count_threads),
    Route("GET", "/channels/{slug}/messages/{id}/thread", read_thread),
    Route("PUT", "/channels/{slug}/messages/{id}/thread/read", mark_thread),
    Route("PUT", "/channels/{slug}/messages/{id}/thread/follow", follow_thread),
    Route("DELETE", "/channels/{slug}/messages/{id}/thread/follow", leave_thread),
)


def _standing(found: Standing) -> StandingShown:
    return StandingShown(last_seq=found.last_seq, following=found.following)
