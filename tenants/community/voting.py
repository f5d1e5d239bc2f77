"""Voting: one vote for each member and poll, replaced by the next one; counts stand in the message's own row.

Every change holds the message's row, so that votes of one poll come one after the other and are counted exactly. Who
voted is kept for the anonymous too, for one votes once; but nothing here tells it to anybody but the voter.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import Column, SmallInteger, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants import audit, notices
from tenants.community import direct_rules, messages, polls, programs, screening, withheld
from tenants.errors import Forbidden, NotFound
from tenants.ids import MessageId, RoomId, new_id
from tenants.members.members import MEMBERS
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import binds, owned, refers

VOTES = owned(
    "poll_votes",
    Column("message_id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("options", ARRAY(SmallInteger), nullable=False),
    refers("message_id", "messages"),
    refers("member_id", "members"),
)
_V = VOTES.c
_POLL, _ME = _V.message_id == bindparam("message_id", type_=Uuid()), _V.member_id == bindparam("me", type_=Uuid())
_NEW = insert(VOTES).values(**binds("id", "message_id", "member_id", "options"))
_CAST = scoped(
    _NEW.on_conflict_do_update(
        index_elements=["channel_id", "message_id", "member_id"],
        set_={"options": _NEW.excluded.options},
        where=_V.options.is_distinct_from(_NEW.excluded.options),
    )
)
_WITHDRAW = scoped(delete(VOTES).where(_POLL, _ME))
_FORGET = scoped(delete(VOTES).where(_POLL))
# Each vote counts once for each of its options, and once under -1 for its voter.
_COUNTED = Scoped(
    "select option, count(*) as n from poll_votes v cross join unnest(v.options || (-1)::smallint) as option"
    " where v.channel_id = $1 and v.message_id = $2 group by option",
    ("channel_id", "message_id"),
    {},
)
_OWN = scoped(
    select(_V.message_id, _V.options).where(_V.message_id == func.any(bindparam("message_ids", type_=ARRAY(Uuid))), _ME)
)
_VOTERS = scoped(
    select(_V.id.label("vote_id"), MEMBERS.c.id, MEMBERS.c.name, MEMBERS.c.avatar)
    .join_from(VOTES, MEMBERS, _V.member_id == MEMBERS.c.id)
    .where(_POLL, bindparam("option", type_=SmallInteger()) == func.any(_V.options), _V.id > bindparam("after"))
    .order_by(_V.id)
    .limit(bindparam("limit"))
)
_FIRST = UUID(int=0)


async def vote(scope: Scope, message_id: UUID, options: Sequence[int]) -> dict[str, Any]:
    """Choose options by their places, from 0, instead of those chosen before; the poll as it is then.

    Whoever sees the room and is a member may. Raises Conflict `poll_closed`, Invalid, Forbidden `muted`, `raid`,
    `message_hidden`, `archived`, NotFound `message_deleted`, `no_poll`.
    """
    held, poll = await _open(scope, message_id)
    chosen, me = polls.check_choice(poll, options), scope.member_id()
    # An id made now would tell when somebody voted.
    vote_id = uuid4() if poll["anonymous"] else new_id()
    changed = await scope.run(_CAST, id=vote_id, message_id=message_id, member_id=me, options=chosen)
    return await _counted(scope, held, poll, chosen, changed=bool(changed))


async def withdraw(scope: Scope, message_id: UUID) -> dict[str, Any]:
    """Take one's vote back, however often; the poll as it is then. Raises as `vote` does."""
    held, poll = await _open(scope, message_id)
    changed = await scope.run(_WITHDRAW, message_id=message_id, me=scope.member_id())
    return await _counted(scope, held, poll, [], changed=bool(changed))


async def close(scope: Scope, message_id: UUID) -> dict[str, Any]:
    """End one's own poll early, or as a moderator anybody's, for good; again: nothing. The poll as it is then."""
    held = await messages.hold(scope, message_id)
    by_author = programs.is_own(scope, held)
    scope.require(Action.MESSAGE_POST if by_author else Action.MESSAGE_MODERATE)
    poll = _of(held)
    if not polls.is_closed(poll):
        poll |= {"closed_at": datetime.now(UTC).isoformat(timespec="seconds")}
        if not by_author:
            await audit.record(scope, "poll.close", message_id)
        await _write(scope, held, poll)
    mine = await own(scope, [message_id])
    return _shown(poll) | {"mine": mine.get(message_id, [])}


async def own(scope: Scope, message_ids: Sequence[UUID]) -> dict[UUID, list[int]]:
    """What the acting member chose in some polls, by message; nobody else is told."""
    if scope.actor.member_id is None or not message_ids:
        return {}
    rows = await scope.all(_OWN, message_ids=list(message_ids), me=scope.actor.member_id)
    return {row["message_id"]: list(row["options"]) for row in rows}


async def shown(scope: Scope, rows: Sequence[Record | Sequence[Any]]) -> list[dict[str, Any]]:
    """Messages as the wire shows them to the acting member: with what they chose, where there is a poll.

    A page without polls costs no further statement.
    """
    whole = [messages.shown(row) for row in rows]
    polled = [one for one in whole if one["poll"] is not None]
    mine = await own(scope, [UUID(one["id"]) for one in polled])
    for one in polled:
        one["poll"]["mine"] = mine.get(UUID(one["id"]), [])
    return whole


async def voters(
    scope: Scope, message_id: UUID, option: int, *, after: UUID | None = None, limit: int = 50
) -> list[Record]:
    """Who chose an option, in the order they voted: `vote_id, id, name, avatar`; for members who see the message.

    Forbidden `anonymous` where names are kept from all, NotFound `no_poll`, `no_such_option`.
    """
    row = await messages.find(scope, message_id)
    scope.require(Action.ROOM_JOIN)
    withheld.require_words(row)
    if row["poll"] is None:
        raise _no_poll()
    poll = polls.shown(row["poll"])
    if not 0 <= option < len(poll["options"]):
        raise NotFound("This poll has no such option.", "no_such_option")
    if poll["anonymous"]:
        raise Forbidden("This poll is anonymous: nobody is told who chose what.", "anonymous")
    return await scope.all(_VOTERS, message_id=message_id, option=option, after=after or _FIRST, limit=limit)


async def forget(scope: Scope, message_id: UUID) -> None:
    """Keep nothing of who voted in a message that was deleted."""
    await scope.run(_FORGET, message_id=message_id)


async def _open(scope: Scope, message_id: UUID) -> tuple[Record, dict[str, Any]]:
    """A message that is held, and its poll, in which the actor may vote now."""
    held = await messages.hold(scope, message_id, writes=True)
    scope.require(Action.MESSAGE_POST)
    poll = _of(held)
    room = await direct_rules.place_of(scope, held["room_id"], on_case=False)
    if silence := await screening.silenced(scope, room):
        raise Forbidden(silence, "raid")
    polls.require_open(poll)
    return held, poll


def _of(held: Record) -> dict[str, Any]:
    withheld.require_words(held)
    if held["poll"] is None:
        raise _no_poll()
    return dict(held["poll"])


async def _counted(
    scope: Scope, held: Record, poll: dict[str, Any], mine: list[int], *, changed: bool
) -> dict[str, Any]:
    if changed:
        rows = await scope.all(_COUNTED, message_id=held["id"])
        counts = {row["option"]: row["n"] for row in rows}
        options = [each | {"count": counts.get(n, 0)} for n, each in enumerate(poll["options"])]
        poll |= {"options": options, "voters": counts.get(-1, 0)}
        await _write(scope, held, poll)
        if scope.actor.person_id is not None:
            own_vote = notices.poll_voted(scope.actor.person_id, RoomId(held["room_id"]), MessageId(held["id"]), mine)
            scope.announce(own_vote)
    return _shown(poll) | {"mine": mine}


async def _write(scope: Scope, held: Record, poll: dict[str, Any]) -> None:
    """Let the message show its poll as it is now, and tell the room."""
    poll["v"] += 1
    await scope.run(polls.WRITE, message_id=held["id"], poll=poll)
    scope.announce(notices.poll_changed(RoomId(held["room_id"]), MessageId(held["id"]), _shown(poll)))


def _shown(poll: Mapping[str, Any]) -> dict[str, Any]:
    return polls.shown(orjson.dumps(poll))


def _no_poll() -> NotFound:
    return NotFound("This message has no poll.", "no_poll")
