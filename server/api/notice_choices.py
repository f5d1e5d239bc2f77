"""Choices of notices over the API: by which ways one is told what in a channel, digests and quiet hours."""

import re
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field

from server.api.bell import TAGS, InSlug
from server.bodies import Given
from server.context import InChannel
from server.op import Route, op
from tenants.errors import Invalid
from tenants.members import choices
from tenants.members.choices import KINDS, Choices, Ways
from tenants.members.digests import Rhythm
from tenants.people.quiet import Hours

TimeOfDay = Annotated[str, Field(max_length=5, examples=["22:00"])]
Part = TypeVar("Part", Ways, Rhythm)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class WaysGiven(Given):
    """By which ways one is told things of a kind. Mails about certificates and orders always come."""

    bell: bool | None = None
    mail: bool | None = None
    push: bool | None = None


class KindsGiven(Given):
    """The kinds of notices."""

    mention: WaysGiven | None = None
    reply: WaysGiven | None = None
    recording: WaysGiven | None = None
    certificate: WaysGiven | None = None
    order: WaysGiven | None = None


class DigestGiven(Given):
    """How often a mail of what is unread comes (a weekly one on Mondays), and at which full hour of one's own zone."""

    every: Literal["off", "daily", "weekly"] | None = None
    hour: Annotated[int, Field(ge=0, le=23)] | None = None


class QuietGiven(Given):
    """Times of day between which mails about messages wait; they may lie over midnight."""

    begins: TimeOfDay
    ends: TimeOfDay


class ChoicesGiven(Given):
    """What is to be chosen: what is left out, within kinds and digest too, stays as it is, and null makes it as usual.

    As usual: told by every way, no digest, no quiet hours, UTC. Zone and quiet hours hold in every channel.
    """

    kinds: KindsGiven | None = None
    digest: DigestGiven | None = None
    quiet: QuietGiven | None = None
    time_zone: Annotated[str, Field(max_length=100, examples=["Europe/Lisbon"])] | None = None

    def onto(self, before: Choices) -> Choices:
        """The choices in the domain's words: those before, but for what is given."""
        given: dict[str, Any] = self.model_dump(exclude_unset=True)
        kinds = dict.fromkeys(KINDS) if self.kinds is None and "kinds" in given else given.get("kinds", {})
        ways = {kind: _set(before.ways[kind], Ways(), each) for kind, each in kinds.items()}
        hours = before.hours
        if "time_zone" in given:
            hours = replace(hours, time_zone=self.time_zone or Hours().time_zone)
        if "quiet" in given:
            times = (self.quiet.begins, self.quiet.ends) if self.quiet else (None, None)
            begins, ends = minutes_of(times[0], "/quiet/begins"), minutes_of(times[1], "/quiet/ends")
            hours = replace(hours, begins=begins, ends=ends)
        return Choices(ways, _set(before.digest, Rhythm(), given.get("digest", {})), hours)


class WaysShown(BaseModel):
    """By which ways one is told things of a kind."""

    bell: bool
    mail: bool
    push: bool


class DigestShown(BaseModel):
    """How often a digest comes, and at which hour."""

    every: str
    hour: int


class QuietShown(BaseModel):
    """Times of day between which mails about messages wait."""

    begins: str
    ends: str


class ChoicesShown(BaseModel):
    """What one has chosen; what one has not is as usual."""

    kinds: dict[str, WaysShown]
    digest: DigestShown
    quiet: QuietShown | None
    time_zone: str

    @classmethod
    def of(cls, chosen: Choices) -> "ChoicesShown":
        """Choices as they are shown."""
        begins, ends = time_of(chosen.hours.begins), time_of(chosen.hours.ends)
        return cls(
            kinds={
                kind: WaysShown(bell=ways.bell, mail=ways.mail, push=ways.push) for kind, ways in chosen.ways.items()
            },
            digest=DigestShown(every=chosen.digest.every, hour=chosen.digest.hour),
            quiet=QuietShown(begins=begins, ends=ends) if begins and ends else None,
            time_zone=chosen.hours.time_zone,
        )


@op("How you are told what happens", tags=TAGS)
async def read_choices(context: InChannel, *, path: InSlug) -> ChoicesShown:
    """By which ways, how often, and when not."""
    return ChoicesShown.of(await choices.read(context.scope))


@op("Choose how you are told what happens", tags=TAGS)
async def put_choices(context: InChannel, *, path: InSlug, body: ChoicesGiven) -> ChoicesShown:
    """For yourself alone. What is left out stays as it is, and null makes it as usual; said again, nothing changes."""
    return ChoicesShown.of(await choices.put(context.scope, body.onto(await choices.hold(context.scope))))


def _set(before: Part, usual: Part, given: dict[str, Any] | None) -> Part:
    """A part of the choices with what is given; None for it, or for a field of it, makes that as usual."""
    if given is None:
        return usual
    return replace(before, **{name: getattr(usual, name) if value is None else value for name, value in given.items()})


def minutes_of(time_of_day: str | None, pointer: str) -> int | None:
    """`22:30` as minutes of the day; Invalid for anything else, None for nothing."""
    if time_of_day is None:
        return None
    found = _TIME.fullmatch(time_of_day)
    if found is None:
        raise Invalid.field(pointer, "time", "Write a time of day, such as 22:30.")
    return int(found[1]) * 60 + int(found[2])


def time_of(minutes: int | None) -> str | None:
    """Minutes of the day as `22:30`."""
    return None if minutes is None else "{:02d}:{:02d}".format(*divmod(minutes, 60))


ROUTES = (
    Route("GET", "/channels/{slug}/notices/choices", read_choices),
    Route("PUT", "/channels/{slug}/notices/choices", put_choices),
)
