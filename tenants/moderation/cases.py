"""Cases: what waits for a moderator's decision, and who is looking at it now."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, func, literal, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert

from tenants import notices
from tenants.community.messages import MESSAGES
from tenants.errors import Conflict, NotFound
from tenants.ids import PersonId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import TABLE, Action
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import binds, instant, owned, refers, text

CLAIM = timedelta(minutes=5)
MOST_TOLD = 100
CASES = owned(
    "moderation_cases",
    text("kind", default="flag"),
    Column("message_id", Uuid),
    # Whose words or deeds it is about.
    Column("member_id", Uuid, nullable=False),
    Column("claimed_by", Uuid),
    instant("opened_at", now=True),
    instant("closed_at"),
    instant("claimed_until"),
    refers("message_id", "messages"),
    refers("member_id", "members"),
    refers("claimed_by", "members"),
)
_C = CASES.c
_AT = bindparam("at", type_=Uuid())
_CLAIMANT = within(select(MEMBERS.c.name).where(MEMBERS.c.id == _C.claimed_by).correlate(CASES)).scalar_subquery()
_ROOM = within(select(MESSAGES.c.room_id).where(MESSAGES.c.id == _C.message_id).correlate(CASES)).scalar_subquery()
_FACTS = (
    _C.id,
    _C.kind,
    _C.message_id,
    _C.member_id,
    _C.opened_at,
    _C.closed_at,
    _C.claimed_by,
    _C.claimed_until,
    _CLAIMANT.label("claimant"),
    _ROOM.label("room_id"),
    MEMBERS.c.name.label("author_name"),
    MEMBERS.c.role.label("author_role"),
)
_CASE = select(*_FACTS).join_from(CASES, MEMBERS, MEMBERS.c.id == _C.member_id)
_OPEN = scoped(
    _CASE.where(
        _C.closed_at.is_(None),
        or_(_C.opened_at > bindparam("opened"), (_C.opened_at == bindparam("opened")) & (_C.id > bindparam("after"))),
    )
    .order_by(_C.opened_at, _C.id)
    .limit(bindparam("limit"))
)
_ONE = scoped(_CASE.where(_C.id == _AT))
_HELD = scoped(_CASE.where(_C.id == _AT).with_for_update(of=CASES))
_COUNT = scoped(select(func.count()).select_from(CASES).where(_C.closed_at.is_(None)))
_NEW = insert(CASES).values(**binds("id", "kind", "message_id", "member_id"))
# The empty update makes a flag wait for one that opens the same case at the same moment, and find it.
_ADD = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "message_id"],
        index_where=sql("closed_at IS NULL AND kind <> 'appeal'"),
        set_={"message_id": _NEW.excluded.message_id},
    ).returning(_C.id)
)
_ADD_APPEAL = scoped(_NEW.returning(_C.id))
_SET = update(CASES).where(_C.id == _AT)
_CLAIM = scoped(_SET.values(claimed_by=bindparam("me"), claimed_until=bindparam("until")))
_RELEASE = scoped(_SET.values(claimed_by=None, claimed_until=None))
_CLOSE = scoped(_SET.values(closed_at=func.now(), claimed_by=None, claimed_until=None))
_OPEN_TWIN = scoped(
    select(literal(1)).select_from(CASES).where(
        _C.message_id == bindparam("message_id"), _C.closed_at.is_(None), _C.kind != "appeal"
    )
)  # fmt: skip
_REOPEN = scoped(_SET.values(closed_at=None))
_MODERATES = or_(*(MEMBERS.c.role == role for role, may in TABLE.items() if Action.MESSAGE_MODERATE in may))
_STAFF = scoped(
    select(MEMBERS.c.person_id).where(MEMBERS.c.left_at.is_(None), _MODERATES).order_by(MEMBERS.c.id).limit(MOST_TOLD)
)


async def waiting(scope: Scope, *, after: tuple[datetime, UUID] | None = None, limit: int = 50) -> list[Record]:
    """Open cases, oldest first; needs the right to moderate."""
    scope.require(Action.MESSAGE_MODERATE)
    opened, case_id = after or (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
    return await scope.all(_OPEN, opened=opened, after=case_id, limit=limit)


async def find(scope: Scope, case_id: UUID) -> Record:
    """One case, open or closed."""
    scope.require(Action.MESSAGE_MODERATE)
    return _there(await scope.first(_ONE, at=case_id))


async def hold(scope: Scope, case_id: UUID) -> Record:
    """A case that nobody else decides until this transaction ends; Conflict while somebody else has claimed it."""
    scope.require(Action.MESSAGE_MODERATE)
    case = _there(await scope.first(_HELD, at=case_id))
    if claimed(case) and case["claimed_by"] != scope.actor.member_id:
        raise Conflict(f"{case['claimant']} is looking at this.", "claimed")
    return case


def claimed(case: Record) -> bool:
    """Whether somebody has said that they are looking at a case, within the last five minutes."""
    return case["claimed_until"] is not None and case["claimed_until"] > datetime.now(UTC)


async def claim(scope: Scope, case_id: UUID) -> Record:
    """Say that one is looking at a case, for five minutes from now; Conflict for a closed one, or another's."""
    case = await hold(scope, case_id)
    if case["closed_at"] is not None:
        raise Conflict("This was decided already.", "case_closed")
    await scope.run(_CLAIM, at=case_id, me=scope.member_id(), until=datetime.now(UTC) + CLAIM)
    await tell(scope, case_id, scope.actor.name)
    return await find(scope, case_id)


async def release(scope: Scope, case_id: UUID) -> None:
    """Look at a case no more."""
    await hold(scope, case_id)
    await scope.run(_RELEASE, at=case_id)
    await tell(scope, case_id)


async def open_about(scope: Scope, kind: str, member_id: UUID, message_id: UUID | None = None) -> UUID:
    """A case about a member's message, the open one if there is one; an appeal always has its own."""
    add = _ADD_APPEAL if kind == "appeal" else _ADD
    case_id = UUID(str(await scope.value(add, id=new_id(), kind=kind, member_id=member_id, message_id=message_id)))
    await tell(scope, case_id)
    return case_id


async def close(scope: Scope, case_id: UUID) -> None:
    """Take a decided case from the queue."""
    await scope.run(_CLOSE, at=case_id)
    await tell(scope, case_id)


async def reopen(scope: Scope, case_id: UUID) -> None:
    """Put a case back, unless there is a newer one about the same message."""
    case = _there(await scope.first(_HELD, at=case_id))
    if await scope.first(_OPEN_TWIN, message_id=case["message_id"]) is None:
        await scope.run(_REOPEN, at=case_id)
    await tell(scope, case_id)


async def tell(scope: Scope, case_id: UUID, claimed_by: str = "") -> None:
    """Let all who moderate see that the queue is another now."""
    count = await scope.value(_COUNT)
    for row in await scope.all(_STAFF):
        scope.announce(notices.queue_changed(PersonId(row["person_id"]), case_id, count, claimed_by))


def _there(case: Record | None) -> Record:
    if case is None:
        raise NotFound("There is no such case here.", "no_such_case")
    return case


def ids_of(cases: Sequence[Any], name: str) -> list[UUID]:
    """The ids that some cases have in a column."""
    return [case[name] for case in cases if case[name] is not None]
