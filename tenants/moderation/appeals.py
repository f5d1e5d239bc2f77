"""Appeals: the person whom an act hit says once that it was wrong; somebody else than who acted decides that."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Boolean, Column, Uuid, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants import audit
from tenants.community import caseload
from tenants.errors import Conflict, NotFound, SignInNeeded
from tenants.ids import MemberId, new_id
from tenants.moderation import acts, cases
from tenants.moderation.acts import ACTS
from tenants.moderation.effects import release
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text
from tenants.texts import clean_line

LONGEST = 1000
APPEALABLE = ("hide", "delete", "warn", "mute", "ban")
APPEALS = owned(
    "appeals",
    Column("act_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=False),
    text("words"),
    text("answer", default=""),
    Column("upheld", Boolean),
    Column("decided_by", Uuid),
    instant("at", now=True),
    instant("decided_at"),
    refers("act_id", "moderation_acts"),
    refers("case_id", "moderation_cases"),
    refers("decided_by", "members"),
)
_A, _P = ACTS.c, APPEALS.c
_DECISIONS = scoped(
    select(
        _A.id, _A.kind, _A.message_id, _A.reason, _A.until, _A.at, _A.undone_at,
        _P.words, _P.answer, _P.upheld, _P.at.label("appealed_at"), _P.decided_at,
    )
    .select_from(ACTS.outerjoin(APPEALS, (_P.channel_id == _A.channel_id) & (_P.act_id == _A.id)))
    .where(_A.member_id == bindparam("me"), or_(*(_A.kind == kind for kind in APPEALABLE)))
    .order_by(_A.at.desc(), _A.id.desc())
    .limit(bindparam("limit"))
)  # fmt: skip
_ADD = scoped(
    insert(APPEALS)
    .values(**binds("id", "act_id", "case_id", "words"))
    .on_conflict_do_nothing(index_elements=["channel_id", "act_id"])
    .returning(_P.id)
)
_OF_CASE = scoped(select(_P.id, _P.act_id, _P.words, _P.decided_at).where(_P.case_id == bindparam("case_id")))
_OF = scoped(
    select(_P.case_id, _P.id, _P.words, _A.kind, _A.reason, _A.at, _A.by_member)
    .join_from(APPEALS, ACTS)
    .where(_P.case_id == bindparam("case_ids", type_=ARRAY(Uuid)).any_())
)
_DECIDE = scoped(
    update(APPEALS)
    .where(_P.id == bindparam("at"))
    .values(**binds("answer", "upheld", "decided_by"), decided_at=func.now())
)


async def decisions(scope: Scope, limit: int = 100) -> list[Record]:
    """What moderators decided about the acting member, newest first, with its appeal; the banned may read it too."""
    return await scope.all(_DECISIONS, me=_member(scope), limit=limit)


async def appeal(scope: Scope, act_id: UUID, words: str) -> UUID:
    """Appeal against an act on oneself, once; its case.

    NotFound for another's act; Conflict `appealed` for a second time, `undone` for what was taken back.
    """
    words = clean_line(words, "/words", longest=LONGEST)
    me = _member(scope)
    act = await acts.hold(scope, act_id)
    if act["member_id"] != me or act["kind"] not in APPEALABLE:
        raise NotFound("There is no such decision here.", "no_such_act")
    if act["undone_at"] is not None:
        raise Conflict("This was taken back already.", "undone")
    case_id = await caseload.open_about(scope, "appeal", me, act["message_id"], acted_by=act["by_member"])
    if await scope.first(_ADD, id=new_id(), act_id=act_id, case_id=case_id, words=words) is None:
        raise Conflict("You have appealed against this already.", "appealed")
    await audit.record(scope, "moderation.appeal", act_id)
    return case_id


async def decide(scope: Scope, case_id: UUID, answer: str, *, upheld: bool) -> None:
    """Uphold the act that an appeal is about, or overturn it, which undoes it; both sides are told.

    Forbidden `own_act` for the moderator who acted, unless an owner; Conflict when it was decided, or is claimed.
    """
    answer = clean_line(answer, "/answer", longest=LONGEST)
    case = await cases.hold(scope, case_id)
    found = await scope.first(_OF_CASE, case_id=case_id)
    if found is None:
        raise NotFound("There is no such appeal here.", "no_such_appeal")
    act = await acts.hold(scope, found["act_id"])
    if case["member_id"] == scope.actor.member_id:
        raise cases.own_case()
    if found["decided_at"] is not None:
        raise Conflict("This appeal was decided already.", "case_closed")
    await scope.run(_DECIDE, at=found["id"], answer=answer, upheld=upheld, decided_by=scope.actor.member_id)
    await audit.record(scope, "moderation.uphold" if upheld else "moderation.overturn", act["id"])
    if not upheld and act["undone_at"] is None:
        await acts.revert(scope, act)
        if act["before"].get("judged"):
            # It was held by a filter before that: now somebody has looked at it.
            await release(scope, act["message_id"])
    await cases.close(scope, case_id)
    await _tell_both(scope, act, upheld=upheld)


async def of(scope: Scope, case_ids: Sequence[UUID]) -> dict[UUID, Record]:
    """The appeals behind some cases, by case, with the act each is about; needs the right to moderate."""
    scope.require(Action.MESSAGE_MODERATE)
    return {row["case_id"]: row for row in await scope.all(_OF, case_ids=list(case_ids))}


async def _tell_both(scope: Scope, act: Record, *, upheld: bool) -> None:
    title = "The decision stands after the appeal." if upheld else "The decision was overturned after the appeal."
    for member_id in (act["member_id"], act["by_member"]):
        await acts.tell(scope, act, member_id, title)


def _member(scope: Scope) -> MemberId:
    """The acting member, banned or not."""
    if scope.actor.person_id is None:
        raise SignInNeeded()
    return MemberId(scope.member_id())
