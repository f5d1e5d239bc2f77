"""Polls over the API: they are posted with a message; here one votes, closes them, and sees who chose what."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from server.api.community import AuthorShown, OfMessage
from server.api.poll_shapes import PollShown
from server.bodies import Given
from server.context import InChannel
from server.keyset import Cursor, Page, PageQuery
from server.op import Route, op
from tenants.community import voting

TAGS = ("community",)
CURSOR: Cursor[UUID] = Cursor("voters", UUID)
Place = Annotated[int, Field(ge=0, le=99)]


class WhichVoters(PageQuery):
    """A page of those who chose an option, which is named by its place, from 0."""

    option: Place = 0


class Choice(Given):
    """The places of the chosen options, from 0: one, or in a poll that takes `several` any of them."""

    options: Annotated[tuple[Place, ...], Field(max_length=100, examples=[[0]])]


@op("Vote in the poll of a message", tags=TAGS, errors=(403, 404, 409))
async def put_vote(context: InChannel, *, path: OfMessage, body: Choice) -> PollShown:
    """Instead of what you chose before; the same again counts once. 409 `poll_closed` after its end."""
    return PollShown(**await voting.vote(context.scope, path.id, body.options))


@op("Take your vote back", tags=TAGS, errors=(403, 404, 409))
async def delete_vote(context: InChannel, *, path: OfMessage) -> PollShown:
    """However often it is said. 409 `poll_closed` after its end."""
    return PollShown(**await voting.withdraw(context.scope, path.id))


@op("Close a poll early", tags=TAGS, errors=(403, 404))
async def close_poll(context: InChannel, *, path: OfMessage) -> PollShown:
    """Your own, or anybody's for moderators, for good; its result stays."""
    return PollShown(**await voting.close(context.scope, path.id))


@op("Who chose an option", tags=TAGS, errors=(403, 404))
async def list_voters(context: InChannel, *, path: OfMessage, query: WhichVoters) -> Page[AuthorShown]:
    """In the order they first voted, for members. 403 `anonymous` where nobody is told."""
    rows = await voting.voters(
        context.scope, path.id, query.option, after=CURSOR.read(query.after), limit=query.limit + 1
    )
    shown, more = rows[: query.limit], len(rows) > query.limit
    return Page(
        items=[AuthorShown(id=row["id"], name=row["name"], avatar=row["avatar"]) for row in shown],
        next=CURSOR.write(shown[-1]["vote_id"]) if more else None,
    )


ROUTES = (
    Route("PUT", "/channels/{slug}/messages/{id}/vote", put_vote),
    Route("DELETE", "/channels/{slug}/messages/{id}/vote", delete_vote),
    Route("POST", "/channels/{slug}/messages/{id}/poll/close", close_poll),
    Route("GET", "/channels/{slug}/messages/{id}/poll/voters", list_voters),
)
