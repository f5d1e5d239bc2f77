"""Roles: who may make whom what. Nobody gives more than they have, and only owners step down from owning."""

from uuid import UUID

from sqlalchemy import bindparam, update

from tenants import audit
from tenants.errors import Forbidden, Said
from tenants.members import members
from tenants.members.members import MEMBERS
from tenants.permissions import RANK, Action, Actor, Role
from tenants.scope import Record, Scope
from tenants.statements import scoped

_SET = scoped(
    update(MEMBERS)
    .where(MEMBERS.c.id == bindparam("at"))
    .values(role=bindparam("new_role"))
    .returning(MEMBERS.c.id, MEMBERS.c.person_id, MEMBERS.c.name, MEMBERS.c.role, MEMBERS.c.joined_at)
)


def outranks(actor: Actor, role: Role) -> bool:
    """Whether the actor stands above a role; the system stands above all."""
    return actor.system is not None or (actor.role is not None and RANK[actor.role] > RANK[role])


async def require_below(scope: Scope, member_id: UUID) -> Record:
    """The member, locked, whom the actor stands above; Forbidden `outranked` for anybody else."""
    row = await members.locked(scope, member_id)
    if not outranks(scope.actor, Role(row["role"])):
        raise Forbidden(
            Said("Their role is %(role)s: only somebody above may do that.", role=Role(row["role"]).said), "outranked"
        )
    return row


async def change(scope: Scope, member_id: UUID, role: Role) -> Record:
    """Give a member another role; Forbidden for those not below the actor, Conflict `last_owner` for the only owner."""
    scope.require(Action.MEMBER_ROLE)
    await members.read(scope, member_id)
    before = await members.locked(scope, member_id)
    own = member_id == scope.actor.member_id
    if not own and not outranks(scope.actor, Role(before["role"])):
        raise Forbidden(
            Said("Their role is %(role)s: only somebody above may change that.", role=Role(before["role"]).said),
            "outranked",
        )
    if not outranks(scope.actor, role) and scope.actor.role is not role:
        raise Forbidden(Said("Only an owner may give this role: %(role)s.", role=role.said), "outranked")
    if role is not Role.OWNER:
        await members.keep_an_owner(scope, member_id)
    after = await scope.one(_SET, at=member_id, new_role=role)
    await audit.record(scope, "member.role", member_id, before=before["role"], after=role.value)
    return after
