"""Screening: what is written meets the channel's filters in the transaction that would post or change it.

Staff is never screened, programs always are, and no conversation but in a raid. The first filter that catches decides:
the words are refused, or held until a moderator has looked at them, or pass with a flag. In raid mode who is new writes
nothing, and links of those less than a week there are held.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Column, LargeBinary, Uuid, bindparam, delete, func, insert, select

from tenants.community import caseload, filters, sanctions, withheld
from tenants.community.catching import Seen
from tenants.community.filters import CATCHES, REMEMBERED, Sent, Trace, Writer
from tenants.community.rooms import DIRECT
from tenants.errors import Forbidden
from tenants.ids import new_id
from tenants.members import raids, zones
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import binds, instant, owned, refers

# Below this many characters of HTML looking costs less than handing it to a thread.
SHORT = 2000
MOST_TRACES = 500
RAID = "Raid mode"

TRACES = owned(
    "traces",
    Column("member_id", Uuid, nullable=False),
    # Of no use once the message is gone, so it refers to nothing.
    Column("of_message", Uuid, nullable=False),
    Column("text_hash", LargeBinary, nullable=False),
    instant("at", now=True),
    refers("member_id", "members"),
)
_T = TRACES.c
_WRITER = Scoped(
    "select m.joined_at, exists (select 1 from enrollments e where e.channel_id = $1 and e.member_id = m.id"
    " and e.state = 'active') as enrolled, (select count(*) filter (where stands) from (select s.hidden_at is null"
    " and s.deleted_at is null as stands from messages s where s.channel_id = $1 and s.member_id = $2 limit 1000)"
    " as few) as said from members m where m.channel_id = $1 and m.id = $2",
    ("channel_id", "me"),
    {},
)
_BEFORE = scoped(
    select(_T.at, _T.text_hash)
    .where(_T.member_id == bindparam("me"), _T.at > func.now() - REMEMBERED, _T.of_message != bindparam("but"))
    .order_by(_T.at.desc())
    .limit(MOST_TRACES)
)
_TRACE = scoped(insert(TRACES).values(**binds("id", "member_id", "of_message", "text_hash")))
_FORGET = scoped(delete(TRACES).where(_T.member_id == bindparam("me"), _T.at <= func.now() - REMEMBERED))
_CAUGHT = scoped(
    insert(CATCHES).values(
        **binds("id", "filter_id", "name", "action", "member_id", "room_id", "message_id", "case_id")
    )
)


class Filtered(Forbidden):
    """403 `filtered`: a filter refuses these words; that it did is kept, though nothing else of it is."""

    keeps = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a filter does with a message: `hold` or `flag`; nothing when none caught it."""

    action: str = ""
    filter_id: UUID | None = None
    name: str = ""

    @property
    def holds(self) -> bool:
        """Whether the words wait for a moderator."""
        return self.action == "hold"


PASSED = Verdict()


def applies(scope: Scope, room: Record) -> bool:
    """Whether what the actor writes in a room (with its `restraints`) is to be screened at all."""
    return (
        bool(room["restraints"])
        and (scope.actor.program is not None or not sanctions.is_staff(scope))
        and (sanctions.filtered(room) is not None or sanctions.raided(room))
    )


async def screen(scope: Scope, room: Record, rendered: str, message_id: UUID, *, fresh: bool) -> Verdict:
    """What the filters say of the HTML of a message that is new (`fresh`) or changed.

    Forbidden `muted`, `raid` for who is new in one, `filtered` for what a filter refuses.
    """
    if not applies(scope, room):
        return PASSED
    await sanctions.require_unmuted(scope, room)
    writer = await _writer(scope)
    seen = Seen(rendered)
    if len(rendered) > SHORT:
        await asyncio.to_thread(lambda: (seen.mark, seen.linked, seen.named))
    caught = await _in_raid(scope, room, seen, writer)
    if room["kind"] == DIRECT:
        # What a filter catches, moderators read; a conversation is theirs only when somebody inside flags it.
        return PASSED
    if caught:
        return caught
    version = sanctions.filtered(room)
    standing = await filters.standing(scope, version) if version else ()
    if scope.actor.program is not None:
        # How much and how often is for people; a program has a rate of its own.
        standing = tuple(each for each in standing if not each.remembers)
    before = await _traced(scope, seen, message_id) if any(each.remembers for each in standing) else []
    sent = Sent(seen, writer, before, datetime.now(UTC), fresh)
    found = next((each for each in standing if each.catches(sent)), None)
    if found is None:
        return PASSED
    if found.action == "refuse":
        await _note(scope, room["id"], scope.member_id(), Verdict(found.action, found.id, found.name))
        raise Filtered(found.sentence(), "filtered")
    return Verdict(found.action, found.id, found.name)


async def carry_out(scope: Scope, room: Record, message_id: UUID, verdict: Verdict, *, fresh: bool) -> None:
    """Do what was decided with a message that stands now: take its words, open its case, note the catch."""
    if not verdict.action:
        return
    me = scope.member_id()
    if verdict.holds:
        await withheld.take(scope, message_id, withheld.HELD, held=True, untold=fresh)
    case_id = await caseload.open_about(scope, verdict.action, me, message_id)
    await _note(scope, room["id"], me, verdict, message_id, case_id)


async def silenced(scope: Scope, room: Record) -> str:
    """Why the acting member only reads while a raid stands; empty when they may write."""
    if not sanctions.raided(room) or sanctions.is_staff(scope) or scope.actor.member_id is None:
        return ""
    raid = await raids.standing(scope)
    writer = await scope.one(_WRITER, me=scope.member_id())
    if raid is None or not raids.is_new(raid, writer["joined_at"]):
        return ""
    return raids.silence(raid, await zones.own(scope))


async def _writer(scope: Scope) -> Writer:
    """What the filters know of who writes; a program is as new as its webhook."""
    if program := scope.actor.program:
        return Writer(program.since, enrolled=False, said=program.said)
    return Writer(**dict(await scope.one(_WRITER, me=scope.member_id())))


async def _in_raid(scope: Scope, room: Record, seen: Seen, writer: Writer) -> Verdict | None:
    raid = await raids.standing(scope) if sanctions.raided(room) else None
    if raid is None:
        return None
    if raids.is_new(raid, writer.joined_at):
        raise Forbidden(raids.silence(raid, await zones.own(scope)), "raid")
    strange = seen.linked and not raids.is_known(raid, writer.joined_at)
    return Verdict("hold", None, RAID) if strange else None


async def _traced(scope: Scope, seen: Seen, message_id: UUID) -> list[Trace]:
    """What the member wrote within a day, other messages than this; this is added to it.

    One message of a member waits for another, in whatever room, so that neither misses the other.
    """
    me = scope.member_id()
    await scope.serialise("traces", me)
    found = [Trace(row["at"], bytes(row["text_hash"])) for row in await scope.all(_BEFORE, me=me, but=message_id)]
    await scope.run(_FORGET, me=me)
    await scope.run(_TRACE, id=new_id(), member_id=me, of_message=message_id, text_hash=seen.mark)
    return found


async def _note(
    scope: Scope, room_id: UUID, member_id: UUID, verdict: Verdict, message_id: UUID | None = None,
    case_id: UUID | None = None,
) -> None:  # fmt: skip
    await scope.run(
        _CAUGHT, id=new_id(), filter_id=verdict.filter_id, name=verdict.name, action=verdict.action,
        member_id=member_id, room_id=room_id, message_id=message_id, case_id=case_id,
    )  # fmt: skip
