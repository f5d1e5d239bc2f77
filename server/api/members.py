"""Members over the API: the list, roles, names and bans."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from server.bodies import Given
from server.context import InChannel
from server.keyset import Cursor, Page, PageQuery
from server.op import Route, op
from tenants.community import renaming
from tenants.members import bans, members, roles
from tenants.moderation import lifting
from tenants.permissions import Action, Role, why
from tenants.scope import Record

TAGS = ("members",)
CURSOR: Cursor[UUID] = Cursor("members", UUID)


class InChannelPath(Given):
    """A channel by its slug."""

    slug: Annotated[str, Field(max_length=100)]


class MemberPath(InChannelPath):
    """A member of a channel."""

    member: UUID


class MembersQuery(PageQuery):
    """A page of members; with `q`, of those who have a word in their name that begins so."""

    q: Annotated[str, Field(max_length=80)] = ""


class MemberEdit(Given):
    """Another role, another name, or both."""

    role: Role | None = Field(None, strict=False)
    name: Annotated[str, Field(max_length=500)] | None = None


class BanGiven(Given):
    """Why, and until when; without an end it is for good."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    until: AwareDatetime | None = None


class BanShown(BaseModel):
    """A ban as moderators see it."""

    since: datetime
    until: datetime | None
    reason: str | None


class MemberShown(BaseModel):
    """A member; `ban` is told only to those who may ban."""

    id: UUID
    name: str
    role: Role
    joined_at: datetime
    ban: BanShown | None = None

    @classmethod
    def of(cls, row: Record, *, bans_too: bool = False) -> "MemberShown":
        """A row as it is shown."""
        shown: dict[str, Any] = {name: row[name] for name in ("id", "name", "role", "joined_at")}
        if bans_too and row["banned_at"] is not None:
            shown["ban"] = BanShown(since=row["banned_at"], until=row["banned_until"], reason=row["ban_reason"])
        return cls(**shown)


@op("The members of a channel", tags=TAGS)
async def list_members(context: InChannel, *, path: InChannelPath, query: MembersQuery) -> Page[MemberShown]:
    """Members in the order they first joined; with `q`, those who may be called so."""
    after, called = CURSOR.read(query.after), query.q.strip()
    rows = await members.page(context.scope, after=after, limit=query.limit + 1, called=called)
    bans_too = why(context.scope.actor, Action.MEMBER_BAN).allowed
    items = [MemberShown.of(row, bans_too=bans_too) for row in rows[: query.limit]]
    return Page(items=items, next=CURSOR.write(items[-1].id) if len(rows) > query.limit else None)


@op("One member", tags=TAGS)
async def read_member(context: InChannel, *, path: MemberPath) -> MemberShown:
    """A member by id."""
    row = await members.read(context.scope, path.member)
    return MemberShown.of(row, bans_too=why(context.scope.actor, Action.MEMBER_BAN).allowed)


@op("Change a member's role or name", errors=(409,), tags=TAGS)
async def edit_member(context: InChannel, *, path: MemberPath, body: MemberEdit) -> MemberShown:
    """Nobody gives a role above their own; the last owner stays one (409)."""
    if body.role is not None:
        await roles.change(context.scope, path.member, body.role)
    if body.name is not None:
        await members.rename(context.scope, path.member, body.name)
        await renaming.announce(context.scope, path.member)
    return MemberShown.of(await members.read(context.scope, path.member))


@op("Ban a member", errors=(409,), tags=TAGS)
async def ban_member(context: InChannel, *, path: MemberPath, body: BanGiven) -> MemberShown:
    """Their sockets and their access end at once; again: the reason and the end are replaced."""
    return MemberShown.of(await bans.ban(context.scope, path.member, body.reason, body.until), bans_too=True)


@op("Lift a ban", errors=(409,), tags=TAGS)
async def unban_member(context: InChannel, *, path: MemberPath) -> None:
    """They may come back; an appeal against the ban is settled by it. Nothing happens to one who is not banned."""
    await lifting.unban(context.scope, path.member)


ROUTES = (
    Route("GET", "/channels/{slug}/members", list_members),
    Route("GET", "/channels/{slug}/members/{member}", read_member),
    Route("PATCH", "/channels/{slug}/members/{member}", edit_member),
    Route("PUT", "/channels/{slug}/members/{member}/ban", ban_member),
    Route("DELETE", "/channels/{slug}/members/{member}/ban", unban_member),
)
