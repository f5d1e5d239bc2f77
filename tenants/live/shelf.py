"""The shelf: the section of a course in which its recordings stand as lessons."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.courses import lessons, sections
from tenants.courses.lesson_fields import LONGEST_SECONDS
from tenants.scope import Record, Scope
from tenants.texts import LINE_LENGTH

SECTION = "Recordings"


async def put_on_shelf(scope: Scope, recording: Record, seconds: int) -> Record:
    """A published lesson with the recording, at the end of the course's section of that name, made if it is missing."""
    section_id = await _section(scope, recording["course_id"])
    shown = {
        "file_id": recording["file_id"],
        "thumbnail_id": recording["thumbnail_id"],
        "duration_seconds": min(max(seconds, 1), LONGEST_SECONDS),
    }
    began = recording["started_at"] or recording["starts_at"]
    title = titled(recording["class_title"], began, recording["time_zone"])
    lesson = await lessons.add(scope, recording["course_id"], "recording", title, shown, section_id=section_id)
    return await lessons.publish(scope, lesson["id"])


def titled(class_title: str, began: datetime, time_zone: str) -> str:
    """The class and its day, where it was held: `Centring, 2026-11-21`; a long name is cut, never the day."""
    day = began.astimezone(ZoneInfo(time_zone)).date().isoformat()
    return f"{class_title[: LINE_LENGTH - len(day) - 2].rstrip()}, {day}"


async def _section(scope: Scope, course_id: UUID) -> UUID:
    await sections.hold_outline(scope, course_id)
    for section in await sections.of_course(scope, course_id):
        if section["title"] == SECTION:
            return UUID(str(section["id"]))
    made = await sections.add(scope, course_id, SECTION)
    return UUID(str(made["id"]))
