"""The queue: open cases with all that a decision needs: the talk around, flags, what happened before, the appeal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from tenants.community import messages, polls, rooms, withheld
from tenants.community.filters import CATCHES
from tenants.community.message_table import MESSAGES
from tenants.moderation import acts, appeals, cases, flags
from tenants.scope import Record, Scope
from tenants.statements import scoped

AROUND = 5
_SEQS = scoped(
    select(MESSAGES.c.id, MESSAGES.c.room_id, MESSAGES.c.seq).where(
        MESSAGES.c.id == bindparam("ids", type_=ARRAY(Uuid)).any_()
    )
)
_CATCHES = scoped(
    select(CATCHES.c.case_id, CATCHES.c.name, CATCHES.c.action, CATCHES.c.at)
    .where(CATCHES.c.case_id == bindparam("ids", type_=ARRAY(Uuid)).any_())
    .order_by(CATCHES.c.at, CATCHES.c.id)
    .limit(200)
)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as a moderator sees it: `around` holds its message and five before and after, words of hidden ones too.

    `catches` are the filters that caught it. Of their `own`, which another decides, a moderator sees neither flags nor
    what was done before; it is theirs, too, where it appeals against what they `acted`.
    There is no `room` to a case about a conversation: what is around it is all that a moderator sees of that.
    """

    row: Record
    room: Record | None
    around: Sequence[dict[str, Any]]
    flags: Sequence[Record]
    earlier: Sequence[Record]
    appeal: Record | None
    catches: Sequence[Record] = ()
    own: bool = False
    acted: bool = False

    @property
    def flagged_words(self) -> list[str]:
        """What the message said when it was flagged, where it says something else now, or nothing; oldest first."""
        now = self.about["body"] if self.about else ""
        return [said for said in dict.fromkeys(flag["said"] for flag in self.flags) if said not in {"", now}]

    @property
    def about(self) -> dict[str, Any] | None:
        """The message that it is about, or None for what is about a person."""
        return next((one for one in self.around if one["id"] == str(self.row["message_id"])), None)


async def page(scope: Scope, *, after: tuple[datetime, UUID] | None = None, limit: int = 20) -> list[Case]:
    """Open cases in rooms that the actor sees, and in conversations, oldest first."""
    return await whole(scope, await cases.waiting(scope, after=after, limit=limit))


async def one(scope: Scope, case_id: UUID) -> Case | None:
    """One case, open or closed; None when it is in a room that the actor does not see."""
    found = await whole(scope, [await cases.find(scope, case_id)])
    return found[0] if found else None


async def whole(scope: Scope, rows: Sequence[Record]) -> list[Case]:
    """Rows of cases with all that belongs to them; those in rooms that the actor does not see are left out."""
    shown = await seen(scope, rows)
    if not shown:
        return []
    own = {row["id"] for row in shown if await cases.is_for_another(scope, row)}
    places = {room["id"]: room for room in await rooms.seen(scope, archived=True)}
    seqs = {row["id"]: row["seq"] for row in await scope.all(_SEQS, ids=cases.ids_of(shown, "message_id"))}
    flagged = await flags.of(scope, cases.ids_of(shown, "id"))
    earlier = await acts.history(scope, cases.ids_of(shown, "member_id"))
    appealed = await appeals.of(scope, cases.ids_of(shown, "id"))
    caught: dict[UUID, list[Record]] = {}
    for each in await scope.all(_CATCHES, ids=cases.ids_of(shown, "id")):
        caught.setdefault(each["case_id"], []).append(each)
    return [
        Case(
            row,
            places.get(row["room_id"]),
            await _around(scope, row["room_id"], seqs[row["message_id"]]) if row["message_id"] else (),
            flagged.get(row["id"], ()) if row["id"] not in own else (),
            earlier.get(row["member_id"], ()) if row["id"] not in own else (),
            appealed.get(row["id"]),
            caught.get(row["id"], ()),
            own=row["id"] in own,
            acted=cases.has_acted(scope, row),
        )
        for row in shown
    ]


async def seen(scope: Scope, rows: Sequence[Record]) -> list[Record]:
    """Those of some cases that are in rooms the actor sees, in conversations, or in none."""
    places = {None, *(room["id"] for room in await rooms.seen(scope, archived=True))}
    return [row for row in rows if row["direct"] or row["room_id"] in places]


async def _around(scope: Scope, room_id: UUID, seq: int) -> list[dict[str, Any]]:
    """A message and its neighbours, with the words of those that are hidden."""
    first = max(0, seq - AROUND - 1)
    rows = await messages.page_of_seen(scope, room_id, after=first, limit=seq - first + AROUND)
    kept = await withheld.of(scope, [UUID(row["id"]) for row in rows if row["hidden_at"] is not None])
    return [_said(row, kept.get(UUID(row["id"]))) for row in rows]


def _said(row: Record, kept: Record | None) -> dict[str, Any]:
    shown = messages.plain(row)
    if kept is None:
        return shown
    poll = polls.shown(kept["poll"]) if kept["poll"] is not None else None
    return shown | {name: kept[name] for name in ("body", "html", "files")} | {"poll": poll}
