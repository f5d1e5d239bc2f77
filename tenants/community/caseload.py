"""The caseload: what waits for a moderator's decision; how it is opened, and who is told that there is more or less."""

from uuid import UUID

from sqlalchemy import Column, Uuid, bindparam, func, literal, or_, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert

from tenants import notices
from tenants.ids import PersonId, new_id
from tenants.members.members import BANNED, MEMBERS
from tenants.permissions import TABLE, Action
from tenants.scope import Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

MOST_TOLD = 100
CASES = owned(
    "moderation_cases",
    text("kind", default="flag"),
    Column("message_id", Uuid),
    # Whose words or deeds it is about.
    Column("member_id", Uuid, nullable=False),
    Column("claimed_by", Uuid),
    # The moderator who acted, of an appeal: somebody else decides it.
    Column("acted_by", Uuid),
    instant("opened_at", now=True),
    instant("closed_at"),
    instant("claimed_until"),
    refers("message_id", "messages"),
    refers("member_id", "members"),
    refers("claimed_by", "members"),
    refers("acted_by", "members"),
)
_C = CASES.c
_COUNT = scoped(select(func.count()).select_from(CASES).where(_C.closed_at.is_(None)))
_NEW = insert(CASES).values(**binds("id", "kind", "message_id", "member_id", "acted_by"))
# The update makes a flag wait for one that opens the same case at the same moment, and find it; what is held stays so.
_ADD = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "message_id"],
        index_where=sql("closed_at IS NULL AND kind <> 'appeal'"),
        set_={"kind": sql("CASE WHEN excluded.kind = 'hold' THEN 'hold' ELSE moderation_cases.kind END")},
    ).returning(_C.id)
)
_ABOUT = scoped(select(_C.id).where(_C.message_id == bindparam("message_id")).limit(1))
_ADD_APPEAL = scoped(_NEW.returning(_C.id))
_RIGHTFUL = or_(*(MEMBERS.c.role == role for role, may in TABLE.items() if Action.MESSAGE_MODERATE in may))
# Who moderates the channel now: a condition on members.
MODERATING = (MEMBERS.c.left_at.is_(None), ~BANNED, _RIGHTFUL)
_STAFF = scoped(select(MEMBERS.c.person_id).where(*MODERATING).order_by(MEMBERS.c.id).limit(MOST_TOLD))
_ANOTHER = scoped(select(literal(1)).select_from(MEMBERS).where(*MODERATING, MEMBERS.c.id != bindparam("me")).limit(1))


async def open_about(
    scope: Scope, kind: str, member_id: UUID, message_id: UUID | None = None, *, acted_by: UUID | None = None
) -> UUID:
    """A case about a member's message, the open one if there is one; an appeal always has its own, and who acted."""
    add = _ADD_APPEAL if kind == "appeal" else _ADD
    facts = {"kind": kind, "member_id": member_id, "message_id": message_id, "acted_by": acted_by}
    case_id = UUID(str(await scope.value(add, id=new_id(), **facts)))
    await tell(scope, case_id)
    return case_id


async def is_about(scope: Scope, message_id: UUID) -> bool:
    """Whether there is, or was, a case about a message."""
    return await scope.first(_ABOUT, message_id=message_id) is not None


async def tell(scope: Scope, case_id: UUID, claimed_by: str = "") -> None:
    """Let all who moderate see that the queue is another now."""
    count = await scope.value(_COUNT)
    for person_id in await moderators(scope):
        scope.announce(notices.queue_changed(person_id, case_id, count, claimed_by))


async def moderators(scope: Scope) -> list[PersonId]:
    """Those who moderate the channel, a hundred at most."""
    return [PersonId(row["person_id"]) for row in await scope.all(_STAFF)]


async def another_moderates(scope: Scope) -> bool:
    """Whether anybody moderates the channel besides the actor."""
    return await scope.first(_ANOTHER, me=scope.actor.member_id) is not None
