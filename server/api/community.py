"""Community over the API: messages and reactions."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from server.api.poll_shapes import NewPoll, PollShown
from server.api.rooms import InSlug, OfRoom
from server.bodies import Given
from server.context import AtChannel, InChannel
from server.idempotency import Idempotency
from server.keyset import Page
from server.limits import POSTING
from server.op import Answer, Auth, Route, op
from tenants.community import drafts, edits, history, messages, places, previews, reactions, rooms, voting, withheld
from tenants.errors import Invalid
from tenants.ids import new_id
from tenants.moderation import deleting
from tenants.scope import Record, Scope

TAGS = ("community",)
Seq = Annotated[int, Field(ge=0, le=2**53)]
Reason = Literal["spam", "abuse", "unsafe", "off-topic", "other"]
Body = Annotated[str, Field(max_length=100_000, examples=["Which clay for a first bowl?"])]


class OfMessage(InSlug):
    """A message of a channel."""

    id: UUID


class OfReaction(OfMessage):
    """One emoji under a message."""

    emoji: str


class NewMessage(Given):
    """A message to be posted; `client_id` is the writer's own UUID for it: sent again, it counts once.

    `files` are ids of attachments, at most ten; with them the body may be empty. Of a `poll` the body is the question.
    """

    client_id: UUID
    body: Body = ""
    reply_to: UUID | None = None
    files: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    poll: NewPoll | None = None


class NewWords(Given):
    """The words a message is to have from now on; with the `edited_at` that the writer saw, only instead of those."""

    body: Body
    edited_at: AwareDatetime | None = None

    @property
    def seen(self) -> edits.Seen | None:
        """What the writer saw, if they said so."""
        return edits.Seen(self.edited_at) if "edited_at" in self.model_fields_set else None


class WhyDeleted(Given):
    """Why a moderator deletes another's message: what its author is told; `other` needs words."""

    reason: Reason | None = None
    words: Annotated[str, Field(max_length=2000)] = ""


class Which(Given):
    """Which messages of a room: the newest, those before, after or around a `seq`, or around a day's first."""

    limit: Annotated[int, Field(ge=1, le=100)] = 50
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    on: date | None = Field(None, strict=False)


class PostedShown(BaseModel):
    """Where a message stands."""

    id: UUID
    seq: int


class AuthorShown(BaseModel):
    """Who wrote a message: a member of the channel, or a `program`, which is no member."""

    id: UUID
    name: str
    avatar: str | None
    program: bool = False


class ThreadShown(BaseModel):
    """How many replies a message has, and the last of them."""

    count: int
    last_seq: int | None


class ReactionShown(BaseModel):
    """How many members react with one emoji."""

    emoji: str
    count: int


class FileInMessage(BaseModel):
    """A file of a message; `url` and `thumbnail` lead on, for minutes, those who see the message."""

    id: UUID
    name: str
    kind: Literal["image", "audio", "file"]
    content_type: str
    size: int
    url: str
    width: int | None
    height: int | None
    thumbnail: str | None
    seconds: int | None


class PreviewShown(BaseModel):
    """What the first link of a message leads to, in words."""

    url: str
    title: str
    description: str
    site: str


class VersionShown(BaseModel):
    """Words that a message had, and since when."""

    body: str
    written_at: datetime


class MessageShown(BaseModel):
    """A message; a deleted one keeps its place with an empty body. `preview` is there when there is one."""

    id: UUID
    room: UUID
    seq: int
    author: AuthorShown
    body: str
    html: str
    created_at: str
    edited_at: str | None
    deleted: bool
    hidden: bool
    reply_to: UUID | None
    thread: ThreadShown
    reactions: list[ReactionShown]
    files: list[FileInMessage]
    poll: PollShown | None = None
    preview: PreviewShown | None = None


class WithheldShown(BaseModel):
    """Why one's own message is hidden; its words while a filter holds them, and a moderator has not decided yet."""

    reason: str
    body: str
    html: str


class MessageRead(MessageShown):
    """One message; `withheld` is for its author alone, while it is hidden."""

    withheld: WithheldShown | None = None


@op("Messages of a room", tags=TAGS, auth=Auth.OPTIONAL, errors=(404,))
async def list_messages(context: InChannel, *, path: OfRoom, query: Which) -> Answer[Page[MessageShown]]:
    """The newest page, or the one before, after or around a `seq`, or a day (`on`); each page ascends by `seq`.

    A day is one of the channel's time zone; without a message on it, the next one after counts.
    """
    given = [name for name in ("before", "after", "around", "on") if getattr(query, name) is not None]
    if len(given) > 1:
        raise Invalid.field(f"/query/{given[1]}", "both", "Give one of `before`, `after`, `around` and `on`.")
    rows = await _page(context, path.room, query)
    return Answer(messages.encoded({"items": await voting.shown(context.scope, rows), "next": None}))


@op("Post a message", status=201, also=(200,), tags=TAGS, limits=(POSTING,), idempotent=Idempotency.TAKEN)
async def post_message(context: AtChannel, *, path: OfRoom, body: NewMessage) -> Answer[PostedShown]:
    """201, or 200 with the same answer when your `client_id` stands already: the first words stay."""
    poll = body.poll.asked() if body.poll else None
    draft = await drafts.prepare(body.client_id, body.body, body.reply_to, body.files, poll=poll)
    async with context.scope() as scope:
        if earlier := await context.keyed.recall(scope):
            return earlier
        posted = await messages.post(scope, path.room, draft)
        answer = Answer(PostedShown(id=posted.id, seq=posted.seq), status=200 if posted.again else 201)
        return await context.keyed.keep(scope, answer)


@op("One message", tags=TAGS, auth=Auth.OPTIONAL, errors=(404,))
async def read_message(context: InChannel, *, path: OfMessage) -> Answer[MessageRead]:
    """In a room that you see."""
    scope = context.scope
    row = await messages.find(scope, path.id)
    (shown,) = await voting.shown(scope, [row])
    own = row["hidden_at"] is not None and row["author_id"] == str(scope.actor.member_id)
    return Answer(messages.encoded(shown | {"withheld": await _withheld(scope, path.id) if own else None}))


@op("Change the words of your message", tags=TAGS, limits=(POSTING,), errors=(403, 404, 409))
async def edit_message(context: AtChannel, *, path: OfMessage, body: NewWords) -> Answer[MessageShown]:
    """Only its author may. 409 `edited_meanwhile`, with the message as it is `present`, when you saw other words."""
    draft = await drafts.prepare(new_id(), body.body, bare=True)
    async with context.scope() as scope:
        return await _message(scope, await edits.edit(scope, path.id, draft, body.seen))


@op("The earlier words of a message", tags=TAGS, errors=(403, 404))
async def read_history(context: InChannel, *, path: OfMessage) -> Page[VersionShown]:
    """Oldest first, for its author and for moderators; there are at most 100."""
    rows = await history.read(context.scope, path.id)
    return Page(items=[VersionShown(body=row["body"], written_at=row["written_at"]) for row in rows])


@op("Delete a message", tags=TAGS, errors=(403, 404))
async def delete_message(context: InChannel, *, path: OfMessage, query: WhyDeleted) -> None:
    """Your own, or for a moderator that of anyone below them, who is told the reason; its place stays.

    To undo a moderator's, delete it by an act (`POST …/moderation/acts`), whose id undoes it.
    """
    await deleting.delete(context.scope, path.id, query.reason, query.words)


@op("Take the preview of a link away", tags=TAGS, errors=(403, 404))
async def remove_preview(context: InChannel, *, path: OfMessage) -> None:
    """From your own message, or for a moderator from anybody's; it does not come back."""
    await previews.remove(context.scope, path.id)


@op("React to a message", tags=TAGS, errors=(403, 404, 409))
async def put_reaction(context: InChannel, *, path: OfReaction) -> None:
    """Once per member and emoji, however often it is said."""
    await reactions.put(context.scope, path.id, path.emoji, on=True)


@op("Take a reaction back", tags=TAGS, errors=(403, 404))
async def delete_reaction(context: InChannel, *, path: OfReaction) -> None:
    """However often it is said."""
    await reactions.put(context.scope, path.id, path.emoji, on=False)


ROUTES = (
    Route("GET", "/channels/{slug}/rooms/{room}/messages", list_messages),
    Route("POST", "/channels/{slug}/rooms/{room}/messages", post_message),
    Route("GET", "/channels/{slug}/messages/{id}", read_message),
    Route("PATCH", "/channels/{slug}/messages/{id}", edit_message),
    Route("DELETE", "/channels/{slug}/messages/{id}", delete_message),
    Route("GET", "/channels/{slug}/messages/{id}/history", read_history),
    Route("DELETE", "/channels/{slug}/messages/{id}/preview", remove_preview),
    Route("PUT", "/channels/{slug}/messages/{id}/reactions/{emoji}", put_reaction),
    Route("DELETE", "/channels/{slug}/messages/{id}/reactions/{emoji}", delete_reaction),
)


async def _page(context: InChannel, room_id: UUID, query: Which) -> list[Record]:
    scope, around = context.scope, query.around
    await rooms.find(scope, room_id)
    if query.on is not None:
        around = await places.day_begins(scope, room_id, query.on)
    if around is not None:
        return await places.around(scope, room_id, around, query.limit)
    return await messages.page_of_seen(scope, room_id, before=query.before, after=query.after, limit=query.limit)


async def _withheld(scope: Scope, message_id: UUID) -> dict[str, str] | None:
    """What the author of a hidden message is told of it."""
    kept = (await withheld.of(scope, [message_id])).get(message_id)
    if kept is None:
        return None
    return {"reason": kept["reason"]} | {name: kept[name] if kept["held"] else "" for name in ("body", "html")}


async def _message(scope: Scope, row: Record) -> Answer[MessageShown]:
    (shown,) = await voting.shown(scope, [row])
    return Answer(messages.encoded(shown))
