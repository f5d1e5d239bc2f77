"""Sanctions: what holds a writer back: a mute of their own, the slow mode of a room, a raid on the whole channel.

All that stands in somebody's way comes with the room's row (`RESTRAINED`), so that most posts pay nothing for it.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer, Uuid, bindparam, delete, func, or_, select
from sqlalchemy.dialects.postgresql import array, insert

from tenants.errors import Forbidden, Said, TooFast
from tenants.ids import new_id
from tenants.members import zones
from tenants.permissions import Role
from tenants.scope import Record, Scope
from tenants.statements import CHANNEL, scoped, within
from tenants.tables import binds, instant, owned, refers, text
from tenants.times import Moment

RESTRAINTS = owned(
    "restraints",
    # Whom it holds back: a member, everybody in a room, or in the channel.
    Column("subject", Uuid, nullable=False),
    text("kind"),
    instant("until"),
    Column("seconds", Integer),
    text("reason", default=""),
)
PACES = owned(
    "paces",
    Column("room_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    instant("last_at", now=True),
    refers("room_id", "rooms"),
    refers("member_id", "members"),
)
# What makes students wait between two messages.
PACED = ("slow", "raid")
_R = RESTRAINTS.c
_STANDS = or_(_R.until.is_(None), _R.until > func.now())
_ONE = scoped(
    select(_R.until, _R.seconds, _R.reason).where(
        _R.subject == bindparam("subject"), _R.kind == bindparam("kind"), _STANDS
    )
)
_NEW = insert(RESTRAINTS).values(**binds("id", "subject", "kind", "until", "seconds", "reason"))
_PUT = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "subject", "kind"],
        set_={name: _NEW.excluded[name] for name in ("until", "seconds", "reason")},
    )
)
_LIFT = scoped(delete(RESTRAINTS).where(_R.subject == bindparam("subject"), _R.kind == bindparam("kind")))
_STEP = insert(PACES).values(**binds("id", "room_id", "member_id"))
_PACED = scoped(
    _STEP.on_conflict_do_update(
        index_elements=["channel_id", "room_id", "member_id"],
        set_={"last_at": func.clock_timestamp()},
        where=PACES.c.last_at <= func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, bindparam("seconds")),
    ).returning(PACES.c.id)
)
_LAST = scoped(
    select(PACES.c.last_at).where(PACES.c.room_id == bindparam("room_id"), PACES.c.member_id == bindparam("member_id"))
)


def restrained(me: Any, room: Any) -> Any:
    """The column `restraints` of a select of rooms: what holds `me` back in `room`, as a list, or NULL."""
    facts = {name: _R[name] for name in ("kind", "until", "seconds", "reason")}
    each = func.jsonb_build_object(*(part for name, column in facts.items() for part in (name, column)))
    return (
        within(select(func.jsonb_agg(each)).where(_R.subject == func.any(array([me, room, CHANNEL])), _STANDS))
        .correlate(room.table)
        .scalar_subquery()
        .label("restraints")
    )


def is_staff(scope: Scope) -> bool:
    """Whether the actor keeps order or teaches: no pace holds them back."""
    return scope.actor.system is not None or scope.actor.role not in {None, Role.STUDENT}


async def require_unmuted(scope: Scope, room: Record) -> None:
    """Pass, or Forbidden `muted`, which says why and until when."""
    if mute := _of_kind(room, "mute"):
        zone = await zones.own(scope)
        raise Forbidden(muted_words(mute["reason"], mute["until"], zone), "muted", until=mute["until"])


def muted_until(room: Record) -> datetime | None:
    """Until when the member is muted, by a room's `restraints`; None when they are not."""
    mute = _of_kind(room, "mute")
    return datetime.fromisoformat(mute["until"]) if mute and mute["until"] else None


def said_of(room: Record, zone: tzinfo = UTC) -> tuple[str, int]:
    """Of a room's `restraints`: why the member is muted, if they are, and the seconds between two messages, or 0."""
    mute = _of_kind(room, "mute")
    paces = [each["seconds"] for each in room["restraints"] or () if each["kind"] in PACED]
    return muted_words(mute["reason"], mute["until"], zone) if mute else "", max(paces, default=0)


def filtered(room: Record) -> str | None:
    """The version of the filters that stand in the channel of a room, by its `restraints`; None without any."""
    found = _of_kind(room, "filters")
    return found["reason"] if found else None


def raided(room: Record) -> bool:
    """Whether the channel of a room is in raid mode, by its `restraints`."""
    return _of_kind(room, "raid") is not None


def is_heard(room: Record) -> bool:
    """Whether programs listen for what is posted in the channel of a room, by its `restraints`."""
    return _of_kind(room, "webhooks") is not None


def _of_kind(room: Record, kind: str) -> dict[str, Any] | None:
    return next((each for each in room["restraints"] or () if each["kind"] == kind), None)


async def require_may_write(scope: Scope, room: Record) -> None:
    """Pass, or Forbidden `muted`, or TooFast in a slowed room; to be called once for each new message."""
    if room["restraints"] is None:
        return
    await require_unmuted(scope, room)
    paces = [each["seconds"] for each in room["restraints"] if each["kind"] in PACED]
    if paces and not is_staff(scope):
        await _keep_pace(scope, room["id"], max(paces))


def muted_words(reason: str, until: str | datetime | None, zone: tzinfo = UTC) -> str:
    """What a muted member is told instead of a place to write, with the end of it in `zone`."""
    if until is None:
        return Said("You are muted here: %(reason)s", reason=reason)
    end = datetime.fromisoformat(until) if isinstance(until, str) else until
    return Said("You are muted until %(until)s: %(reason)s", until=Moment(end, zone), reason=reason)


async def find(scope: Scope, subject: UUID, kind: str) -> dict[str, Any] | None:
    """What holds a member (`mute`) or a room (`slow`) back now: `until, seconds, reason`, or None."""
    row = await scope.first(_ONE, subject=subject, kind=kind)
    return dict(row) if row else None


async def put(
    scope: Scope, subject: UUID, kind: str, *, until: datetime | None = None, seconds: int | None = None,
    reason: str = "",
) -> None:  # fmt: skip
    """Hold back; what stood before is replaced. Whoever calls has seen the right to."""
    await scope.run(_PUT, id=new_id(), subject=subject, kind=kind, until=until, seconds=seconds, reason=reason)


async def lift(scope: Scope, subject: UUID, kind: str) -> None:
    """Hold back no more, however often it is said."""
    await scope.run(_LIFT, subject=subject, kind=kind)


async def _keep_pace(scope: Scope, room_id: UUID, seconds: int) -> None:
    """Note that the member writes now; TooFast when their last message is less than so many seconds ago."""
    me = scope.member_id()
    if await scope.first(_PACED, id=new_id(), room_id=room_id, member_id=me, seconds=float(seconds)):
        return
    last = await scope.value(_LAST, room_id=room_id, member_id=me)
    left = last + timedelta(seconds=seconds) - datetime.now(UTC)
    wait = max(1.0, left.total_seconds())
    told = "This room is in slow mode: one message every %(seconds)s seconds. Wait %(wait)s more."
    raise TooFast(wait, Said(told, seconds=seconds, wait=round(wait)))
