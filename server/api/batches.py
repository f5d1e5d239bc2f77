"""Batches over the API: cohorts of a course, enrolling, and who is enrolled."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.courses import CoursePath, Line, Priced, Version, changes_of
from server.api.members import InChannelPath
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Cursor, Page, PageQuery
from server.op import Auth, Route, op
from tenants.batches import batches, seats
from tenants.courses import enrollments

TAGS = ("batches",)
CURSOR: Cursor[UUID] = Cursor("batches", UUID)
STUDENTS: Cursor[UUID] = Cursor("students", UUID)


class BatchPath(InChannelPath):
    """A batch of a course."""

    batch: UUID


class EnrollmentPath(CoursePath):
    """A member in a course."""

    member: UUID


class BatchFields(Given):
    """What may be set of a batch; what is left out stays."""

    name: Line = ""
    starts_on: date = date.min
    ends_on: date | None = None
    seats: Annotated[int, Field(ge=0, le=10**6, description="0 is no limit.")] = 0
    time_zone: Annotated[str, Field(max_length=80, examples=["Europe/Lisbon"])] = "UTC"
    state: Annotated[str, Field(max_length=20, examples=list(batches.STATES))] = "open"


class NewBatch(BatchFields):
    """A batch to be opened."""

    name: Line
    starts_on: date


class BatchEdit(BatchFields):
    """Changes of a batch; 409 `changed_meanwhile` when `version` is not its present one."""

    version: Version


class BatchShown(Priced):
    """A batch; `seats` 0 is no limit."""

    id: UUID
    course_id: UUID
    name: str
    starts_on: date
    ends_on: date | None
    seats: int
    taken: int
    time_zone: str
    state: str
    version: int


class EnrollGiven(Given):
    """Which batch, if any."""

    batch: UUID | None = None


class StudentGiven(EnrollGiven):
    """Who is taken in, and into which batch, if any."""

    member: UUID


class StudentsQuery(PageQuery):
    """Students of one batch, or of the whole course."""

    batch: UUID | None = None


class EnrollmentShown(BaseModel):
    """A member in a course."""

    id: UUID
    member_id: UUID
    course_id: UUID
    batch_id: UUID | None
    state: str
    enrolled_at: datetime
    finished_at: datetime | None


class StudentShown(EnrollmentShown):
    """An enrollment with the student's name."""

    name: str


@op("The batches of a course", tags=TAGS, auth=Auth.OPTIONAL)
async def list_batches(context: InChannel, *, path: CoursePath, query: PageQuery) -> Page[BatchShown]:
    """In the order of their birth, each with the seats that are taken."""
    rows = await batches.page(context.scope, path.course, after=CURSOR.read(query.after), limit=query.limit + 1)
    items = [BatchShown(**dict(row)) for row in rows[: query.limit]]
    return Page(items=items, next=CURSOR.write(items[-1].id) if len(rows) > query.limit else None)


@op("Open a batch", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def add_batch(context: InChannel, *, path: CoursePath, body: NewBatch) -> BatchShown:
    """A cohort with dates in a time zone, and seats."""
    row = await batches.add(context.scope, path.course, body.name, body.starts_on, changes_of(body))
    return BatchShown(**dict(row))


@op("One batch", tags=TAGS, auth=Auth.OPTIONAL)
async def read_batch(context: InChannel, *, path: BatchPath) -> BatchShown:
    """A batch by id."""
    return BatchShown(**dict(await batches.read(context.scope, path.batch)))


@op("Change a batch", errors=(409,), tags=TAGS)
async def edit_batch(context: InChannel, *, path: BatchPath, body: BatchEdit) -> BatchShown:
    """What is given is set; 409 `seats_taken` for fewer seats than are taken."""
    return BatchShown(**dict(await batches.edit(context.scope, path.batch, body.version, changes_of(body))))


@op("Enrol in a course", status=201, errors=(402, 409), tags=TAGS, idempotent=Idempotency.TAKEN)
async def enroll(context: InChannel, *, path: CoursePath, body: EnrollGiven) -> EnrollmentShown:
    """For members; 409 `batch_full`, or 402 `payment_needed` with `price` and `pay_at` for what is to be paid first."""
    return EnrollmentShown(**dict(await seats.enroll(context.scope, path.course, body.batch)))


@op("Leave a course", tags=TAGS)
async def leave_course(context: InChannel, *, path: CoursePath) -> None:
    """Frees the seat; progress is kept for a return."""
    await seats.leave(context.scope, path.course)


@op("The students of a course", tags=TAGS)
async def list_students(context: InChannel, *, path: CoursePath, query: StudentsQuery) -> Page[StudentShown]:
    """In the order they enrolled; for those who manage batches."""
    rows = await enrollments.page(
        context.scope, path.course, batch_id=query.batch, after=STUDENTS.read(query.after), limit=query.limit + 1
    )
    items = [StudentShown(**dict(row)) for row in rows[: query.limit]]
    return Page(items=items, next=STUDENTS.write(items[-1].id) if len(rows) > query.limit else None)


@op("Take a student into a course", status=201, errors=(409,), tags=TAGS, idempotent=Idempotency.TAKEN)
async def add_student(context: InChannel, *, path: CoursePath, body: StudentGiven) -> EnrollmentShown:
    """By hand, for those who manage batches; nothing is to be paid."""
    return EnrollmentShown(**dict(await seats.admit(context.scope, path.course, body.member, body.batch)))


@op("Take a student out of a course", tags=TAGS)
async def remove_student(context: InChannel, *, path: EnrollmentPath) -> None:
    """Frees the seat; for those who manage batches."""
    await seats.leave(context.scope, path.course, path.member)


ROUTES = (
    Route("GET", "/channels/{slug}/courses/{course}/batches", list_batches),
    Route("POST", "/channels/{slug}/courses/{course}/batches", add_batch),
    Route("GET", "/channels/{slug}/batches/{batch}", read_batch),
    Route("PATCH", "/channels/{slug}/batches/{batch}", edit_batch),
    Route("POST", "/channels/{slug}/courses/{course}/enroll", enroll),
    Route("DELETE", "/channels/{slug}/courses/{course}/enroll", leave_course),
    Route("GET", "/channels/{slug}/courses/{course}/students", list_students),
    Route("POST", "/channels/{slug}/courses/{course}/students", add_student),
    Route("DELETE", "/channels/{slug}/courses/{course}/students/{member}", remove_student),
)
