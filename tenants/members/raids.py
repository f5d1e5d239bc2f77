"""Raids: while one stands, nobody comes in, who is new only reads, and all that moderators set for it ends at once.

Only one stands at a time. That it does comes to those who write with the room's row (`sanctions.raided`).
"""

from datetime import datetime, timedelta, tzinfo

from sqlalchemy import Column, Uuid, bindparam, func, select

from tenants.errors import Forbidden, Said
from tenants.members import zones
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Instant, instant, owned, refers
from tenants.times import Moment

# How long before it began one had to be a member to write, and to post links that nobody looks at first.
NEW, KNOWN = timedelta(days=1), timedelta(days=7)
RAIDS = owned(
    "raids",
    Column("by_member", Uuid, nullable=False),
    Column("ended_by", Uuid),
    instant("began_at", now=True),
    Column("ends_at", Instant, nullable=False),
    instant("ended_at"),
    refers("by_member", "members"),
    refers("ended_by", "members"),
)
_R = RAIDS.c
FACTS = (_R.id, _R.by_member, _R.began_at, _R.ends_at, _R.ended_at)
_STANDING = scoped(select(*FACTS).where(_R.ended_at.is_(None), _R.ends_at > func.now()))
HELD = scoped(select(*FACTS).where(_R.id == bindparam("at")).with_for_update())


async def standing(scope: Scope) -> Record | None:
    """The raid that stands: `id, by_member, began_at, ends_at, ended_at`, or None."""
    return await scope.first(_STANDING)


async def require_calm(scope: Scope) -> None:
    """Pass, or Forbidden `raid` while nobody may come in."""
    if raid := await standing(scope):
        until = Moment(raid["ends_at"], await zones.of(scope, None))
        raise Forbidden(Said("Nobody new comes in until %(until)s. Come back then.", until=until), "raid")


def is_new(raid: Record, joined_at: datetime) -> bool:
    """Whether somebody came too late to write while it stands."""
    return bool(joined_at > raid["began_at"] - NEW)


def is_known(raid: Record, joined_at: datetime) -> bool:
    """Whether somebody's links need nobody to look at them first."""
    return bool(joined_at <= raid["began_at"] - KNOWN)


def silence(raid: Record, zone: tzinfo) -> str:
    """What those who are new are told instead of a place to write, with the end of it in `zone`."""
    return Said("New members only read until %(until)s.", until=Moment(raid["ends_at"], zone))
