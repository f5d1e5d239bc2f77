"""Bans: a member is shut out, for a while or for good, with a reason they can read; it bites at the next act."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import bindparam, func, update

from tenants import audit
from tenants.errors import Conflict, Forbidden, Invalid, Said
from tenants.ids import PersonId
from tenants.members import members, unsent
from tenants.members.members import MEMBERS
from tenants.members.roles import outranks
from tenants.notices import Notice
from tenants.permissions import Action, Role
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds
from tenants.texts import clean_line

REASON_LENGTH = 500
_M = MEMBERS.c
_SHOWN = (_M.id, _M.person_id, _M.name, _M.role, _M.joined_at, _M.banned_at, _M.banned_until, _M.ban_reason)
_CHOSEN = update(MEMBERS).where(_M.id == bindparam("at"))
_BAN = scoped(_CHOSEN.values(banned_at=func.now(), **binds("banned_until", "ban_reason")).returning(*_SHOWN))
_UNBAN = scoped(_CHOSEN.values(banned_at=None, banned_until=None, ban_reason=None).returning(*_SHOWN))


async def ban(scope: Scope, member_id: UUID, reason: str, until: datetime | None = None) -> Record:
    """Shut a member out, until `until` or for good; their sockets end. Forbidden for those not below the actor."""
    scope.require(Action.MEMBER_BAN)
    reason = clean_line(reason, "/reason", longest=REASON_LENGTH)
    if until is not None and (until.tzinfo is None or until <= datetime.now(UTC)):
        raise Invalid.field("/until", "past", "Give a time to come, with its offset, or leave it out.")
    await _check_rank(scope, member_id)
    after = await scope.one(_BAN, at=member_id, banned_until=until, ban_reason=reason)
    await unsent.forget(scope, member_id)
    scope.announce(banned(after))
    await audit.record(scope, "member.ban", member_id, until=until)
    return after


async def unban(scope: Scope, member_id: UUID) -> Record:
    """Let a member in again; nothing happens to one who is not banned."""
    scope.require(Action.MEMBER_BAN)
    before = await _check_rank(scope, member_id)
    after = await scope.one(_UNBAN, at=member_id)
    if before["banned_at"] is not None:
        await audit.record(scope, "member.unban", member_id)
    return after


def banned(member: Record) -> Notice:
    """What ends the sockets of a member in this channel."""
    until = member["banned_until"] and member["banned_until"].isoformat()
    payload = {"member": str(member["id"]), "reason": member["ban_reason"], "until": until}
    return Notice("member.banned", payload, person_id=PersonId(member["person_id"]))


async def _check_rank(scope: Scope, member_id: UUID) -> Record:
    row = await members.locked(scope, member_id)
    if member_id == scope.actor.member_id:
        raise Conflict("You cannot ban yourself. Leave the channel instead.", "own_ban")
    if not outranks(scope.actor, Role(row["role"])):
        raise Forbidden(
            Said("Their role is %(role)s: only somebody above may ban them.", role=Role(row["role"]).said), "outranked"
        )
    return row
