"""What a student sees of a course: its outline with the reason for the percentage, and one lesson."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from server.web.views.buying import Cost
from server.web.views.frame import Form, Link

LessonState = Literal["done", "started", "open", "locked", "soon"]
FilmState = Literal["ready", "processing", "failed"]


@dataclass(frozen=True, slots=True)
class LessonRow:
    """One lesson of the outline: `sign` is its icon, `note` says what is missing or when it opens."""

    title: str
    url: str | None
    state: LessonState
    sign: str = "file-text"
    seconds: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Joins:
    """The batch that enrolling leads into, in words, and the day on which it begins."""

    words: str
    begins: date


@dataclass(frozen=True, slots=True)
class SectionPart:
    """One section of the outline."""

    title: str
    lessons: tuple[LessonRow, ...]


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One live class of the student's batch; `join_url` only while it may be joined, `note` says when that is.

    `calendar_url` is the class as an event for one's calendar.
    """

    title: str
    starts_at: datetime
    note: str = ""
    join_url: str | None = None
    calendar_url: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Progress with its reason: `percent` 0..100, `sentence` names what is missing, `rule` says how it is counted."""

    percent: int
    sentence: str
    rule: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class CoursePage:
    """`learn.html`, the outline. Not enrolled: `standing` is None and `enroll_url` takes a POST, its `form` comes back.

    What has a price leads to `buy_url` for its `cost` instead.

    `offer` leads to the certificate, once the course is finished; asking for it is a POST to `offer_url`.
    """

    title: str
    lead: str
    sections: tuple[SectionPart, ...]
    zone: ZoneInfo
    standing: Standing | None = None
    go_on: Link | None = None
    classes: tuple[ClassRow, ...] = ()
    batch: str = ""
    enroll_url: str = ""
    joins: Joins | None = None
    buy_url: str = ""
    cost: Cost | None = None
    offer: Link | None = None
    offer_url: str = ""
    room: Link | None = None
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One course in the list of those one is enrolled in, or may be; `offer` leads to one's certificate of it.

    `sentence` says how far one is, `summary` is the teacher's.
    """

    title: str
    url: str
    percent: int | None = None
    sentence: str = ""
    summary: str = ""
    offer: Link | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class LearnPage:
    """`learn_list.html`: the courses of the channel, one's own first; `orders` leads to one's receipts."""

    own: tuple[CourseRow, ...]
    others: tuple[CourseRow, ...] = ()
    orders: Link | None = None


@dataclass(frozen=True, slots=True)
class LivePage:
    """`live.html`: the classes to come in the channel's `zone`; `way` is the one way on when there are none."""

    classes: tuple[ClassRow, ...]
    zone: ZoneInfo
    way: Link


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the film from `second`; `left` says how much of it is unplayed."""

    second: int
    title: str
    left: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Film:
    """A video: `source` is a stable link that supports Range, `played` in seconds, `report_url` takes the heartbeat.

    `processing` and `failed` have no source; `state_note` says what happens next.
    """

    state: FilmState
    source: str = ""
    content_type: str = "video/mp4"
    poster: str | None = None
    captions: str | None = None
    duration: float = 0
    played: tuple[tuple[float, float], ...] = ()
    position: float = 0
    report_url: str = ""
    state_note: str = ""

    def facts(self) -> dict[str, object]:
        """What `player.ts` reads from the page."""
        return {
            "report": self.report_url,
            "played": self.played,
            "position": self.position,
            "duration": self.duration,
        }


@dataclass(frozen=True, slots=True)
class LessonPage:
    """`lesson.html`. A text is marked as read by a POST to `done_url`; a film by its heartbeat.

    `html` is sanitised Markdown. `locked` says who opens it and when, in place of film and text.
    """

    title: str
    kicker: str
    course: Link
    html: str
    standing: Standing | None
    film: Film | None = None
    done_url: str = ""
    previous: Link | None = None
    next: Link | None = None
    chapters: tuple[Chapter, ...] = ()
    files: tuple[Link, ...] = ()
    locked: str = ""
    offer: Link | None = None
