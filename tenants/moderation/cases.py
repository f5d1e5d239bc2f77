"""Cases: what waits for a moderator's decision, and who is looking at it now."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, func, literal, or_, select, update

from tenants.community.caseload import CASES, MODERATING, another_moderates, tell
from tenants.community.message_table import MESSAGES
from tenants.community.rooms import DIRECT, ROOMS
from tenants.errors import Conflict, Forbidden, NotFound, Said
from tenants.members.members import MEMBERS
from tenants.permissions import Action, Role
from tenants.scope import Record, Scope
from tenants.statements import scoped, within

CLAIM = timedelta(minutes=5)
_C = CASES.c
_AT = bindparam("at", type_=Uuid())
# Who moderates no more looks at nothing.
_CLAIMANT = within(
    select(MEMBERS.c.name).where(MEMBERS.c.id == _C.claimed_by, *MODERATING).correlate(CASES)
).scalar_subquery()
_ROOM = within(select(MESSAGES.c.room_id).where(MESSAGES.c.id == _C.message_id).correlate(CASES)).scalar_subquery()
# Whether it is about words in a conversation: of such a room moderators see what surrounds a case, and no more.
_DIRECT = within(
    select(ROOMS.c.kind == DIRECT)
    .join_from(MESSAGES, ROOMS)
    .where(MESSAGES.c.id == _C.message_id)
    .correlate(CASES)
).scalar_subquery()  # fmt: skip
# What a program wrote is about no member.
_PROGRAM_ID, _PROGRAM = (
    within(select(column).where(MESSAGES.c.id == _C.message_id).correlate(CASES)).scalar_subquery()
    for column in (MESSAGES.c.program_id, MESSAGES.c.program)
)
_FACTS = (
    _C.id,
    _C.kind,
    _C.message_id,
    case((_PROGRAM_ID.is_(None), _C.member_id)).label("member_id"),
    _PROGRAM_ID.label("program_id"),
    _C.opened_at,
    _C.closed_at,
    _C.claimed_by,
    _C.claimed_until,
    _C.acted_by,
    _CLAIMANT.label("claimant"),
    _ROOM.label("room_id"),
    func.coalesce(_DIRECT, literal(False)).label("direct"),
    func.coalesce(_PROGRAM, MEMBERS.c.name).label("author_name"),
    case((_PROGRAM_ID.is_(None), MEMBERS.c.role)).label("author_role"),
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
_SET = update(CASES).where(_C.id == _AT)
_CLAIM = scoped(_SET.values(claimed_by=bindparam("me"), claimed_until=bindparam("until")))
_RELEASE = scoped(_SET.values(claimed_by=None, claimed_until=None))
_LEAVE_OTHERS = scoped(
    update(CASES)
    .where(_C.claimed_by == bindparam("me"), _C.claimed_until > func.now(), _C.id != _AT)
    .values(claimed_by=None, claimed_until=None)
    .returning(_C.id)
)
_CLOSE = scoped(_SET.values(closed_at=func.now(), claimed_by=None, claimed_until=None))
_OPEN_TWIN = scoped(
    select(literal(1)).select_from(CASES).where(
        _C.message_id == bindparam("message_id"), _C.closed_at.is_(None), _C.kind != "appeal"
    )
)  # fmt: skip
_FREE = scoped(
    select(_C.id).where(
        _C.message_id == bindparam("message_id"), _C.closed_at.is_(None), _C.kind != "appeal",
        or_(
            _C.claimed_until.is_(None), _C.claimed_until <= func.now(), _C.claimed_by == bindparam("me"),
            _CLAIMANT.is_(None),
        ),
    )
)  # fmt: skip
_REOPEN = scoped(_SET.values(closed_at=None))


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
    """A case that nobody else decides until this transaction ends; Conflict while somebody else has claimed it.

    Forbidden `own_case` for one about the actor, `own_act` for an appeal against what they did: see `is_for_another`.
    """
    scope.require(Action.MESSAGE_MODERATE)
    case = _there(await scope.first(_HELD, at=case_id))
    if await is_for_another(scope, case):
        raise own_act() if has_acted(scope, case) else own_case()
    if claimed(case) and case["claimed_by"] != scope.actor.member_id:
        raise Conflict(Said("%(name)s is looking at this.", name=case["claimant"]), "claimed")
    return case


async def is_for_another(scope: Scope, case: Record) -> bool:
    """Whether a case is about the actor, or what they did, so that somebody else who moderates decides it.

    Owners answer for their channel: they decide about appeals against their own acts, too. Where nobody else moderates
    (an owner alone in their channel) a case about them is theirs: one that nobody may decide would stand in the queue
    for ever. They keep their words, or take them away as everybody does with their own.
    """
    if has_acted(scope, case):
        return True
    return case["member_id"] == scope.actor.member_id and await another_moderates(scope)


def has_acted(scope: Scope, case: Record) -> bool:
    """Whether a case is an appeal against what the actor did, which is not theirs to decide."""
    mine = case["acted_by"] is not None and case["acted_by"] == scope.actor.member_id
    return mine and scope.actor.role is not Role.OWNER


def own_case() -> Forbidden:
    """The refusal for whoever would decide about themselves."""
    return Forbidden("This is about you: somebody else who moderates decides it.", "own_case")


def own_act() -> Forbidden:
    """The refusal for whoever would decide about what they did."""
    return Forbidden("You have acted here: another moderator decides the appeal.", "own_act")


def claimed(case: Record) -> bool:
    """Whether somebody who moderates has said that they are looking at a case, within the last five minutes."""
    until = case["claimed_until"]
    return case["claimant"] is not None and until is not None and until > datetime.now(UTC)


async def claim(scope: Scope, case_id: UUID) -> Record:
    """Say that one is looking at a case, for five minutes from now, and at no other.

    Conflict for a closed one, or another's.
    """
    case = await hold(scope, case_id)
    if case["closed_at"] is not None:
        raise Conflict("This was decided already.", "case_closed")
    me = scope.member_id()
    for left in await scope.all(_LEAVE_OTHERS, at=case_id, me=me):
        await tell(scope, left["id"])
    await scope.run(_CLAIM, at=case_id, me=me, until=datetime.now(UTC) + CLAIM)
    await tell(scope, case_id, scope.actor.name)
    return await find(scope, case_id)


async def release(scope: Scope, case_id: UUID) -> None:
    """Look at a case no more."""
    await hold(scope, case_id)
    await scope.run(_RELEASE, at=case_id)
    await tell(scope, case_id)


async def free_about(scope: Scope, message_id: UUID) -> UUID | None:
    """The open case about a message, unless there is none, or somebody else looks at it."""
    found: UUID | None = await scope.value(_FREE, message_id=message_id, me=scope.actor.member_id)
    return found


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


def _there(case: Record | None) -> Record:
    if case is None:
        raise NotFound("There is no such case here.", "no_such_case")
    return case


def ids_of(cases: Sequence[Any], name: str) -> list[UUID]:
    """The ids that some cases have in a column."""
    return [case[name] for case in cases if case[name] is not None]
