"""Zones: in whose time a person is told of a time."""

from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.scope import Scope
from tenants.statements import Scoped

_ZONE = Scoped(
    "select coalesce(nullif(p.time_zone, ''), c.time_zone) from channels c"
    " left join profiles p on p.channel_id = $1 and p.member_id = $2 where c.id = $1",
    ("channel_id", "member_id"),
    {},
)


async def of(scope: Scope, member_id: UUID | None) -> ZoneInfo:
    """The zone that a member's profile names, else that of the channel; the latter too for who is no member."""
    return ZoneInfo(await scope.value(_ZONE, member_id=member_id))


async def own(scope: Scope) -> ZoneInfo:
    """That of whoever acts."""
    return await of(scope, scope.actor.member_id)
