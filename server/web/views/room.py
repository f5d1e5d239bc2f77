"""A room of the community: the rooms beside it, its newest messages as words under heads, the people in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from server.web.views.attached import Attached, Linked
from server.web.views.direct import TalkBar
from server.web.views.frame import Form, PersonMark
from server.web.views.polled import Polled

TOGETHER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reaction:
    """One emoji under a message; `mine` when the reader is among the `count`."""

    emoji: str
    count: int
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `html` was sanitised when it was written; `to_me` tints the row of a mention, `sought` a linked one.

    A deleted one keeps its place, with empty `body` and `html`; so does a `hidden` one, but for moderators. Its author
    and they are told what it is `hidden_for`. A `folded` one is by somebody whom the reader has blocked: a press shows
    it. `reply_seq` is 0 where the answered one is not known.
    """

    id: str
    seq: int
    author: PersonMark
    at: datetime
    body: str
    html: str
    role: str = ""
    edited_at: datetime | None = None
    deleted: bool = False
    hidden: bool = False
    hidden_for: str = ""
    folded: bool = False
    to_me: bool = False
    sought: bool = False
    replies: int = 0
    reply_to: str = ""
    reply_seq: int = 0
    reply_name: str = ""
    reactions: tuple[Reaction, ...] = ()
    files: tuple[Attached, ...] = ()
    preview: Linked | None = None
    poll: Polled | None = None


@dataclass(frozen=True, slots=True)
class DayLine:
    """Where a day begins, in the reader's zone; the last two have names of their own."""

    day: date
    near: Literal["today", "yesterday", ""] = ""


@dataclass(frozen=True, slots=True)
class NewLine:
    """Where the unread messages begin."""

    count: int


@dataclass(frozen=True, slots=True)
class Post:
    """One head with the messages one author wrote within five minutes."""

    author: PersonMark
    role: str
    at: datetime
    said: tuple[Said, ...]
    mine: bool


Line = DayLine | NewLine | Post


@dataclass(frozen=True, slots=True)
class Place:
    """A room at the side; `sign` is its icon (`hash`, `megaphone`, `lock`), `unread` and `muted` are the reader's.

    `mentions` counts those of the unread that mention the reader. In a `drafted` one they have begun to write.
    """

    id: str
    name: str
    url: str
    sign: str = "hash"
    unread: int = 0
    current: bool = False
    mentions: int = 0
    muted: bool = False
    drafted: bool = False


@dataclass(frozen=True, slots=True)
class PlaceGroup:
    """Rooms under one title; `url` leads to all of them, and `asking` counts those that wait to be accepted.

    One that is a `section` (its id) can be folded, and then counts what is unread in it; the rooms that the reader
    `left` are folded until they are looked for.
    """

    title: str
    places: tuple[Place, ...]
    url: str = ""
    asking: int = 0
    section: str = ""
    left: bool = False

    @property
    def unread(self) -> int:
        """What is unread in all of them."""
        return sum(place.unread for place in self.places)

    @property
    def mentions(self) -> int:
        """How much of it mentions the reader."""
        return sum(place.mentions for place in self.places)


@dataclass(frozen=True, slots=True)
class PlacesPage:
    """`places.html` alone, for an open page that shows the list anew, and whether its reader may write there now."""

    groups: tuple[PlaceGroup, ...]
    why_silent: str = ""


@dataclass(frozen=True, slots=True)
class OwnRoom:
    """How the reader holds the room. `POST url`: `level`, and `muted`, `favourite`, `left` where they are ticked."""

    url: str
    level: str = "all"
    muted: bool = False
    favourite: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """A member in the list of people: here now, or `seen` in words (`seen 2 h ago`); `role` as above their words."""

    person: PersonMark
    role: str = ""
    here: bool = False
    seen: str = ""


@dataclass(frozen=True, slots=True)
class PeopleGroup:
    """People under one title (`Teachers`, `Moderators`, `Students`)."""

    title: str
    people: tuple[Present, ...]


@dataclass(frozen=True, slots=True)
class RoomPage:
    """`room.html`. A member's page carries scripts; anybody else reads an open room, `join_url` instead of a composer.

    Without scripts the form posts `body` and `client_id` (a UUID made for this page) to `post_url`, and that of a poll
    `poll_id` as `client_id`, `poll`, and what `polls.asked_by` reads. `why_silent` says why a member may not write
    here, `muted` why this one may not, and until when; `read_seq` is how far the reader had read, `last_seq` the
    room's head in this page. With a `back_url` the page is that of a thread, which the form posts to; with a
    `newer_url` it shows an earlier part of the talk, which stands still, without scripts and composer. `unread_url`
    leads to the first unread message, where that is not in the page. A mention of a group in `groups_of_reader` means
    the reader. `raid_until` is for the team while raid mode is on. A direct room has a `talk`. What the members in
    `folds` write is folded; `people_url` followed by `/` and an id is a member's own page. `pinned` messages are at
    `pins_url`, and `pins_messages` says whether the reader may pin. In `threads_waiting` threads of `threads_url`
    something is unread. The page of a thread has its `root` and `root_id`, and `follows` when the reader does; its
    lines are the replies.
    `draft` is what the reader has begun to write here, in that version; whether with files, which the script asks for.
    """

    room_id: str
    name: str
    topic: str
    groups: tuple[PlaceGroup, ...]
    lines: tuple[Line, ...]
    last_seq: int
    read_seq: int
    zone: ZoneInfo
    rooms_url: str
    search_url: str
    post_url: str
    client_id: str
    poll_id: str
    member: bool
    people: tuple[PeopleGroup, ...] = ()
    online: int = 0
    member_count: int = 0
    members_url: str = ""
    why_silent: str = ""
    muted: str = ""
    muted_until: datetime | None = None
    slow_seconds: int = 0
    staff: bool = False
    decisions_url: str = ""
    join_url: str = ""
    url: str = ""
    older_url: str = ""
    newer_url: str = ""
    back_url: str = ""
    unread_url: str = ""
    self_url: str = "/me"
    moderates: bool = False
    groups_of_reader: tuple[str, ...] = ()
    mentions_all: bool = False
    own: OwnRoom | None = None
    raid_until: datetime | None = None
    raid_url: str = ""
    talk: TalkBar | None = None
    people_url: str = ""
    folds: tuple[str, ...] = ()
    pinned: int = 0
    pins_url: str = ""
    saved_url: str = ""
    pins_messages: bool = False
    threads_url: str = ""
    threads_waiting: int = 0
    root_id: str = ""
    root: tuple[Line, ...] = ()
    follows: bool = False
    draft: str = ""
    draft_version: int = 0
    draft_has_files: bool = False
    places_url: str = ""
    form: Form = field(default_factory=Form)

    @property
    def hushed(self) -> bool:
        """Whether what was begun is only read, for as long as the reader may not write here."""
        return bool(self.muted or self.why_silent)


def arrange(messages: Iterable[Said], zone: ZoneInfo, read_seq: int, reader: str, now: datetime) -> tuple[Line, ...]:
    """Messages, ascending by seq, as lines: a day line each day, one head per author within five minutes, one new line.

    The same rule as `frontend/src/lib/grouping.ts`. `reader` is a person's id; nobody's own message counts as new.
    """
    said = tuple(messages)
    fresh = [one for one in said if one.seq > read_seq and one.author.key != reader] if read_seq else []
    lines: list[Line] = []
    group: list[Said] = []
    for one in said:
        first_new = bool(fresh) and one is fresh[0]
        day = one.at.astimezone(zone).date()
        new_day = not group or group[-1].at.astimezone(zone).date() != day
        if group and (first_new or new_day or not _together(group[-1], one)):
            lines.append(_post(group, reader))
            group = []
        if new_day:
            lines.append(_day(day, now.astimezone(zone).date()))
        if first_new:
            lines.append(NewLine(len(fresh)))
        group.append(one)
    return (*lines, _post(group, reader)) if group else tuple(lines)


def _day(day: date, today: date) -> DayLine:
    if day == today:
        return DayLine(day, "today")
    return DayLine(day, "yesterday" if day == today - timedelta(days=1) else "")


def _together(before: Said, after: Said) -> bool:
    return before.author.key == after.author.key and after.at - before.at < TOGETHER


def _post(group: list[Said], reader: str) -> Post:
    head = group[0]
    return Post(head.author, head.role, head.at, tuple(group), mine=head.author.key == reader)
