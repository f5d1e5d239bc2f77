"""Films of lessons: every lesson that shows a film is as long as the film, from when that was examined."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, update

from tenants.courses.lesson_fields import LONGEST_SECONDS
from tenants.courses.lessons import LESSONS
from tenants.files import examinations, files
from tenants.scope import Scope
from tenants.statements import scoped

_L = LESSONS.c
_PICTURE = func.coalesce(_L.thumbnail_id, bindparam("picture", type_=Uuid()))
_SHOW = scoped(
    update(LESSONS)
    .where(_L.file_id == bindparam("of_file"))
    .values(duration_seconds=bindparam("seconds"), thumbnail_id=_PICTURE)
)


async def note_found(scope: Scope, file_id: UUID, seconds: float) -> None:
    """Note how long a film or sound is, in whole seconds from 1 to 24 hours."""
    await examinations.note_found(scope, file_id, min(max(round(seconds), 1), LONGEST_SECONDS))


async def show(scope: Scope, file_id: UUID) -> int:
    """Give the lessons that show this file its length and, where they have none, its picture; how many there are.

    A broken film has none: its lessons are marked done by their readers. This runs in a transaction after the one
    that noted the finding, so that a lesson written meanwhile is in sight.
    """
    film = await files.read(scope, file_id)
    if film["examined_at"] is None:
        return 0
    seconds = film["duration_seconds"] or 0
    return await scope.run(_SHOW, of_file=file_id, seconds=seconds, picture=film["thumbnail_id"])
