"""Acts: what moderators do, each with its reasons and its row for ever; at once, and undone exactly within 10 s."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants import audit, links, notices
from tenants.channels import channels
from tenants.community import direct_rules, messages, rooms
from tenants.community.hiding import UNDO_TIME
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.ids import PersonId, new_id
from tenants.members import bell, members
from tenants.members.members import MEMBERS
from tenants.members.roles import require_below
from tenants.moderation import cases
from tenants.moderation.effects import EFFECTS, Aim
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import Json, binds, instant, owned, refers, text

ACTS = owned(
    "moderation_acts",
    text("kind"),
    Column("case_id", Uuid),
    Column("by_member", Uuid),
    Column("member_id", Uuid),
    Column("message_id", Uuid),
    Column("room_id", Uuid),
    text("reason"),
    instant("until"),
    Column("seconds", Integer),
    # What stood before, for the undoing.
    Column("before", Json, nullable=False, server_default="{}"),
    instant("at", now=True),
    instant("undone_at"),
    refers("case_id", "moderation_cases"),
    refers("by_member", "members"),
    refers("member_id", "members"),
    refers("message_id", "messages"),
    refers("room_id", "rooms"),
)
# They decide about a message, so they close its case; the rest is about a person or a room, and leaves it open.
CLOSING = {"keep", "hide", "delete"}
ON_MEMBERS = {"hide", "delete", "warn", "mute", "ban"}
SILENT = {"keep", "note", "slow"}
TITLES = {
    "hide": "A moderator has hidden one of your messages.",
    "delete": "A moderator has deleted one of your messages.",
    "warn": "A moderator has warned you.",
    "mute": "A moderator has muted you for a while.",
    "ban": "A moderator has banned you from this channel.",
}
_A = ACTS.c
_FACTS = tuple(
    _A[name]
    for name in (
        "id", "kind", "case_id", "by_member", "member_id", "message_id", "room_id", "reason", "until", "seconds",
        "before", "at", "undone_at",
    )
)  # fmt: skip
_ADD = scoped(
    insert(ACTS)
    .values(**binds("id", "kind", "case_id", "by_member", "member_id", "message_id", "room_id", "reason", "until"))
    .values(**binds("seconds", "before"))
    .returning(*_FACTS)
)
_ONE = scoped(select(*_FACTS).where(_A.id == bindparam("at")).with_for_update())
_UNDONE = scoped(update(ACTS).where(_A.id == bindparam("at")).values(undone_at=func.now()).returning(*_FACTS))
_HISTORY = scoped(
    select(*_FACTS, MEMBERS.c.name.label("by_name"))
    .join_from(ACTS, MEMBERS, MEMBERS.c.id == _A.by_member)
    .where(_A.member_id == bindparam("member_ids", type_=ARRAY(Uuid)).any_(), _A.kind != "keep")
    .order_by(_A.at.desc(), _A.id.desc())
    .limit(bindparam("limit"))
)
_LAST = scoped(
    select(*_FACTS)
    .where(_A.by_member == bindparam("me"), _A.undone_at.is_(None), _A.at > bindparam("since"))
    .order_by(_A.at.desc(), _A.id.desc())
    .limit(1)
)


async def act(scope: Scope, asked: Aim) -> Record:
    """Do what a moderator asks, at once: the effect, its row, its line in the audit, its statement to the person.

    Forbidden `outranked` for those not below the actor, `own_case` for what is about the actor (who moderates alone
    keeps words of their own, or notes something, and no more); Invalid `a_program` for what is done to people alone;
    Conflict `claimed` while somebody else looks at the case, `case_closed` when it was decided already; NotFound for
    what is not there or not seen.
    """
    scope.require(Action.MESSAGE_MODERATE)
    aim = await _aimed(scope, asked)
    if aim.program:
        _check_program(aim)
    elif aim.kind in ON_MEMBERS:
        await _check_rank(scope, aim)
    do, _ = EFFECTS[aim.kind]
    before = await do(scope, aim)
    row = await _write(scope, aim, before)
    await _tell(scope, row, TITLES.get(aim.kind, ""))
    if aim.case_id and aim.kind in CLOSING:
        await cases.close(scope, aim.case_id)
    return row


async def undo(scope: Scope, act_id: UUID) -> Record:
    """Take one's own act back within ten seconds, as if it had not been; again changes nothing.

    Conflict `too_late` after that, Forbidden for another's act.
    """
    scope.require(Action.MESSAGE_MODERATE)
    row = await hold(scope, act_id)
    if row["by_member"] != scope.actor.member_id:
        raise Forbidden("Only the moderator who acted undoes it. It can be appealed.", "not_yours")
    if row["undone_at"] is not None:
        return row
    if row["at"] + UNDO_TIME < datetime.now(UTC):
        raise Conflict("The ten seconds to undo this have passed.", "too_late")
    undone = await revert(scope, row)
    if row["case_id"] and row["kind"] in CLOSING:
        await cases.reopen(scope, row["case_id"])
    return undone


async def revert(scope: Scope, row: Record) -> Record:
    """Undo the effect of a held act, and tell its person; whoever calls has seen the right to."""
    _, undoing = EFFECTS[row["kind"]]
    await undoing(scope, row)
    await audit.record(scope, f"moderation.undo.{row['kind']}", row["id"])
    after = await scope.one(_UNDONE, at=row["id"])
    await _tell(scope, after, "What a moderator decided was taken back.")
    return after


async def hold(scope: Scope, act_id: UUID) -> Record:
    """An act that nobody else changes until this transaction ends."""
    row = await scope.first(_ONE, at=act_id)
    if row is None:
        raise NotFound("There is no such decision here.", "no_such_act")
    return row


async def history(scope: Scope, member_ids: list[UUID], limit: int = 100) -> dict[UUID, list[Record]]:
    """What was done about some members before, and noted, newest first, by member; needs the right to moderate."""
    scope.require(Action.MESSAGE_MODERATE)
    found: dict[UUID, list[Record]] = {}
    for row in await scope.all(_HISTORY, member_ids=member_ids, limit=limit):
        found.setdefault(row["member_id"], []).append(row)
    return found


async def last(scope: Scope) -> Record | None:
    """The actor's own newest act that can still be undone, or None."""
    scope.require(Action.MESSAGE_MODERATE)
    return await scope.first(_LAST, me=scope.member_id(), since=datetime.now(UTC) - UNDO_TIME)


async def _aimed(scope: Scope, asked: Aim) -> Aim:
    """The act with all that follows from its case or message; NotFound for what the actor may not see."""
    aim = asked
    if aim.case_id is None and aim.message_id is not None and aim.kind in CLOSING:
        # Words that are decided about elsewhere wait for no decision more, unless somebody else looks at them.
        aim = replace(aim, case_id=await cases.free_about(scope, aim.message_id))
    if aim.case_id is not None:
        case = await cases.hold(scope, aim.case_id)
        if case["closed_at"] is not None and aim.kind in CLOSING:
            raise Conflict("This was decided already.", "case_closed")
        aim = replace(aim, message_id=case["message_id"], member_id=case["member_id"])
    elif aim.kind == "keep":
        raise Invalid.field("/case", "missing", "Say which case is decided.")
    if aim.message_id is not None:
        held = await messages.hold(scope, aim.message_id, in_archive=True, on_case=asked.case_id is not None)
        if asked.case_id is None:
            await direct_rules.require_not_direct(scope, held["room_id"])
        program = held["program_id"] is not None
        author = None if program else held["member_id"]
        aim = replace(aim, member_id=author, room_id=held["room_id"], program=program)
    elif aim.room_id is not None:
        await rooms.find(scope, aim.room_id)
    return aim


def _check_program(aim: Aim) -> None:
    """What a program wrote is nobody's, so whoever moderates decides about it; it is not warned, muted or banned."""
    if aim.kind in ON_MEMBERS - CLOSING:
        raise Invalid("A program wrote this. Hide or delete it, or switch off the webhook it comes by.", "a_program")


async def _check_rank(scope: Scope, aim: Aim) -> None:
    if aim.member_id is None:
        raise Invalid("Say whom this is about: a case, a message or a member.", "no_aim")
    if aim.member_id == scope.actor.member_id:
        raise cases.own_case()
    await require_below(scope, aim.member_id)


async def _write(scope: Scope, aim: Aim, before: dict[str, Any]) -> Record:
    names = ("kind", "case_id", "member_id", "message_id", "room_id", "reason", "until", "seconds")
    facts = {name: getattr(aim, name) for name in names}
    row = await scope.one(_ADD, id=new_id(), by_member=scope.actor.member_id, before=before, **facts)
    about = {name: str(facts[name]) for name in ("member_id", "message_id", "room_id") if facts[name]}
    await audit.record(scope, f"moderation.{aim.kind}", row["id"], **about)
    return row


async def _tell(scope: Scope, row: Record, title: str) -> None:
    """The statement of reasons reaches the person: a notice now, the whole on their page of decisions."""
    if row["kind"] not in SILENT:
        await tell(scope, row, row["member_id"], title)


async def tell(scope: Scope, act: Record, member_id: UUID | None, title: str) -> None:
    """A member's bell rings for how an act stands now, in the place of what it rang for before."""
    if member_id is None:
        return
    person = PersonId((await members.locked(scope, member_id))["person_id"])
    url = links.decisions((await channels.read(scope))["slug"])
    undone = act["undone_at"] is not None
    told = notices.decided(person, act["id"], act["kind"], title, url, undone=undone)
    await bell.ring(scope, [told], act["id"])
