"""The people of a channel over the API: the directory, and profiles."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.direct import OfMember
from server.api.rooms import InSlug
from server.bodies import Given
from server.context import AtChannel, InChannel
from server.keyset import Cursor, Page, PageQuery
from server.op import Route, op
from tenants import links
from tenants.community import renaming
from tenants.errors import Invalid
from tenants.files import files
from tenants.members import profiles
from tenants.permissions import Role
from tenants.scope import Record, Scope

TAGS = ("members",)
UNSHOWN = "This is no picture that can be shown, or it is kept no longer. Choose another PNG, JPEG or WebP."
CURSOR: Cursor[tuple[str, UUID]] = Cursor("people", tuple[str, UUID])


class PeopleQuery(PageQuery):
    """A page of people by name; with `q`, of whom a word of the name begins so; with `role`, in that one."""

    q: Annotated[str, Field(max_length=80)] = ""
    role: Role | None = Field(None, strict=False)


class LinkGiven(Given):
    """An address on the web, and what it is called."""

    url: Annotated[str, Field(max_length=1000, examples=["https://zoe.example"])]
    label: Annotated[str, Field(max_length=200)] = ""


class ProfileEdit(Given):
    """What you say of yourself here; what is left out stays. `picture` is an upload as `picture`, null for none."""

    pronouns: Annotated[str, Field(max_length=200)] = ""
    about: Annotated[str, Field(max_length=20_000)] = ""
    links: Annotated[list[LinkGiven], Field(max_length=20)] = Field(default_factory=list)
    time_zone: Annotated[str, Field(max_length=100)] = ""
    picture: UUID | None = Field(None, strict=False)
    shows_seen: bool = False


class PersonShown(BaseModel):
    """A member in the directory; `avatar` is good for members of the channel."""

    id: UUID
    name: str
    role: Role
    avatar: str | None


class LinkShown(BaseModel):
    """An address on the web that a member gave."""

    url: str
    label: str


class ProfileShown(PersonShown):
    """What a member says of themselves; `about` is Markdown, `html` what becomes of it; `time_zone` may be empty.

    `seen_at` is when they were last connected, for those alone who let it be seen (`shows_seen`).
    """

    pronouns: str
    about: str
    html: str
    links: list[LinkShown]
    time_zone: str
    shows_seen: bool
    seen_at: datetime | None


@op("The people of a channel", tags=TAGS, errors=(403, 404))
async def list_people(context: InChannel, *, path: InSlug, query: PeopleQuery) -> Page[PersonShown]:
    """By name."""
    roles = (query.role,) if query.role else ()
    after, called = CURSOR.read(query.after), query.q.strip()
    rows = await profiles.page(context.scope, called=called, roles=roles, after=after, limit=query.limit + 1)
    return Page(items=[_person(row) for row in rows[: query.limit]], next=following(rows, query.limit))


@op("A member's profile", tags=TAGS, errors=(403, 404))
async def read_profile(context: InChannel, *, path: OfMember) -> ProfileShown:
    """For members, as long as the one asked for is one too."""
    return _profile(await profiles.read(context.scope, path.member))


@op("Change your profile", tags=TAGS, errors=(403, 404, 413))
async def edit_profile(context: AtChannel, *, path: InSlug, body: ProfileEdit) -> ProfileShown:
    """Your own alone. A new picture is shown as soon as it was looked at and written anew, on open pages too."""
    given = body.model_dump(exclude_unset=True, mode="python")
    async with context.scope() as scope:
        await save(scope, context.channel.slug, await prepared(given))
        return _profile(await profiles.read(scope, scope.member_id()))


async def prepared(given: dict[str, Any]) -> dict[str, Any]:
    """What is given of a profile, rendered off the event loop; `picture` stays as it is."""
    return await asyncio.to_thread(profiles.prepare, given)


async def save(scope: Scope, slug: str, clean: dict[str, Any]) -> None:
    """Set one's own profile, and have open pages show a new picture."""
    if "picture" in clean:
        clean["picture"] = await _picture(scope, slug, clean["picture"])
    await profiles.put(scope, clean)
    if "picture" in clean:
        await renaming.announce(scope, scope.member_id())


def following(rows: list[Record], limit: int) -> str | None:
    """The cursor behind a page, of rows that may be one more than it."""
    return CURSOR.write((rows[limit - 1]["sorted"], rows[limit - 1]["id"])) if len(rows) > limit else None


ROUTES = (
    Route("GET", "/channels/{slug}/people", list_people),
    Route("GET", "/channels/{slug}/members/{member}/profile", read_profile),
    Route("PATCH", "/channels/{slug}/profile", edit_profile),
)


async def _picture(scope: Scope, slug: str, file_id: UUID | None) -> tuple[UUID, str | None] | None:
    """One's own finished upload, and its address once it may be shown; NotFound for another's, Invalid for a fault."""
    if file_id is None:
        return None
    try:
        row = await files.ready(scope, file_id, ("picture",), "/picture")
    except Invalid as refusal:
        # What was looked at and is no picture is let go of soon, and its fault with it.
        raise Invalid.field("/picture", refusal.errors[0].code, UNSHOWN) from None
    await files.uploading(scope, file_id)
    if row["fault"] is not None:
        raise Invalid.field("/picture", "no_picture", row["fault"])
    return row["id"], links.file(slug, row["id"]) if files.shows(row) else None


def _person(row: Any) -> PersonShown:
    return PersonShown(**{name: row[name] for name in PersonShown.model_fields})


def _profile(row: dict[str, Any]) -> ProfileShown:
    facts = {name: row[name] for name in ProfileShown.model_fields if name != "html"}
    return ProfileShown(**facts, html=row["about_html"])
