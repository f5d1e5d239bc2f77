"""Blocks: from whom a member does not want to hear. The blocked are told nothing of it.

They cannot write to whom blocked them directly and do not reach them by a mention; in rooms of the channel their words
are folded for that member alone. Only the blocker's own lists say who is blocked.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Uuid, bindparam, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants.errors import Conflict, NotFound, Said
from tenants.ids import new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped, within
from tenants.tables import binds, instant, owned, refers

MOST = 500
BLOCKS = owned(
    "blocks",
    Column("member_id", Uuid, nullable=False),
    Column("blocked_id", Uuid, nullable=False),
    instant("at", now=True),
    refers("member_id", "members"),
    refers("blocked_id", "members"),
)
_B = BLOCKS.c
_ME = bindparam("me", type_=Uuid())
_MINE = scoped(
    select(MEMBERS.c.id, MEMBERS.c.name, MEMBERS.c.role, _B.at)
    .join_from(BLOCKS, MEMBERS, (_B.channel_id == MEMBERS.c.channel_id) & (_B.blocked_id == MEMBERS.c.id))
    .where(_B.member_id == _ME)
    .order_by(MEMBERS.c.name, MEMBERS.c.id)
)
_BLOCK = scoped(
    insert(BLOCKS)
    .values(**binds("id", "member_id", "blocked_id"))
    .on_conflict_do_nothing(index_elements=["channel_id", "member_id", "blocked_id"])
)
_UNBLOCK = scoped(
    delete(BLOCKS).where(_B.member_id == bindparam("member_id"), _B.blocked_id == bindparam("blocked_id"))
)
_COUNT = scoped(select(func.count()).select_from(BLOCKS).where(_B.member_id == _ME))
_THERE = scoped(select(MEMBERS.c.id).where(MEMBERS.c.id == bindparam("member_id")))
_WHO_BLOCKED = scoped(
    select(_B.member_id).where(_B.blocked_id == _ME, _B.member_id == func.any(bindparam("members", type_=ARRAY(Uuid))))
)


def deaf_to(author: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a row of members is somebody who has blocked `author`; for an inner place of a select of members."""
    return exists(
        within(
            select(literal(1)).where(_B.member_id == MEMBERS.c.id, _B.blocked_id == author).correlate(MEMBERS)
        )
    )  # fmt: skip


def blocked_by(member: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a row of members is somebody whom `member` has blocked."""
    return exists(
        within(
            select(literal(1)).where(_B.member_id == member, _B.blocked_id == MEMBERS.c.id).correlate(MEMBERS)
        )
    )  # fmt: skip


async def mine(scope: Scope) -> list[Record]:
    """Whom the acting member has blocked, by name: `id, name, role, at`."""
    scope.require(Action.ROOM_JOIN)
    return await scope.all(_MINE, me=scope.member_id())


async def add(scope: Scope, member_id: UUID) -> None:
    """Hear no more from a member, however often it is said; NotFound for nobody, Conflict for oneself or above 500."""
    scope.require(Action.ROOM_JOIN)
    me = scope.member_id()
    if member_id == me:
        raise Conflict("You cannot block yourself.", "own_block")
    await _require_there(scope, member_id)
    await scope.run(_BLOCK, id=new_id(), member_id=me, blocked_id=member_id)
    if await scope.value(_COUNT, me=me) > MOST:
        raise Conflict(Said("You can block at most %(most)s people.", most=MOST), "too_many_blocks")


async def _require_there(scope: Scope, member_id: UUID) -> None:
    if await scope.first(_THERE, member_id=member_id) is None:
        raise NotFound("There is no such member here.", "no_such_member")


async def remove(scope: Scope, member_id: UUID) -> None:
    """Hear from a member again; nothing happens where they were not blocked; NotFound for nobody."""
    scope.require(Action.ROOM_JOIN)
    if not await scope.run(_UNBLOCK, member_id=scope.member_id(), blocked_id=member_id):
        await _require_there(scope, member_id)


async def spare(scope: Scope, author_id: UUID, members: Sequence[UUID | None]) -> list[UUID | None]:
    """Of members whom an author means, those who have not blocked them; None stands for a whole room and stays."""
    asked = [each for each in members if each is not None]
    deaf = {row["member_id"] for row in await scope.all(_WHO_BLOCKED, me=author_id, members=asked)} if asked else set()
    return [each for each in members if each not in deaf]
