"""Lifting a ban: what was decided is over, so there is nothing left to appeal, and no appeal that waits."""

from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from tenants import audit
from tenants.community.caseload import CASES
from tenants.members import bans
from tenants.moderation import acts, cases
from tenants.moderation.acts import ACTS
from tenants.moderation.appeals import APPEALS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds

TITLE = "Your ban from this channel was lifted."
SETTLED = "The ban was lifted before the appeal was decided."
_A, _C, _P = ACTS.c, CASES.c, APPEALS.c
# Those whose end has come are over by themselves.
_IN_FORCE = (
    _A.member_id == bindparam("member_id", type_=Uuid()),
    _A.kind == "ban",
    _A.undone_at.is_(None),
    _A.until.is_(None) | (_A.until > func.now()),
)
# Cases before acts before members, as whoever decides an appeal holds them.
_HOLD_CASES = scoped(
    select(_C.id)
    .where(_C.member_id == bindparam("member_id", type_=Uuid()), _C.kind == "appeal", _C.closed_at.is_(None))
    .order_by(_C.id)
    .with_for_update()
)
_HOLD_ACTS = scoped(select(_A.id).where(*_IN_FORCE).order_by(_A.at, _A.id).with_for_update())
_ACT_IDS = bindparam("act_ids", type_=ARRAY(Uuid))
_LIFT = scoped(
    update(ACTS).where(_A.id == _ACT_IDS.any_()).values(undone_at=func.now()).returning(_A.id, _A.kind, _A.undone_at)
)
_SETTLE = scoped(
    update(APPEALS)
    .where(_P.act_id == _ACT_IDS.any_(), _P.decided_at.is_(None))
    .values(**binds("answer", "decided_by"), decided_at=func.now())
    .returning(_P.case_id, _P.act_id)
)


async def unban(scope: Scope, member_id: UUID) -> Record:
    """Let a member in again, as `bans.unban`: the bans in force are marked as lifted, and the person is told once.

    An appeal that waits is settled, neither upheld nor overturned, and leaves the queue.
    """
    scope.require(Action.MEMBER_BAN)
    await scope.all(_HOLD_CASES, member_id=member_id)
    held = [row["id"] for row in await scope.all(_HOLD_ACTS, member_id=member_id)]
    after = await bans.unban(scope, member_id)
    if not held:
        return after
    lifted = {row["id"]: row for row in await scope.all(_LIFT, act_ids=held)}
    settled = await scope.all(_SETTLE, act_ids=held, answer=SETTLED, decided_by=scope.actor.member_id)
    for row in settled:
        await audit.record(scope, "moderation.settle", row["act_id"])
        await cases.close(scope, row["case_id"])
    await acts.tell(scope, lifted[held[-1]], member_id, TITLE)
    return after
