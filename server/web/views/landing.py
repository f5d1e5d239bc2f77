"""A channel's landing page, block by block; a block without content is not shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from server.web.art import Kind
from server.web.views.buying import Cost
from server.web.views.frame import Link


@dataclass(frozen=True, slots=True)
class Hero:
    """The promise: `promise` is the one heading, `lead` says what happens, `act` is the one brand button."""

    promise: str
    lead: str
    act: Link | None
    preview: Link | None = None
    preview_note: str = ""
    art: Kind = "solids"
    cover: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """`value` in large (`8 weeks`), `note` under it (`Tuesdays, 19:00 London`)."""

    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one can do afterwards: the act, and how one knows."""

    act: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class LessonLine:
    """One lesson in the contents; `url` only when the reader may open it, `free` when anybody may."""

    title: str
    kind: str
    seconds: int = 0
    url: str | None = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class SectionLine:
    """One section of the contents; without lessons in hand, `count` says how many it holds."""

    title: str
    lessons: tuple[LessonLine, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One cohort: dates, when it meets (already in words, with its zone), seats, and where to reserve one.

    `seats` of 0 means no limit. A full one (`taken >= seats`) offers the waiting list, unless `waiting` is None.
    `begun` says that the first day has passed. `cost` is what a seat costs; without it, it is free.
    """

    starts: date
    ends: date | None
    meets: str
    seats: int
    taken: int
    waiting: int | None
    url: str
    begun: bool = False
    cost: Cost | None = None

    @property
    def left(self) -> int:
        """Seats nobody has taken yet."""
        return max(self.seats - self.taken, 0)

    @property
    def full(self) -> bool:
        """Whether one can only wait."""
        return self.seats > 0 and not self.left


@dataclass(frozen=True, slots=True)
class TeacherCard:
    """One teacher: `key` (their id) draws the picture until there is one; `paragraphs` are plain text."""

    key: str
    name: str
    place: str = ""
    paragraphs: tuple[str, ...] = ()
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What a student said, who, and when (`Spring 2026`)."""

    text: str
    name: str
    key: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class PriceCard:
    """One price: `minor` units of `currency` (0 is free), `every` is `month`, `year` or empty for once."""

    name: str
    minor: int
    currency: str
    act: Link
    every: Literal["", "month", "year"] = ""
    note: str = ""
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question and its answer, plain text."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class LandingView:
    """The page at `/c/{slug}`. `description` is for search engines and link previews; `linked` is its JSON-LD.

    `titles` are the creator's own headings by kind of block; where one is missing, the page's usual one stands.
    `join_url` takes a POST from a reader who is no member yet. `zone` names the zone that times are shown for.
    A draft is shown to those who teach, marked as one.
    """

    hero: Hero
    description: str
    titles: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    course_note: str = ""
    sections: tuple[SectionLine, ...] = ()
    batches: tuple[BatchLine, ...] = ()
    zone: str = ""
    teachers: tuple[TeacherCard, ...] = ()
    quotes: tuple[Quote, ...] = ()
    prices: tuple[PriceCard, ...] = ()
    price_note: str = ""
    questions: tuple[Question, ...] = ()
    place: str = ""
    draft: bool = False
    joined: Link | None = None
    join_url: str = ""
    preview_image: str | None = None
    linked: Mapping[str, Any] = field(default_factory=dict)
