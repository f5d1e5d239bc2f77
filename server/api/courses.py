"""Courses over the API: courses and their sections; drafts are shown to those who edit."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from server.api.members import InChannelPath
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.op import Auth, Route, op
from tenants.billing.prices import Price
from tenants.courses import courses, sections

TAGS = ("courses",)
CURSOR: Cursor[UUID] = Cursor("courses", UUID)
Line = Annotated[str, Field(max_length=1000)]
Text = Annotated[str, Field(max_length=250_000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="The version that this change was made upon.")]
Place = Annotated[int, Field(ge=0, le=10_000, description="Counted from 0; beyond the end is the end.")]


class CoursePath(InChannelPath):
    """A course of a channel."""

    course: UUID


class SectionPath(InChannelPath):
    """A section of a course."""

    section: UUID


class OutcomeGiven(Given):
    """What one can do afterwards, and how one knows."""

    act: Line
    proof: Line = ""


class CourseFields(Given):
    """What may be set of a course; what is left out stays."""

    title: Line = ""
    slug: Line = ""
    summary: Line = ""
    about: Text = ""
    outcomes: Annotated[list[OutcomeGiven], Field(max_length=50, default_factory=list)]
    thumbnail_id: UUID | None = None


class NewCourse(CourseFields):
    """A course to be written; it begins as a draft."""

    title: Line
    slug: Line


class CourseEdit(CourseFields):
    """Changes of a course; 409 `changed_meanwhile` when `version` is not its present one."""

    version: Version


class PriceShown(BaseModel):
    """What is asked, once: `amount` in the smallest unit of `currency`, of which `exponent` digits are a fraction."""

    amount: int
    currency: str
    exponent: int

    @classmethod
    def of(cls, amount: int, currency: str) -> "PriceShown":
        """The price with its currency's exponent."""
        return cls(amount=amount, currency=currency, exponent=Price(amount, currency).exponent)


class Priced(BaseModel):
    """What may have a price; null asks nothing, or for a batch what its course costs."""

    price: PriceShown | None = None

    @model_validator(mode="before")
    @classmethod
    def from_row(cls, row: Any) -> Any:
        """The price of the row's two columns."""
        if not isinstance(row, dict) or row.get("price_amount") is None:
            return row
        return row | {"price": PriceShown.of(row["price_amount"], row["price_currency"])}


class CourseShown(Priced):
    """A course; `about_html` is safe to show as it is."""

    id: UUID
    slug: str
    title: str
    summary: str
    about: str
    about_html: str
    outcomes: list[dict[str, str]]
    thumbnail_id: UUID | None
    state: str
    version: int
    published_at: datetime | None


class NewSection(Given):
    """A section to be added at the end."""

    title: Line


class SectionEdit(NewSection):
    """Another title."""

    version: Version


class MoveGiven(Given):
    """Where to."""

    place: Place


class SectionShown(BaseModel):
    """A section of a course."""

    id: UUID
    course_id: UUID
    title: str
    position: int
    version: int


@op("The courses of a channel", tags=TAGS, auth=Auth.OPTIONAL)
async def list_courses(context: InChannel, *, path: InChannelPath, query: PageQuery) -> Page[CourseShown]:
    """Published courses in the order of their birth, and drafts for those who edit."""
    rows = await courses.page(context.scope, after=CURSOR.read(query.after), limit=query.limit + 1)
    items = [CourseShown(**dict(row)) for row in rows[: query.limit]]
    return Page(items=items, next=CURSOR.write(items[-1].id) if len(rows) > query.limit else None)


@op("Write a course", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def add_course(context: InChannel, *, path: InChannelPath, body: NewCourse) -> CourseShown:
    """A draft, seen by those who edit; 409 when its slug is taken in this channel."""
    return CourseShown(**dict(await courses.add(context.scope, body.title, body.slug, changes_of(body))))


@op("One course", tags=TAGS, auth=Auth.OPTIONAL)
async def read_course(context: InChannel, *, path: CoursePath) -> CourseShown:
    """A course by id."""
    return CourseShown(**dict(await courses.read(context.scope, path.course)))


@op("Change a course", errors=(409,), tags=TAGS)
async def edit_course(context: InChannel, *, path: CoursePath, body: CourseEdit) -> CourseShown:
    """What is given is set, the rest stays."""
    return CourseShown(**dict(await courses.edit(context.scope, path.course, body.version, changes_of(body))))


@op("Publish a course", tags=TAGS)
async def publish_course(context: InChannel, *, path: CoursePath) -> CourseShown:
    """Everybody sees it from now on; again: nothing more happens."""
    return CourseShown(**dict(await courses.publish(context.scope, path.course)))


@op("Take a course back to a draft", tags=TAGS)
async def withdraw_course(context: InChannel, *, path: CoursePath) -> CourseShown:
    """Only those who edit see it from now on."""
    return CourseShown(**dict(await courses.publish(context.scope, path.course, published=False)))


@op("Delete a course that was never published", errors=(409,), tags=TAGS)
async def remove_course(context: InChannel, *, path: CoursePath) -> None:
    """Its sections and lessons go with it; 409 when it was published once."""
    await courses.remove(context.scope, path.course)


@op("The sections of a course", tags=TAGS, auth=Auth.OPTIONAL)
async def list_sections(context: InChannel, *, path: CoursePath) -> Page[SectionShown]:
    """All of them, at most 100, in order."""
    rows = await sections.of_course(context.scope, path.course)
    return Page(items=[SectionShown(**dict(row)) for row in rows])


@op("Add a section", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def add_section(context: InChannel, *, path: CoursePath, body: NewSection) -> SectionShown:
    """It becomes the last one."""
    return SectionShown(**dict(await sections.add(context.scope, path.course, body.title)))


@op("Rename a section", errors=(409,), tags=TAGS)
async def edit_section(context: InChannel, *, path: SectionPath, body: SectionEdit) -> SectionShown:
    """409 `changed_meanwhile` when `version` is not its present one."""
    return SectionShown(**dict(await sections.edit(context.scope, path.section, body.version, body.title)))


@op("Move a section", tags=TAGS)
async def move_section(context: InChannel, *, path: SectionPath, body: MoveGiven) -> None:
    """To a place among the sections of its course."""
    await sections.move(context.scope, path.section, body.place)


@op("Delete an empty section", errors=(409,), tags=TAGS)
async def remove_section(context: InChannel, *, path: SectionPath) -> None:
    """409 while it holds lessons."""
    await sections.remove(context.scope, path.section)


ROUTES = (
    Route("GET", "/channels/{slug}/courses", list_courses),
    Route("POST", "/channels/{slug}/courses", add_course),
    Route("GET", "/channels/{slug}/courses/{course}", read_course),
    Route("PATCH", "/channels/{slug}/courses/{course}", edit_course),
    Route("DELETE", "/channels/{slug}/courses/{course}", remove_course),
    Route("POST", "/channels/{slug}/courses/{course}/publish", publish_course),
    Route("POST", "/channels/{slug}/courses/{course}/withdraw", withdraw_course),
    Route("GET", "/channels/{slug}/courses/{course}/sections", list_sections),
    Route("POST", "/channels/{slug}/courses/{course}/sections", add_section),
    Route("PATCH", "/channels/{slug}/sections/{section}", edit_section),
    Route("DELETE", "/channels/{slug}/sections/{section}", remove_section),
    Route("POST", "/channels/{slug}/sections/{section}/move", move_section),
)


def changes_of(body: Given) -> dict[str, Any]:
    """The fields that were given, but for those that name or guard the change itself."""
    return body.model_dump(exclude_unset=True, exclude={"version", "kind", "section_id"})
