"""Snapshots: what a certificate says, taken down when it is issued and the same for ever after."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, func, or_, select

from tenants.channels import channels
from tenants.courses import courses, enrollments, progress
from tenants.courses.lessons import LESSONS
from tenants.members.members import MEMBERS
from tenants.permissions import Role
from tenants.scope import Scope
from tenants.statements import scoped

INK = "#1d222c"
EARNED = "Every lesson of the course is done."
_M, _L = MEMBERS.c, LESSONS.c
_HOLDER = scoped(select(_M.name).where(_M.id == bindparam("id")))
_TEACHER = scoped(
    select(_M.name)
    .where(or_(_M.role == Role.TEACHER, _M.role == Role.OWNER), _M.left_at.is_(None))
    .order_by(case((_M.role == Role.TEACHER, 0), else_=1), _M.id)
    .limit(1)
)
_SECONDS = scoped(
    select(func.coalesce(func.sum(_L.duration_seconds), 0)).where(
        _L.course_id == bindparam("course_id"), _L.state == "published"
    )
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Names as they were on the day: `rule` is how it was earned, `seconds` how much film the course held.

    `slug` is the channel's and `course_slug` the course's, for links; `colour` is `#rrggbb`.
    """

    holder: str
    title: str
    channel: str
    slug: str
    colour: str
    language: str
    course_slug: str
    teacher: str
    rule: str
    seconds: int

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Snapshot":
        """The snapshot that a row keeps."""
        return cls(**kept)

    def write(self) -> dict[str, Any]:
        """The JSON that a row keeps."""
        return asdict(self)

    @property
    def film(self) -> str:
        """How long its films run, in hours and minutes; empty below a minute."""
        hours, minutes = divmod(self.seconds // 60, 60)
        return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))


async def earned(scope: Scope, course_id: UUID, member_id: UUID) -> bool:
    """Whether the rule is met: enrolled, and every published lesson done."""
    if await enrollments.of_member(scope, course_id, member_id) is None:
        return False
    return (await progress.of_course(scope, course_id, member_id)).done


async def take(scope: Scope, course_id: UUID, member_id: UUID) -> Snapshot:
    """The facts of today; NotFound for a member or a course that this channel does not have."""
    holder = (await scope.one(_HOLDER, id=member_id))["name"]
    course, channel = await courses.read(scope, course_id), await channels.read(scope)
    by_rule = await earned(scope, course_id, member_id)
    by_hand = scope.actor.name if scope.actor.member_id and not by_rule else ""
    return Snapshot(
        holder=holder,
        title=course["title"],
        channel=channel["name"],
        slug=channel["slug"],
        colour=channel["brand"].get("colour") or INK,
        language=channel["locale"],
        course_slug=course["slug"],
        teacher=by_hand or await scope.value(_TEACHER) or channel["name"],
        rule=EARNED if by_rule else f"Awarded by the hand of {by_hand or channel['name']}.",
        seconds=int(await scope.value(_SECONDS, course_id=course_id)),
    )
