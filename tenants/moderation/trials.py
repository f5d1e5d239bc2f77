"""Trials: what a filter would have caught over the last 30 days, before it is switched on; nothing is changed by one.

Students' messages in the rooms that the asker sees, the newest hundred thousand at most, each judged as it would
have been when it came. What cannot be looked at in time is left out, and that is said.
"""

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.channels import channels
from tenants.community import polls, rooms
from tenants.community.catching import Seen
from tenants.community.filters import REMEMBERED, Filter, Sent, Trace, Writer
from tenants.moderation.filter_rules import clean
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import Scoped

SINCE = timedelta(days=30)
MOST, PAGE, SAMPLE = 100_000, 5_000, 50
SECONDS, STATEMENT_SECONDS = 15.0, 10.0
MOST_REMEMBERED = 500
# A message's id tells when it was made, and the primary key holds them in that order.
_BEGIN = Scoped(
    "select id from messages where channel_id = $1 and id >= $2 order by id desc offset $3 limit 1",
    ("channel_id", "since", "most"),
    {},
)
_READ = Scoped(
    "select s.id, s.room_id, s.member_id, s.seq, s.html, s.poll, s.created_at from messages s"
    " where s.channel_id = $1 and s.id > $2 and s.created_at >= $3 and s.room_id = any($4::uuid[]) and s.html <> ''"
    " order by s.id limit $5",
    ("channel_id", "after", "since", "rooms", "limit"),
    {},
)
_WRITERS = Scoped(
    "select m.id, m.name, m.role, m.joined_at, exists (select 1 from enrollments e where e.channel_id = $1"
    " and e.member_id = m.id and e.state = 'active') as enrolled, (select count(*) from (select 1 from messages s"
    " where s.channel_id = $1 and s.member_id = m.id and s.created_at < $3 limit 1000) as few) as said"
    " from members m where m.channel_id = $1 and m.id = any($2::uuid[])",
    ("channel_id", "members", "since"),
    {},
)


@dataclass(frozen=True, slots=True)
class Caught:
    """A message that would have been caught: where, by whom, when, and its HTML."""

    id: UUID
    room: Record
    seq: int
    author: str
    at: datetime
    html: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a filter would have caught of so many messages since then: how many, on which days, the newest fifty.

    `complete` when that is all there was.
    """

    since: datetime
    looked_at: int
    caught: int
    days: Sequence[tuple[date, int]]
    sample: Sequence[Caught]
    complete: bool


@dataclass(slots=True)
class _Run:
    """A trial on its way through the messages, oldest first."""

    filter: Filter
    zone: ZoneInfo
    writers: dict[UUID, Record] = field(default_factory=dict)
    said: Counter[UUID] = field(default_factory=Counter)
    before: dict[UUID, deque[Trace]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=MOST_REMEMBERED)))
    looked_at: int = 0
    days: Counter[date] = field(default_factory=Counter)
    sample: deque[Record] = field(default_factory=lambda: deque(maxlen=SAMPLE))

    def judge(self, rows: Sequence[Record]) -> None:
        """Judge some messages, in the order they came. Costs CPU: call it off the event loop."""
        for row in rows:
            writer = self.writers.get(row["member_id"])
            if writer is not None and writer["role"] == "student":
                self.looked_at += 1
                self._judge(row, writer)

    def _judge(self, row: Record, writer: Record) -> None:
        who, at = row["member_id"], row["created_at"]
        before = self.before[who] if self.filter.remembers else deque()
        while before and before[-1].at <= at - REMEMBERED:
            before.pop()
        seen = Seen(_read(row))
        then = Writer(writer["joined_at"], writer["enrolled"], writer["said"] + self.said[who])
        if self.filter.catches(Sent(seen, then, before, at)):
            self.days[at.astimezone(self.zone).date()] += 1
            self.sample.append(row)
        self.said[who] += 1
        if self.filter.remembers:
            # Only repeats look at what was said; to be somebody's message is all that counts for the rest.
            before.appendleft(Trace(at, seen.mark if self.filter.kind == "repeats" else b""))


async def run(scope: Scope, given: Mapping[str, Any]) -> Trial:
    """Try a filter as it is given; Invalid when it is wrong. Ends after some fifteen seconds, wherever it is then."""
    scope.require(Action.MESSAGE_MODERATE)
    draft = Filter.of(clean(given) | {"id": None})
    until, since = time.monotonic() + SECONDS, datetime.now(UTC) - SINCE
    scope.limit_time(STATEMENT_SECONDS)
    seen = {room["id"]: room for room in await rooms.seen(scope, archived=True)}
    begun = _Run(draft, ZoneInfo((await channels.read(scope))["time_zone"]))
    first = await scope.value(_BEGIN, since=_first_id(since), most=MOST)
    after, complete = first or _first_id(since), first is None
    while True:
        rows = await scope.all(_READ, after=after, since=since, rooms=list(seen), limit=PAGE)
        await _meet(scope, begun, rows, since)
        await asyncio.to_thread(begun.judge, rows)
        if len(rows) < PAGE:
            break
        after = rows[-1]["id"]
        if time.monotonic() > until:
            complete = False
            break
    sample = [_caught(row, seen, begun.writers) for row in reversed(begun.sample)]
    return Trial(since, begun.looked_at, begun.days.total(), sorted(begun.days.items()), sample, complete)


async def _meet(scope: Scope, begun: _Run, rows: Sequence[Record], since: datetime) -> None:
    """Get to know those who wrote these and were not met before."""
    strangers = list({row["member_id"] for row in rows} - begun.writers.keys())
    if strangers:
        found = await scope.all(_WRITERS, members=strangers, since=since)
        begun.writers |= {row["id"]: row for row in found}


def _first_id(at: datetime) -> UUID:
    """The lowest id that could have been made at a time."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def _caught(row: Record, seen: Mapping[UUID, Record], writers: Mapping[UUID, Record]) -> Caught:
    author = writers[row["member_id"]]["name"]
    return Caught(row["id"], seen[row["room_id"]], row["seq"], author, row["created_at"], _read(row))


def _read(row: Record) -> str:
    return polls.legible(row["html"], polls.texts(row["poll"]))
