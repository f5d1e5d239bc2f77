"""Channels over the API: the public list, founding one, its landing page's facts, its settings, joining and leaving."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.members import MemberShown
from server.bodies import Given
from server.context import AsPerson, InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.limits import FOUNDING
from server.op import Answer, Auth, Route, op
from tenants import directory
from tenants.batches import landing, seats
from tenants.channels import channels
from tenants.members import founding, members
from tenants.permissions import Actor

TAGS = ("channels",)
CURSOR: Cursor[UUID] = Cursor("channels", UUID)
Name = Annotated[str, Field(max_length=500, examples=["Clay & Fire"])]
Slug = Annotated[str, Field(max_length=100, examples=["clay-and-fire"])]
Text = Annotated[str, Field(max_length=60_000)]


class ChannelPath(Given):
    """A channel by its slug."""

    slug: Annotated[str, Field(max_length=100)]


class BrandGiven(Given):
    """Parts of a brand: `#rrggbb` colours and ids of uploaded files; null takes one away."""

    colour: Annotated[str, Field(max_length=20)] | None = None
    accent: Annotated[str, Field(max_length=20)] | None = None
    logo: UUID | None = None
    cover: UUID | None = None


class SettingsGiven(Given):
    """Settings of a channel; what is left out stays."""

    name: Name = ""
    tagline: Name = ""
    about: Text = ""
    brand: BrandGiven = BrandGiven()
    landing: Annotated[dict[str, Any], Field(default_factory=dict)]
    locale: Annotated[str, Field(max_length=20)] = ""
    time_zone: Annotated[str, Field(max_length=80)] = ""
    listed: bool = True
    link_previews: bool = True


class NewChannel(SettingsGiven):
    """A channel to be founded: its name and slug, and any of its settings."""

    name: Name
    slug: Slug


class ChannelListed(BaseModel):
    """A channel of the public list."""

    id: UUID
    slug: str
    name: str
    tagline: str
    brand: dict[str, Any]
    locale: str


class ChannelFacts(ChannelListed):
    """A channel and what of its settings anybody may know."""

    about: str
    landing: dict[str, Any]
    time_zone: str
    listed: bool


class ChannelShown(ChannelFacts):
    """A channel and its settings; with `link_previews` rooms show what links in messages lead to."""

    link_previews: bool


class LessonLine(BaseModel):
    """A lesson as the landing page lists it."""

    id: UUID
    title: str
    kind: str
    duration_seconds: int
    free: bool


class SectionLines(BaseModel):
    """A section and its published lessons."""

    id: UUID
    title: str
    lessons: list[LessonLine]


class CourseOffered(BaseModel):
    """A published course with its outline."""

    id: UUID
    slug: str
    title: str
    summary: str
    about_html: str
    outcomes: list[dict[str, str]]
    thumbnail_id: UUID | None
    sections: list[SectionLines]
    price_amount: int | None
    price_currency: str | None


class BatchOffered(BaseModel):
    """A batch still to come; `seats` 0 is no limit. Without a price of its own it costs what its course does."""

    id: UUID
    course_id: UUID
    name: str
    starts_on: str
    ends_on: str | None
    seats: int
    taken: int
    time_zone: str
    price_amount: int | None
    price_currency: str | None


class TeacherNamed(BaseModel):
    """One who teaches here."""

    id: UUID
    name: str
    role: str


class ChannelPage(ChannelFacts):
    """All that anybody may see of a channel."""

    courses: list[CourseOffered]
    batches: list[BatchOffered]
    teachers: list[TeacherNamed]


class Joined(BaseModel):
    """The membership of the one who joined."""

    member: MemberShown


@op("The public channels", tags=TAGS, auth=Auth.OPTIONAL)
async def list_channels(context: AsPerson, *, query: PageQuery) -> Page[ChannelListed]:
    """Channels that are open and listed, in the order of their birth."""
    rows = await directory.channels_listed(context.tenancy, after=CURSOR.read(query.after), limit=query.limit + 1)
    items = [ChannelListed(**dict(row)) for row in rows[: query.limit]]
    return Page(items=items, next=CURSOR.write(items[-1].id) if len(rows) > query.limit else None)


@op("Found a channel", status=201, errors=(409,), tags=TAGS, limits=(FOUNDING,), idempotent=Idempotency.TAKEN)
async def found_channel(context: AsPerson, *, body: NewChannel) -> Answer[ChannelShown]:
    """The caller becomes its owner. 409 when the slug is taken, or looks like one that is."""
    person = context.person
    actor = Actor(person_id=person.person_id, name=person.name, session_id=person.session_id)
    settings = body.model_dump(exclude_unset=True, exclude={"name", "slug"})
    async with founding.birthplace(context.tenancy, actor) as scope:
        if earlier := await context.keyed.recall(scope):
            return earlier
        made = await founding.found_within(scope, body.name, body.slug, settings)
        return await context.keyed.keep(scope, ChannelShown(**dict(made)))


@op("A channel and what it offers", tags=TAGS, auth=Auth.OPTIONAL)
async def read_channel(context: InChannel, *, path: ChannelPath) -> Answer[ChannelPage]:
    """The facts of its landing page: settings, published courses with outlines, coming batches, teachers."""
    return Answer(await landing.written(context.scope))


@op("Change a channel's settings", tags=TAGS)
async def edit_channel(context: InChannel, *, path: ChannelPath, body: SettingsGiven) -> ChannelShown:
    """What is given is set, the rest stays; parts of the brand are set one by one."""
    return ChannelShown(**dict(await channels.edit(context.scope, body.model_dump(exclude_unset=True))))


@op("Join a channel", status=201, also=(200,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def join_channel(context: InChannel, *, path: ChannelPath) -> Answer[Joined]:
    """201 for a new member, 200 for one already; 403 `banned` for one who is banned."""
    known = context.scope.actor.member_id is not None
    member = await members.join(context.scope)
    return Answer(Joined(member=MemberShown.of(member)), 200 if known else 201)


@op("Leave a channel", errors=(409,), tags=TAGS)
async def leave_channel(context: InChannel, *, path: ChannelPath) -> None:
    """Ends the membership and frees the seats of its enrollments; 409 for the last owner."""
    await seats.leave_channel(context.scope)


ROUTES = (
    Route("GET", "/channels", list_channels),
    Route("POST", "/channels", found_channel),
    Route("GET", "/channels/{slug}", read_channel),
    Route("PATCH", "/channels/{slug}", edit_channel),
    Route("POST", "/channels/{slug}/join", join_channel),
    Route("POST", "/channels/{slug}/leave", leave_channel),
)
