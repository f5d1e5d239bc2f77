"""Choices of notices over the API: by which ways one is told what in a channel, digests and quiet hours."""

import re
from typing import Annotated, Literal

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
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class WaysGiven(Given):
    """By which ways one is told things of a kind. Mails about certificates and orders always come."""

    bell: bool = True
    mail: bool = True
    push: bool = True


class KindsGiven(Given):
    """The kinds of notices; one that is left out stays as it is."""

    mention: WaysGiven | None = None
    reply: WaysGiven | None = None
    recording: WaysGiven | None = None
    certificate: WaysGiven | None = None
    order: WaysGiven | None = None


class DigestGiven(Given):
    """How often a mail of what is unread comes (a weekly one on Mondays), and at which full hour of one's own zone."""

    every: Literal["off", "daily", "weekly"] = "off"
    hour: Annotated[int, Field(ge=0, le=23)] = 8


class QuietGiven(Given):
    """Times of day between which mails about messages wait; they may lie over midnight."""

    begins: TimeOfDay
    ends: TimeOfDay


class ChoicesGiven(Given):
    """All choices at once; a kind that is left out stays as it is. Zone and quiet hours hold in every channel."""

    kinds: KindsGiven = Field(default_factory=KindsGiven)
    digest: DigestGiven = Field(default_factory=DigestGiven)
    quiet: QuietGiven | None = None
    time_zone: Annotated[str, Field(max_length=100, examples=["Europe/Lisbon"])] = "UTC"

    def chosen(self) -> Choices:
        """The choices in the domain's words."""
        hours = Hours(self.time_zone)
        if self.quiet is not None:
            begins, ends = minutes_of(self.quiet.begins, "/quiet/begins"), minutes_of(self.quiet.ends, "/quiet/ends")
            hours = Hours(self.time_zone, begins, ends)
        given = {kind: getattr(self.kinds, kind) for kind in KINDS}
        ways = {kind: Ways(each.bell, each.mail, each.push) for kind, each in given.items() if each is not None}
        return Choices(ways, Rhythm(self.digest.every, self.digest.hour), hours)


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
    """All at once, for yourself alone; said again, nothing changes."""
    return ChoicesShown.of(await choices.put(context.scope, body.chosen()))


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
