"""Progress over the API: what a player played, what a reader has done, and why the percentage is what it is."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from server.api.courses import CoursePath
from server.api.lessons import LessonPath
from server.bodies import Given
from server.context import InChannel
from server.language import words_for_scripts
from server.op import Auth, Route, op
from tenants.certificates import earning
from tenants.courses import progress
from tenants.courses.progress import Progress

TAGS = ("progress",)
Seconds = Annotated[float, Field(ge=0, le=10**6)]


class LessonOfMember(LessonPath):
    """A lesson, and a member who studies it."""

    member: UUID


class Played(Given):
    """What was played since the last report, as intervals in seconds of the film, and where the player stands."""

    intervals: Annotated[
        list[Annotated[list[Seconds], Field(min_length=2, max_length=2)]], Field(max_length=200, examples=[[[0, 9.5]]])
    ]
    position: Seconds


class LessonProgressShown(BaseModel):
    """One lesson; `gaps` were never played, `missing` seconds remain until it is done."""

    model_config = ConfigDict(from_attributes=True)

    lesson_id: UUID
    title: str
    kind: str
    duration: int
    done: bool
    played: list[tuple[float, float]]
    gaps: list[tuple[float, float]]
    position: float
    missing: int


class ProgressShown(BaseModel):
    """A student in a course: `sentence` says why it is `percent`; `done` is the whole course."""

    model_config = ConfigDict(from_attributes=True)

    percent: int
    sentence: str
    done: bool
    lessons: list[LessonProgressShown]


@op("Progress in a course", tags=TAGS, auth=Auth.OPTIONAL)
async def read_progress(context: InChannel, *, path: CoursePath) -> ProgressShown:
    """The caller's own; each published lesson weighs the same."""
    return _shown(await progress.of_course(context.scope, path.course), context)


@op("Report what was played", errors=(409,), tags=TAGS, auth=Auth.OPTIONAL)
async def report_played(context: InChannel, *, path: LessonPath, body: Played) -> ProgressShown:
    """What is played again counts once; a preview records nothing. 409 until the film was examined."""
    return _shown(await earning.report(context.scope, path.lesson, body.intervals, body.position), context)


@op("Mark a lesson done", errors=(409,), tags=TAGS)
async def mark_done(context: InChannel, *, path: LessonPath) -> ProgressShown:
    """For texts, files and embedded pages; 409 for a film that is still to be watched."""
    return _shown(await earning.mark_done(context.scope, path.lesson), context)


@op("Mark a lesson done for a student", errors=(409,), tags=TAGS)
async def complete_lesson(context: InChannel, *, path: LessonOfMember) -> ProgressShown:
    """For those who teach, and for lessons of any kind; 409 when the member is not enrolled."""
    return _shown(await earning.complete(context.scope, path.lesson, path.member), context)


ROUTES = (
    Route("GET", "/channels/{slug}/courses/{course}/progress", read_progress),
    Route("POST", "/channels/{slug}/lessons/{lesson}/progress", report_played),
    Route("POST", "/channels/{slug}/lessons/{lesson}/done", mark_done),
    Route("PUT", "/channels/{slug}/lessons/{lesson}/done/{member}", complete_lesson),
)


def _shown(stands: Progress, context: InChannel) -> ProgressShown:
    said = stands.said_by(words_for_scripts(context.request).message)
    return ProgressShown.model_validate(stands).model_copy(update={"sentence": said})
