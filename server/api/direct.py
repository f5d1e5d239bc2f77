"""Direct messages over the API: conversations, requests, and whom one has blocked.

What is said in a conversation goes by the calls of any room. No key reaches any of this: it is between people.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.rooms import InSlug, OfRoom, OwnRoomShown
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.limits import POSTING
from server.op import Answer, Route, op
from tenants.community import blocks, direct, direct_standing
from tenants.permissions import Role
from tenants.scope import Record

TAGS = ("direct messages",)
CURSOR: Cursor[tuple[datetime, UUID]] = Cursor("direct", tuple[datetime, UUID])
GroupName = Annotated[str, Field(max_length=1000)]


class OfMember(InSlug):
    """A member of a channel."""

    member: UUID


class TalksQuery(PageQuery):
    """Conversations that you take part in, or those that wait for you to accept."""

    state: Literal["in", "asked"] = "in"


class NewTalk(Given):
    """With whom: one to seven members beside yourself; more than one may have a name."""

    members: Annotated[list[Annotated[UUID, Field(strict=False)]], Field(min_length=1, max_length=20)]
    name: GroupName = ""


class TalkName(Given):
    """What a group is called from now on; empty: by its people."""

    name: GroupName


class OtherShown(BaseModel):
    """One of the others in a conversation."""

    id: UUID
    name: str
    role: Role


class TalkShown(BaseModel):
    """A conversation; its `id` is that of a room.

    `standing` is yours: `in`, `asked`, `declined`; by your block `shut`, or `refused` before it was accepted.
    `accepted` says that one of the others takes part: until then three messages may wait there.
    """

    id: UUID
    slug: str
    name: str
    pair: bool
    standing: str
    accepted: bool
    people: list[OtherShown]
    head_seq: int
    last_at: datetime
    unread: int
    mentions: int
    me: OwnRoomShown


class BlockShown(BaseModel):
    """Whom you have blocked, and since when."""

    id: UUID
    name: str
    role: Role
    at: datetime


@op("Your conversations", tags=TAGS, errors=(403, 404))
async def list_talks(context: InChannel, *, path: InSlug, query: TalksQuery) -> Page[TalkShown]:
    """Those with the newest message first; what was declined, or shut by a block, is in neither list."""
    before = CURSOR.read(query.after)
    rows = await direct.page(context.scope, query.state, before=before, limit=query.limit + 1)
    more = len(rows) > query.limit
    last = rows[query.limit - 1] if more else None
    following = CURSOR.write((last["last_at"], last["id"])) if last else None
    return Page(items=[_talk(row) for row in rows[: query.limit]], next=following)


@op("Open a conversation", status=201, also=(200,), tags=TAGS, limits=(POSTING,), idempotent=Idempotency.TAKEN,
    errors=(403, 404, 409))  # fmt: skip
async def open_talk(context: InChannel, *, path: InSlug, body: NewTalk) -> Answer[TalkShown]:
    """201, or 200 for the one that these people have already. Who opens one that waits for them accepts it."""
    row, made = await direct.open_with(context.scope, body.members, body.name)
    return Answer(_talk(row), status=201 if made else 200)


@op("One conversation", tags=TAGS, errors=(403, 404))
async def read_talk(context: InChannel, *, path: OfRoom) -> TalkShown:
    """That you are in, accepted or not."""
    return _talk(await direct.find(context.scope, path.room))


@op("Name a group", tags=TAGS, errors=(403, 404, 409))
async def name_talk(context: InChannel, *, path: OfRoom, body: TalkName) -> TalkShown:
    """For those in it; a conversation of two is called by the other's name (409)."""
    await direct_standing.rename(context.scope, path.room, body.name)
    return _talk(await direct.find(context.scope, path.room))


@op("Accept a conversation", tags=TAGS, errors=(403, 404))
async def accept_talk(context: InChannel, *, path: OfRoom) -> None:
    """From now on you may answer, and it counts as unread; however often it is said."""
    await direct_standing.accept(context.scope, path.room)


@op("Decline a conversation", tags=TAGS, errors=(403, 404, 409))
async def decline_talk(context: InChannel, *, path: OfRoom) -> None:
    """It leaves your lists, and nobody is told; however often it is said."""
    await direct_standing.decline(context.scope, path.room)


@op("Leave a group", tags=TAGS, errors=(403, 404, 409))
async def leave_talk(context: InChannel, *, path: OfRoom) -> None:
    """For good: nothing of it is seen any more. A conversation of two is not left (409)."""
    await direct_standing.leave(context.scope, path.room)


@op("Whom you have blocked", tags=TAGS, errors=(403, 404))
async def list_blocks(context: InChannel, *, path: InSlug) -> Page[BlockShown]:
    """By name; at most 500."""
    return Page(items=[BlockShown(**dict(row)) for row in await blocks.mine(context.scope)])


@op("Block a member", tags=TAGS, errors=(403, 404, 409))
async def block_member(context: InChannel, *, path: OfMember) -> None:
    """They cannot write to you alone, their mentions do not reach you, and they are not told; however often."""
    await direct_standing.block(context.scope, path.member)


@op("Unblock a member", tags=TAGS, errors=(403, 404))
async def unblock_member(context: InChannel, *, path: OfMember) -> None:
    """However often it is said."""
    await direct_standing.unblock(context.scope, path.member)


ROUTES = (
    Route("GET", "/channels/{slug}/direct", list_talks),
    Route("POST", "/channels/{slug}/direct", open_talk),
    Route("GET", "/channels/{slug}/direct/{room}", read_talk),
    Route("PATCH", "/channels/{slug}/direct/{room}", name_talk),
    Route("PUT", "/channels/{slug}/direct/{room}/accepted", accept_talk),
    Route("PUT", "/channels/{slug}/direct/{room}/declined", decline_talk),
    Route("DELETE", "/channels/{slug}/direct/{room}/me", leave_talk),
    Route("GET", "/channels/{slug}/blocks", list_blocks),
    Route("PUT", "/channels/{slug}/blocks/{member}", block_member),
    Route("DELETE", "/channels/{slug}/blocks/{member}", unblock_member),
)


def _talk(row: Record) -> TalkShown:
    facts = {name: row[name] for name in TalkShown.model_fields if name not in {"people", "me"}}
    own = OwnRoomShown(**{name: row[name] for name in OwnRoomShown.model_fields})
    return TalkShown(**facts, people=[OtherShown(**each) for each in row["people"]], me=own)
