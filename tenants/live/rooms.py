"""Rooms: where a class is held at a provider that makes rooms; when to ask who is there, and when to look what became
of it afterwards.

A room is made when the first one joins. A look asks the provider how the room stands and for its recordings, so that a
lost webhook costs nothing; looks come after the class ends, and are numbered, so that one sent twice is made once. An
extra look is made at once, when something was told or changed, and counts for none.

The roll is called each minute from when the room is made until the class ends. Calls are numbered too, and each asks
for the next one before anybody is asked, so a class has one chain of them however often one is asked for, and neither a
worker's death nor a provider's breaks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, Integer, LargeBinary, Text, Uuid, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from tenants.errors import NotFound
from tenants.ids import new_id
from tenants.jobs import CallRoll, LookAfterClass
from tenants.live import attendance
from tenants.live.classes import CLASSES, EARLY
from tenants.live.connections import CONNECTIONS
from tenants.live.recordings import RECORDINGS
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

ROOMS = owned(
    "live_rooms",
    Column("class_id", Uuid, nullable=False),
    Column("connection_id", Uuid, nullable=False),
    Column("ref", Text),
    Column("sealed_facts", LargeBinary),
    text("problem", default=""),
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("calls", Integer, nullable=False, server_default="0"),
    instant("claimed_until"),
    instant("opened_at"),
    refers("class_id", "live_classes"),
    refers("connection_id", "live_connections"),
)
LOOKS = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60, 6 * 60, 24 * 60))
"""How long after a class each look comes."""
BETWEEN_CALLS = timedelta(minutes=1)
CLAIM = timedelta(seconds=20)
EXTRA = -1
"""The number of an extra look."""
PROBLEM_LENGTH = 500
_O, _K, _C, _R = ROOMS.c, CLASSES.c, CONNECTIONS.c, RECORDINGS.c
_THIS = (_O.class_id == bindparam("class_id"), _O.connection_id == bindparam("connection_id"))
_READ = scoped(select(_O.id, _O.ref, _O.sealed_facts, _O.problem, _O.looks, _O.calls).where(*_THIS))
_CLAIM = scoped(
    insert(ROOMS)
    .values(**binds("id", "class_id", "connection_id", "claimed_until"))
    .on_conflict_do_update(
        index_elements=["channel_id", "class_id", "connection_id"],
        set_={"claimed_until": bindparam("claimed_until")},
        where=_O.ref.is_(None) & or_(_O.claimed_until.is_(None), _O.claimed_until < bindparam("now")),
    )
    .returning(_O.id)
)
_ENTER = scoped(
    insert(ROOMS)
    .values(**binds("id", "class_id", "connection_id"))
    .on_conflict_do_nothing(index_elements=["channel_id", "class_id", "connection_id"])
)
_CHOSEN = update(ROOMS).where(_O.id == bindparam("at"))
_KEEP = scoped(
    _CHOSEN.values(
        **binds("ref", "sealed_facts", "problem"),
        claimed_until=None,
        opened_at=func.coalesce(_O.opened_at, func.now()),
    )
)
_RELEASE = scoped(update(ROOMS).where(*_THIS, _O.ref.is_(None)).values(claimed_until=None))
_CLASS_OF = scoped(
    select(_O.class_id).where(_O.connection_id == bindparam("connection_id"), _O.ref == bindparam("ref"))
)
_HELD = scoped(
    select(
        _K.id.label("class_id"), _K.title, _K.starts_at, _K.ends_at, _K.state, _K.connection_id,
        _O.id.label("room_id"), _O.ref, _O.sealed_facts, _O.looks, _O.calls,
    )
    .select_from(
        CLASSES.join(
            ROOMS,
            (_O.channel_id == _K.channel_id) & (_O.class_id == _K.id) & (_O.connection_id == _K.connection_id),
        )
    )
    .where(_K.id == bindparam("class_id"), _O.ref.is_not(None))
)  # fmt: skip
_LOOKED = scoped(_CHOSEN.where(_O.looks == bindparam("look")).values(looks=_O.looks + 1, problem=bindparam("problem")))
_CALLED = scoped(_CHOSEN.where(_O.calls == bindparam("call")).values(calls=_O.calls + 1))
_PROBLEMS = scoped(select(_O.class_id, _O.problem).where(_O.problem != "").limit(500))
_CAME = scoped(select(func.count()).where(_R.class_id == bindparam("class_id"), _R.state != "failed"))


@dataclass(frozen=True, slots=True)
class KeptRoom:
    """A room as it is remembered: its name at the provider, what that wants told again, and the looks made so far."""

    class_id: UUID
    connection_id: UUID
    ref: str
    facts: Mapping[str, str]
    looks: int


@dataclass(frozen=True, slots=True)
class Look:
    """One look to be made: the class, its room, whether its recording has come, and whether it is an extra look."""

    held: Record
    room: KeptRoom
    came: bool
    extra: bool

    @property
    def due_at(self) -> datetime:
        """When the look is to be made at the earliest; the class may have been moved since it was asked for."""
        ends_at: datetime = self.held["ends_at"]
        return ends_at if self.extra else ends_at + LOOKS[self.room.looks]


async def read(scope: Scope, seals: Seals, class_id: UUID, connection_id: UUID) -> KeptRoom | None:
    """The room of a class at a connection, or None while there is none."""
    row = await scope.first(_READ, class_id=class_id, connection_id=connection_id)
    return None if row is None or row["ref"] is None else _kept(scope, seals, class_id, connection_id, dict(row))


async def claim(scope: Scope, class_id: UUID, connection_id: UUID) -> bool:
    """Whether the caller is the one to make the room; others wait. A claim that leads to nothing ends by itself."""
    now = datetime.now(UTC)
    at = {"class_id": class_id, "connection_id": connection_id, "claimed_until": now + CLAIM, "now": now}
    return await scope.first(_CLAIM, id=new_id(), **at) is not None


async def release(scope: Scope, class_id: UUID, connection_id: UUID) -> None:
    """The claim led to nothing: the next one may try at once."""
    await scope.run(_RELEASE, class_id=class_id, connection_id=connection_id)


async def keep(
    scope: Scope,
    seals: Seals,
    *,
    class_id: UUID,
    connection_id: UUID,
    ref: str,
    facts: Mapping[str, str],
    problem: str,
    ends_at: datetime,
) -> None:
    """Remember the room, and have it looked after when the class is over; made again, it is the same one."""
    at = {"class_id": class_id, "connection_id": connection_id}
    await scope.run(_ENTER, id=new_id(), **at)
    row = await scope.one(_READ, **at)
    sealed = seals.seal(scope.channel_id, _purpose(row["id"]), orjson.dumps(dict(facts)))
    await scope.run(_KEEP, at=row["id"], ref=ref, sealed_facts=sealed, problem=problem[:PROBLEM_LENGTH])
    if row["ref"] is None:
        look_after(scope, class_id, row["looks"], ends_at)
        _call_roll(scope, class_id, row["calls"], datetime.now(UTC) + BETWEEN_CALLS)


async def class_of(scope: Scope, connection_id: UUID, ref: str) -> UUID:
    """The class whose room the provider calls so; NotFound when it is none of this connection's."""
    row = await scope.first(_CLASS_OF, connection_id=connection_id, ref=ref)
    if row is None:
        raise NotFound()
    return UUID(str(row["class_id"]))


async def to_look(scope: Scope, seals: Seals, class_id: UUID, look: int) -> Look | None:
    """The look of that number, or None when it was made, or the class or its room is gone."""
    held = await scope.first(_HELD, class_id=class_id)
    if held is None or look not in {held["looks"], EXTRA}:
        return None
    row: dict[str, Any] = dict(held) | {"id": held["room_id"]}
    room = _kept(scope, seals, class_id, held["connection_id"], row)
    return Look(held, room, await scope.value(_CAME, class_id=class_id) > 0, extra=look == EXTRA)


async def looked(scope: Scope, look: Look, problem: str, *, done: bool) -> None:
    """A numbered look was made: the next one is asked for, unless all has come or it was the last."""
    number = look.room.looks
    made = await scope.run(_LOOKED, at=look.held["room_id"], look=number, problem=problem[:PROBLEM_LENGTH])
    if made and not done:
        look_after(scope, look.room.class_id, number + 1, look.held["ends_at"])


async def to_call(scope: Scope, seals: Seals, class_id: UUID, call: int) -> KeptRoom | None:
    """The room in which the roll is to be called for that time; None when it was, or the class is off, over or gone.

    A class that was moved away has its roll called when its door opens again.
    """
    held, now = await scope.first(_HELD, class_id=class_id), datetime.now(UTC)
    if held is None or held["calls"] != call or held["state"] != "scheduled":
        return None
    if now < held["starts_at"] - EARLY:
        _call_roll(scope, class_id, call, held["starts_at"] - EARLY)
        return None
    # The last call is due when the class ends; one that comes late would hear of people who had every right to go.
    if now > held["ends_at"] + BETWEEN_CALLS:
        return None
    row: dict[str, Any] = dict(held) | {"id": held["room_id"]}
    return _kept(scope, seals, class_id, held["connection_id"], row)


async def called(scope: Scope, class_id: UUID, call: int) -> bool:
    """Take the call that `to_call` found, and ask for the next one; False when another worker took it."""
    held, now = await scope.one(_HELD, class_id=class_id), datetime.now(UTC)
    mine = await scope.run(_CALLED, at=held["room_id"], call=call) == 1
    if mine and now < held["ends_at"]:
        _call_roll(scope, class_id, call + 1, min(now + BETWEEN_CALLS, held["ends_at"]))
    return mine


def look_now(scope: Scope, class_id: UUID) -> None:
    """Ask for an extra look."""
    scope.enqueue(LookAfterClass(class_id, EXTRA))


async def follow(scope: Scope, class_id: UUID) -> None:
    """A class was changed: call its roll and look after it at its new times, or close its room at once if cancelled."""
    held, now = await scope.first(_HELD, class_id=class_id), datetime.now(UTC)
    if held is None:
        return
    opens_at = held["starts_at"] - EARLY
    if held["state"] == "cancelled" or now < opens_at:
        await attendance.dismiss(scope, class_id)
    if held["state"] == "cancelled":
        look_now(scope, class_id)
    else:
        look_after(scope, class_id, held["looks"], held["ends_at"])
        _call_roll(scope, class_id, held["calls"], max(opens_at, now))


async def problems(scope: Scope) -> dict[UUID, str]:
    """What a provider could not do, by class, in sentences for those who plan classes."""
    return {row["class_id"]: row["problem"] for row in await scope.all(_PROBLEMS)}


def look_after(scope: Scope, class_id: UUID, look: int, ends_at: datetime) -> None:
    """Ask for a look at its time; nothing after the last one."""
    if look < len(LOOKS):
        scope.enqueue(LookAfterClass(class_id, look), run_at=ends_at + LOOKS[look])


def _call_roll(scope: Scope, class_id: UUID, call: int, at: datetime) -> None:
    scope.enqueue(CallRoll(class_id, call), run_at=at)


def _kept(scope: Scope, seals: Seals, class_id: UUID, connection_id: UUID, row: Mapping[str, Any]) -> KeptRoom:
    facts = orjson.loads(seals.open(scope.channel_id, _purpose(row["id"]), row["sealed_facts"]))
    return KeptRoom(class_id, connection_id, row["ref"], facts, row["looks"])


def _purpose(room_id: UUID) -> str:
    return f"live room {room_id}"
