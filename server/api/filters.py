"""Filters and raid mode over the API: what does not pass as it comes, tried first; one switch for when many come."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.rooms import InSlug
from server.bodies import Given
from server.context import AtChannel, InChannel
from server.idempotency import Idempotency
from server.keyset import Page
from server.limits import TRIALS
from server.op import Route, op
from tenants.members import raids
from tenants.moderation import filter_editing, raid, trials
from tenants.moderation.filter_rules import LONGEST_WORD, MOST_DOMAINS, MOST_WORDS
from tenants.permissions import Action
from tenants.scope import Record

TAGS = ("moderation",)
TRIAL_SECONDS = 45.0
Kind = Literal["words", "links", "newcomers", "repeats"]
Does = Literal["hold", "refuse", "flag"]
Count = Annotated[int, Field(ge=0, le=100_000)]
Word = Annotated[str, Field(max_length=4 * LONGEST_WORD)]
Domain = Annotated[str, Field(max_length=400)]


class OfFilter(InSlug):
    """A filter of a channel."""

    filter: UUID


class Rule(Given):
    """What a filter looks for. `words`: those, whole, whatever their capitals and accents.

    `links` with a `mode`: `allow` (only to these `domains`), `deny` (to none of these), `new` (to none but these, from
    who is new). `newcomers`: more than `per_hour` messages an hour, or more than `links` links in one, from who is new:
    a member for less than `days`, or of fewer than `messages`. `repeats`: the same text `times` within `minutes`.
    """

    words: Annotated[list[Word], Field(max_length=MOST_WORDS)] | None = None
    mode: Literal["allow", "deny", "new"] | None = None
    domains: Annotated[list[Domain], Field(max_length=MOST_DOMAINS)] | None = None
    days: Count | None = None
    messages: Count | None = None
    per_hour: Count | None = None
    links: Count | None = None
    times: Count | None = None
    minutes: Count | None = None


class NewFilter(Given):
    """A filter; it does nothing until it is `enabled`. Staff is always exempt.

    `hold` keeps the words from everybody until a moderator has looked, `refuse` does not take them, `flag` lets them
    pass and opens a case. Members of `exempt_days` and more are exempt, and students of a course if `exempt_enrolled`.
    """

    name: Annotated[str, Field(max_length=200)]
    kind: Kind
    rule: Rule
    action: Does
    enabled: bool = False
    exempt_days: Count | None = None
    exempt_enrolled: bool = False


class FilterChanges(Given):
    """What is to be set; its place among the filters by `position`, from 0. The first that catches decides."""

    name: Annotated[str, Field(max_length=200)] | None = None
    kind: Kind | None = None
    rule: Rule | None = None
    action: Does | None = None
    enabled: bool | None = None
    exempt_days: Count | None = None
    exempt_enrolled: bool | None = None
    position: Annotated[int, Field(ge=0, le=100)] | None = None


class FilterShown(BaseModel):
    """A filter as it stands; `caught` counts the last seven days."""

    id: UUID
    name: str
    kind: str
    rule: dict[str, Any]
    action: str
    enabled: bool
    position: int
    exempt_days: int | None
    exempt_enrolled: bool
    caught: int


class DayShown(BaseModel):
    """How many messages of a day, in the channel's time zone."""

    day: date
    count: int


class CaughtShown(BaseModel):
    """A message that would have been caught."""

    id: UUID
    room: UUID
    seq: int
    author: str
    at: datetime
    html: str


class TrialShown(BaseModel):
    """What a filter would have caught `since` then: of how many, on which days, and the newest fifty.

    Not `complete` where there was more than a hundred thousand messages, or than fifteen seconds suffice for.
    """

    since: datetime
    looked_at: int
    caught: int
    days: list[DayShown]
    sample: list[CaughtShown]
    complete: bool


class NewRaid(Given):
    """For how many minutes from now raid mode is to stand."""

    minutes: Annotated[int, Field(ge=1, le=raid.LONGEST_MINUTES)] = raid.MINUTES


class RaidShown(BaseModel):
    """Raid mode: since when and until when, or nulls when it is off."""

    began_at: datetime | None
    ends_at: datetime | None


@op("Filters", tags=TAGS, errors=(403, 404))
async def list_filters(context: InChannel, *, path: InSlug) -> Page[FilterShown]:
    """All, in the order in which they are tried."""
    return Page(items=[_filter(row) for row in await filter_editing.every(context.scope)])


@op("Make a filter", status=201, tags=TAGS, idempotent=Idempotency.TAKEN, errors=(403, 404, 409))
async def add_filter(context: InChannel, *, path: InSlug, body: NewFilter) -> FilterShown:
    """The last in order; off, unless told."""
    return _filter(await filter_editing.add(context.scope, _given(body)))


@op("Try a filter", tags=TAGS, limits=(TRIALS,), errors=(403, 404), seconds=TRIAL_SECONDS)
async def try_filter(context: AtChannel, *, path: InSlug, body: NewFilter) -> TrialShown:
    """What it would have caught over the last 30 days in the rooms that you see; nothing is changed."""
    async with context.scope(readonly=True) as scope:
        found = await trials.run(scope, _given(body))
    return TrialShown(
        since=found.since,
        looked_at=found.looked_at,
        caught=found.caught,
        days=[DayShown(day=day, count=count) for day, count in found.days],
        sample=[
            CaughtShown(id=each.id, room=each.room["id"], seq=each.seq, author=each.author, at=each.at, html=each.html)
            for each in found.sample
        ],
        complete=found.complete,
    )


@op("Change a filter", tags=TAGS, errors=(403, 404))
async def edit_filter(context: InChannel, *, path: OfFilter, body: FilterChanges) -> FilterShown:
    """From the next message on."""
    given = _given(body)
    missing = [name for name in given if given[name] is None and name != "exempt_days"]
    changes = {name: value for name, value in given.items() if name not in missing}
    return _filter(await filter_editing.edit(context.scope, path.filter, changes))


@op("Delete a filter", tags=TAGS, errors=(403, 404))
async def remove_filter(context: InChannel, *, path: OfFilter) -> None:
    """Its catches stay told."""
    await filter_editing.remove(context.scope, path.filter)


@op("Raid mode", tags=TAGS, errors=(403, 404))
async def read_raid(context: InChannel, *, path: InSlug) -> RaidShown:
    """Whether it is on."""
    context.scope.require(Action.MESSAGE_MODERATE)
    return _raid(await raids.standing(context.scope))


@op("Switch raid mode on", tags=TAGS, errors=(403, 404))
async def begin_raid(context: InChannel, *, path: InSlug, body: NewRaid) -> RaidShown:
    """Nobody new joins, who joined within a day only reads, links of those less than a week there are held, students
    write once in 30 seconds, `@room` calls nobody. Where it is on, it ends then.
    """
    return _raid(await raid.begin(context.scope, body.minutes))


@op("Switch raid mode off", tags=TAGS, errors=(403, 404))
async def end_raid(context: InChannel, *, path: InSlug) -> None:
    """All is as it was before; however often it is said."""
    await raid.end(context.scope)


ROUTES = (
    Route("GET", "/channels/{slug}/moderation/filters", list_filters),
    Route("POST", "/channels/{slug}/moderation/filters", add_filter),
    Route("POST", "/channels/{slug}/moderation/filter-trials", try_filter),
    Route("PATCH", "/channels/{slug}/moderation/filters/{filter}", edit_filter),
    Route("DELETE", "/channels/{slug}/moderation/filters/{filter}", remove_filter),
    Route("GET", "/channels/{slug}/moderation/raid", read_raid),
    Route("PUT", "/channels/{slug}/moderation/raid", begin_raid),
    Route("DELETE", "/channels/{slug}/moderation/raid", end_raid),
)


def _given(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(exclude_unset=True)


def _filter(row: Record) -> FilterShown:
    return FilterShown(**{name: row[name] for name in FilterShown.model_fields})


def _raid(row: Record | None) -> RaidShown:
    return (
        RaidShown(began_at=row["began_at"], ends_at=row["ends_at"]) if row else RaidShown(began_at=None, ends_at=None)
    )
