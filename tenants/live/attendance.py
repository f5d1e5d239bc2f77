"""Attendance: who came to a class and for how long, from what is told of it late, twice, in any order or never.

`joined` and `left` are told by webhooks, each of one connection. `seen` says how many connections somebody had at that
moment, none among them; it is what a roll call found, kept only where the other marks say otherwise. `called` is kept
of nobody, for each roll call. So it holds, for whatever is told:

- What a roll call found stays so. `seen` counts from its moment on, and a mark that is told after the roll call, of a
  time before it, changes what was before it alone: a leave that comes late, of a leaving that the roll call found as
  well, ends nothing twice, and a join whose leave is lost ends there.
- A join after that moment begins a presence of its own. One told by a webhook and by a roll call is one mark, for both
  name the provider's own time of it.
- A leave that nobody told ends at the next roll call: no presence is too long by more than the time between two of them
  and LAG. A join that nobody told begins when the provider says; where it does not say, at the next roll call.
- Of those who came or went within LAG before it, a roll call says nothing: a provider's list may lag behind its
  webhooks, and its clock behind ours. The next one does.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from tenants.ids import new_id
from tenants.live import classes
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, refers, text

ATTENDANCE = owned(
    "attendance",
    Column("class_id", Uuid, nullable=False),
    text("participant"),
    text("name", default=""),
    text("kind"),
    instant("at"),
    Column("devices", Integer, nullable=False, server_default="0"),
    refers("class_id", "live_classes"),
)
MOST_MARKS = 20_000
LAG = timedelta(seconds=5)
NOBODY = ""
_A = ATTENDANCE.c
_OF_CLASS = _A.class_id == bindparam("class_id")
_NOTE = scoped(
    insert(ATTENDANCE)
    .values(**binds("id", "class_id", "participant", "name", "kind", "at", "devices"))
    .on_conflict_do_nothing(index_elements=["channel_id", "class_id", "participant", "at", "kind"])
)
_COUNT = scoped(select(func.count()).where(_OF_CLASS))
_ALL = (
    select(_A.participant, _A.name, _A.kind, _A.at, _A.devices)
    .where(_OF_CLASS)
    .order_by(_A.participant, _A.at, _A.kind)
    .limit(MOST_MARKS)
)
_MARKS = scoped(_ALL)
_MARKS_OF = scoped(_ALL.where(_A.participant == func.any(bindparam("participants", type_=ARRAY(Text)))))
Interval = tuple[datetime, datetime]


class Mark(NamedTuple):
    """What is known of one participant at a moment.

    They sort by time; of one moment the join comes first, so that the leave has something to close, and what was seen
    comes last, because it knows of both.
    """

    at: datetime
    kind: str
    devices: int = 0


Told = tuple[str, str, Mark]
"""A participant, as the provider names them; their name, possibly empty; and what is known of them."""


class Listed(NamedTuple):
    """Somebody who is in the room, once for each connection; `since` they came in, where the provider says so."""

    participant: str
    name: str
    since: datetime | None


class Stayed(NamedTuple):
    """A stretch that somebody was in the room, by the provider's report."""

    participant: str
    since: datetime
    until: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Attended:
    """One participant of a class, as the provider names them, and when they were there."""

    participant: str
    name: str
    intervals: tuple[Interval, ...]

    @property
    def seconds(self) -> float:
        """How long they were there in all."""
        return sum((last - first for first, last in self.intervals), timedelta()).total_seconds()


def intervals(marks: Iterable[Mark], end: datetime) -> tuple[Interval, ...]:
    """The times of presence as a union: one who came in by two devices is there until both have left.

    Whoever never left stays until `end`; a leave without a join counts for nothing.
    """
    found: list[Interval] = []
    inside, since = 0, end
    for mark in sorted(marks):
        before, inside = inside, _after(inside, mark)
        if inside and not before:
            since = mark.at
        elif before and not inside:
            found.append((since, mark.at))
    if inside and since < end:
        found.append((since, end))
    return tuple((first, last) for first, last in found if first < last)


def news(
    known: Mapping[str, Sequence[Mark]], here: Mapping[str, Sequence[Listed]], asked_at: datetime, lag: timedelta = LAG
) -> Iterator[Told]:
    """What a roll call found that the marks do not say."""
    for who in {**known, **here}:
        listed, marks = here.get(who, ()), list(known.get(who, ()))
        name = next((each.name for each in listed if each.name), "")
        came = {Mark(each.since, "joined") for each in listed if each.since is not None} - {*marks}
        yield from ((who, name, mark) for mark in came)
        marks += came
        settled = all(mark.at <= asked_at - lag for mark in marks)
        if settled and _devices(marks, asked_at) != len(listed):
            yield who, name, Mark(asked_at, "seen", len(listed))


def upheld(known: Sequence[Mark], told: Sequence[Mark], calls: Sequence[datetime]) -> list[Mark]:
    """What the roll calls at `calls`, in order, found of one participant, where marks told since say otherwise."""
    marks = {*known, *told}
    settled = [at for at in calls if not any(at - LAG < mark.at <= at for mark in marks if mark.kind != "seen")]
    places = {bisect_left(settled, mark.at) for mark in told}
    kept: list[Mark] = []
    for at in (settled[place] for place in sorted(places) if place < len(settled)):
        if (found := _devices(known, at)) != _devices({*marks, *kept}, at):
            kept.append(Mark(at, "seen", found))
    return kept


async def of_class(scope: Scope, class_id: UUID) -> list[Attended]:
    """Who came, by participant; for those who plan classes."""
    scope.require(Action.LIVE_EDIT)
    held = await classes.read(scope, class_id)
    end = held["ended_at"] or held["ends_at"]
    marks = [mark for mark in await scope.all(_MARKS, class_id=class_id) if mark["participant"] != NOBODY]
    return [_attended(who, list(own), end) for who, own in groupby(marks, lambda mark: str(mark["participant"]))]


async def note(scope: Scope, class_id: UUID, told: Sequence[Told]) -> None:
    """Keep marks; the same ones again, or those beyond the 20,000th of a class, change nothing."""
    await scope.serialise("attendance", class_id)
    by: dict[str, list[Mark]] = defaultdict(list)
    for who, _, mark in told:
        by[who].append(mark)
    known = _by_participant(await scope.all(_MARKS_OF, class_id=class_id, participants=[NOBODY, *by]))
    calls = [mark.at for mark in known[NOBODY]]
    late: list[Told] = [(who, "", mark) for who, marks in by.items() for mark in upheld(known[who], marks, calls)]
    await _keep(scope, class_id, [*told, *late])


async def call_roll(scope: Scope, class_id: UUID, asked_at: datetime, listed: Sequence[Listed]) -> None:
    """Keep what a provider that was asked at `asked_at` said: all who are in the room, and so who no longer is."""
    await _call_roll(scope, class_id, asked_at, listed, LAG)


async def dismiss(scope: Scope, class_id: UUID) -> None:
    """Nobody attends the class any longer: it was cancelled, or moved away; whoever comes afterwards comes anew."""
    await _call_roll(scope, class_id, datetime.now(UTC), [], timedelta())


async def take_report(scope: Scope, class_id: UUID, stays: Iterable[Stayed]) -> None:
    """Keep what a provider reports of sittings that are over: all stays of each participant in them."""
    told: list[Told] = []
    for stay in _merged(sorted(stays)):
        told.append((stay.participant, stay.name, Mark(stay.since, "joined")))
        # Webhooks may have told of more devices than of leaves: at the end of a stay nobody is left.
        told.append((stay.participant, stay.name, Mark(stay.until, "seen")))
    await note(scope, class_id, told)


async def _call_roll(
    scope: Scope, class_id: UUID, asked_at: datetime, listed: Sequence[Listed], lag: timedelta
) -> None:
    await scope.serialise("attendance", class_id)
    here: dict[str, list[Listed]] = defaultdict(list)
    for each in listed:
        here[each.participant].append(each)
    known = _by_participant(await scope.all(_MARKS, class_id=class_id))
    known.pop(NOBODY, None)
    called = (NOBODY, "", Mark(asked_at, "called", len(listed)))
    await _keep(scope, class_id, [called, *news(known, here, asked_at, lag)])


async def _keep(scope: Scope, class_id: UUID, told: Sequence[Told]) -> None:
    left = max(0, MOST_MARKS - int(await scope.value(_COUNT, class_id=class_id)))
    for who, name, mark in told[:left]:
        await scope.run(_NOTE, id=new_id(), class_id=class_id, participant=who, name=name, **mark._asdict())


def _after(inside: int, mark: Mark) -> int:
    """How many connections there are after a mark, of `inside` before it."""
    if mark.kind == "seen":
        return mark.devices
    return inside + 1 if mark.kind == "joined" else max(inside - 1, 0)


def _devices(marks: Iterable[Mark], at: datetime) -> int:
    """How many connections the marks know of at a moment."""
    return reduce(_after, sorted(mark for mark in marks if mark.at <= at), 0)


def _merged(stays: Iterable[Stayed]) -> list[Stayed]:
    """The same presence in stays that do not touch each other; given, and returned, by participant and time."""
    found: list[Stayed] = []
    for stay in stays:
        last = found[-1] if found else None
        if last is not None and last.participant == stay.participant and stay.since <= last.until:
            found[-1] = last._replace(until=max(last.until, stay.until))
        else:
            found.append(stay)
    return found


def _by_participant(rows: Iterable[Record]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = defaultdict(list)
    for row in rows:
        found[row["participant"]].append(_mark(row))
    return found


def _mark(row: Record) -> Mark:
    return Mark(row["at"], row["kind"], row["devices"])


def _attended(participant: str, marks: list[Record], end: datetime) -> Attended:
    names = [mark["name"] for mark in marks if mark["name"]]
    return Attended(participant, names[-1] if names else "", intervals(map(_mark, marks), end))
