"""Effects: what each kind of act does, and how exactly that is undone. Callers have seen the right to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

from tenants import audit, notices
from tenants.channels import channels
from tenants.community import direct_rules, hiding, messages, sanctions, withheld
from tenants.errors import Invalid, NotFound
from tenants.ids import PersonId, RoomId
from tenants.jobs import ForgetWords
from tenants.languages import words_in
from tenants.members import bans, members, zones
from tenants.members.members import MEMBERS
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds

AFTER = timedelta(seconds=1)
LONGEST_MUTE = timedelta(days=365)
SLOWEST = 21_600
_BAN_AS_BEFORE = scoped(
    update(MEMBERS)
    .where(MEMBERS.c.id == bindparam("at"))
    .values(**binds("banned_at", "banned_until", "ban_reason"))
)  # fmt: skip
_BAN_FACTS = ("banned_at", "banned_until", "ban_reason")


@dataclass(frozen=True, slots=True)
class Aim:
    """Whom and what an act is about, its reasons in words, and how far: `until` for members, `seconds` for rooms.

    What a `program` wrote is about no member.
    """

    kind: str
    reason: str
    case_id: UUID | None = None
    member_id: UUID | None = None
    message_id: UUID | None = None
    room_id: UUID | None = None
    until: datetime | None = None
    seconds: int | None = None
    program: bool = False


Before = dict[str, Any]
Do = Callable[[Scope, Aim], Awaitable[Before]]
Undo = Callable[[Scope, Record], Awaitable[None]]


async def _keep(scope: Scope, aim: Aim) -> Before:
    """What a filter holds is kept by letting it go."""
    if aim.message_id is None or not await withheld.is_held(scope, aim.message_id):
        return {}
    await _message(scope, aim)
    return {"released": await release(scope, aim.message_id)}


async def release(scope: Scope, message_id: UUID) -> bool:
    """Let go what a filter held: it says what it said, and rings for those whom it concerns; False when it is gone.

    Programs hear of it only if it was held as it was posted: of one that was changed, they heard then.
    """
    untold = await withheld.is_untold(scope, message_id)
    if not await hiding.give_back(scope, message_id):
        return False
    held = await messages.hold(scope, message_id, in_archive=True)
    if untold and held["program_id"] is None:
        place = {"message": message_id, "room": held["room_id"], "member": held["member_id"], "seq": held["seq"]}
        scope.happened("message.posted", **place)
    return True


async def _hold_again(scope: Scope, act: Record) -> None:
    if act["before"].get("released"):
        held = await messages.hold(scope, act["message_id"], in_archive=True, on_case=True)
        await hiding.hide(scope, held, withheld.HELD, waits=True)


async def _nothing(_scope: Scope, _aim: Aim) -> Before:
    return {}


async def _undo_nothing(_scope: Scope, _act: Record) -> None:
    pass


async def _hide(scope: Scope, aim: Aim) -> Before:
    held = await _message(scope, aim)
    if held["hidden_at"] is not None and await withheld.is_held(scope, held["id"]):
        await withheld.judge(scope, held["id"], aim.reason, held=False)
        return {"judged": True}
    withheld.require_words(held)
    await hiding.hide(scope, held, aim.reason)
    return {}


async def _unhide(scope: Scope, act: Record) -> None:
    if act["before"].get("judged"):
        await withheld.judge(scope, act["message_id"], withheld.HELD, held=True)
    else:
        await hiding.give_back(scope, act["message_id"])


async def _delete(scope: Scope, aim: Aim) -> Before:
    held = await _message(scope, aim)
    if held["deleted_at"] is not None:
        raise NotFound("This message was deleted already.", "message_deleted")
    await hiding.remove(scope, held, aim.reason)
    scope.enqueue(ForgetWords(held["id"]), run_at=datetime.now(UTC) + hiding.UNDO_TIME + AFTER)
    return {"hidden": held["hidden_at"] is not None}


async def _give_back(scope: Scope, act: Record) -> None:
    await hiding.give_back(scope, act["message_id"], hidden=act["before"].get("hidden", False))


async def _slow(scope: Scope, aim: Aim) -> Before:
    room, seconds = _there(aim.room_id), aim.seconds
    if seconds is None or not 0 <= seconds <= SLOWEST:
        raise Invalid.field("/seconds", "range", f"Give the seconds between two messages, 0 to {SLOWEST}.")
    await direct_rules.require_not_direct(scope, room)
    before = await sanctions.find(scope, room, "slow")
    await _set_pace(scope, room, seconds, aim.reason)
    return {"seconds": before["seconds"] if before else 0, "reason": before["reason"] if before else ""}


async def _unslow(scope: Scope, act: Record) -> None:
    await _set_pace(scope, act["room_id"], act["before"]["seconds"], act["before"]["reason"])


async def _set_pace(scope: Scope, room_id: UUID, seconds: int, reason: str) -> None:
    if seconds:
        await sanctions.put(scope, room_id, "slow", seconds=seconds, reason=reason)
    else:
        await sanctions.lift(scope, room_id, "slow")
    scope.announce(notices.room_slowed(RoomId(room_id), seconds))


async def _mute(scope: Scope, aim: Aim) -> Before:
    member, now = _there(aim.member_id), datetime.now(UTC)
    if aim.until is None or not now < aim.until <= now + LONGEST_MUTE:
        raise Invalid.field("/until", "range", "Give a time to come, with its offset, at most a year from now.")
    before = await sanctions.find(scope, member, "mute")
    await _silence(scope, member, aim.until, aim.reason)
    return {"until": before["until"].isoformat(), "reason": before["reason"]} if before else {}


async def _unmute(scope: Scope, act: Record) -> None:
    before = act["before"]
    until = datetime.fromisoformat(before["until"]) if before else None
    await _silence(scope, act["member_id"], until, before.get("reason", ""))


async def _silence(scope: Scope, member_id: UUID, until: datetime | None, reason: str) -> None:
    person = PersonId((await members.locked(scope, member_id))["person_id"])
    if until is not None and until > datetime.now(UTC):
        await sanctions.put(scope, member_id, "mute", until=until, reason=reason)
        said = sanctions.muted_words(reason, until, await zones.of(scope, member_id))
        words = words_in((await channels.read(scope))["locale"])
        scope.announce(notices.muted(person, words.message(said), until.isoformat()))
    else:
        await sanctions.lift(scope, member_id, "mute")
        scope.announce(notices.muted(person, "", None))


async def _ban(scope: Scope, aim: Aim) -> Before:
    member = _there(aim.member_id)
    before = await members.locked(scope, member)
    await bans.ban(scope, member, aim.reason, aim.until)
    return {name: _plain(before[name]) for name in _BAN_FACTS}


async def _unban(scope: Scope, act: Record) -> None:
    before = act["before"]
    await scope.run(
        _BAN_AS_BEFORE,
        at=act["member_id"],
        banned_at=_time(before["banned_at"]),
        banned_until=_time(before["banned_until"]),
        ban_reason=before["ban_reason"],
    )
    if before["banned_at"] is None:
        await audit.record(scope, "member.unban", act["member_id"])


async def _message(scope: Scope, aim: Aim) -> Record:
    return await messages.hold(scope, _there(aim.message_id), in_archive=True, on_case=aim.case_id is not None)


def _there(id_: UUID | None) -> UUID:
    if id_ is None:
        raise Invalid("This act needs somebody, a message or a room that it is about.", "no_aim")
    return id_


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


EFFECTS: dict[str, tuple[Do, Undo]] = {
    "keep": (_keep, _hold_again),
    "hide": (_hide, _unhide),
    "delete": (_delete, _give_back),
    "warn": (_nothing, _undo_nothing),
    "slow": (_slow, _unslow),
    "mute": (_mute, _unmute),
    "ban": (_ban, _unban),
    "note": (_nothing, _undo_nothing),
}
