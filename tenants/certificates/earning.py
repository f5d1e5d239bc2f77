"""Earning: progress that may end in a certificate. What reports progress calls these, never `progress` itself."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select

from tenants.certificates import certificates
from tenants.courses import progress
from tenants.courses.lessons import LESSONS
from tenants.courses.progress import Progress
from tenants.scope import Scope
from tenants.statements import scoped

_COURSE_OF = scoped(select(LESSONS.c.course_id).where(LESSONS.c.id == bindparam("id")))


async def report(scope: Scope, lesson_id: UUID, intervals: Sequence[Sequence[float]], position: float) -> Progress:
    """As `progress.report`; the last second of a course brings the certificate."""
    stands = await progress.report(scope, lesson_id, intervals, position)
    return await _rewarded(scope, lesson_id, scope.actor.member_id, stands)


async def mark_done(scope: Scope, lesson_id: UUID) -> Progress:
    """As `progress.mark_done`; the last lesson of a course brings the certificate."""
    stands = await progress.mark_done(scope, lesson_id)
    return await _rewarded(scope, lesson_id, scope.actor.member_id, stands)


async def complete(scope: Scope, lesson_id: UUID, member_id: UUID) -> Progress:
    """As `progress.complete`; the last lesson of a course brings its student the certificate."""
    return await _rewarded(scope, lesson_id, member_id, await progress.complete(scope, lesson_id, member_id))


async def _rewarded(scope: Scope, lesson_id: UUID, member_id: UUID | None, stands: Progress) -> Progress:
    if stands.done and member_id is not None:
        course_id = await scope.value(_COURSE_OF, id=lesson_id)
        await certificates.award_if_earned(scope, course_id, member_id)
    return stands
