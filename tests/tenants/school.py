"""What teaching tests begin with: a published course of three lessons, files in the store, students in it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tenants.batches import batches, seats
from tenants.courses import courses, lessons, sections
from tenants.files import files
from tenants.scope import Tenancy
from tests.world import School, Somebody

TODAY = date.today()  # noqa: DTZ011 - a day of the calendar, far from any midnight that a test could meet


@dataclass(frozen=True, slots=True)
class Taught:
    """A course with one section, and its lessons: a text, a film of 100 seconds, and a free text."""

    id: UUID
    section: UUID
    text: UUID
    film: UUID
    free: UUID
    film_file: UUID


async def make_file(tenancy: Tenancy, school: School, who: Somebody, **fields: Any) -> UUID:
    """A ready file of `who`."""
    given: dict[str, Any] = {"name": "film.mp4", "content_type": "video/mp4", "purpose": "video", "size": 1000}
    given |= fields
    async with tenancy.scope(school.id, who.actor) as scope:
        row = await files.begin(scope, **given)
        await files.finish(scope, row["id"], size=given["size"], crc32c=7)
    return UUID(str(row["id"]))


async def make_course(tenancy: Tenancy, school: School, teacher: Somebody, slug: str = "first-bowl") -> Taught:
    """A published course."""
    film_file = await make_file(tenancy, school, teacher)
    async with tenancy.scope(school.id, teacher.actor) as scope:
        course = (await courses.add(scope, "Your first bowl", slug))["id"]
        section = (await sections.add(scope, course, "Clay"))["id"]
        text = await lessons.add(scope, course, "text", "Wedging", {"body": "Press *firmly*."}, section_id=section)
        film = await lessons.add(
            scope, course, "video", "Centring", {"file_id": film_file, "duration_seconds": 100}, section_id=section
        )
        free = await lessons.add(scope, course, "text", "Welcome", {"body": "Hello.", "free": True}, section_id=section)
        for lesson in (text, film, free):
            await lessons.publish(scope, lesson["id"])
        await courses.publish(scope, course)
    return Taught(course, section, text["id"], film["id"], free["id"], film_file)


async def make_batch(tenancy: Tenancy, school: School, teacher: Somebody, course: Taught, places: int = 0) -> UUID:
    """An open batch that starts next week."""
    async with tenancy.scope(school.id, teacher.actor) as scope:
        row = await batches.add(scope, course.id, "Spring", TODAY + timedelta(days=7), {"seats": places})
    return UUID(str(row["id"]))


async def enrol(tenancy: Tenancy, school: School, who: Somebody, course: Taught, batch: UUID | None = None) -> None:
    """Put a member into the course."""
    async with tenancy.scope(school.id, who.actor) as scope:
        await seats.enroll(scope, course.id, batch)
