"""The audience of a room: the members beside the talk, those who teach and keep order first."""

from sqlalchemy import bindparam, case, func, select

from tenants.members.members import BANNED, MEMBERS
from tenants.permissions import Action, Role
from tenants.scope import Record, Scope
from tenants.statements import scoped

MOST_SHOWN = 60
STAFF = (Role.OWNER, Role.ADMIN, Role.TEACHER, Role.MODERATOR)
_STUDENTS_LAST = case({role.value: place for place, role in enumerate(STAFF)}, value=MEMBERS.c.role, else_=len(STAFF))
_FIRST = scoped(
    select(MEMBERS.c.id, MEMBERS.c.name, MEMBERS.c.role, func.count().over().label("total"))
    .where(MEMBERS.c.left_at.is_(None), ~BANNED)
    .order_by(_STUDENTS_LAST, MEMBERS.c.id)
    .limit(bindparam("limit"))
)


async def first(scope: Scope, limit: int = MOST_SHOWN) -> list[Record]:
    """The first members: `id, name, role, total`, where `total` counts all."""
    scope.require(Action.MEMBER_LIST)
    return await scope.all(_FIRST, limit=limit)
