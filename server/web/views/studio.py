"""The studio: what every desk page knows, the overview, settings, rooms and taking everything out.

Forms post plain HTML below `Desk.home` (`/c/{slug}/studio`) and are answered by 303: to the page with `said` set, or to
the same page, status 422, with `Form`. Fields are named beside each page.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from markupsafe import Markup

from server.web import charts
from server.web.views.buying import Cost
from server.web.views.frame import Form, Link, PersonMark

Part = Literal[
    "overview", "courses", "batches", "classes", "rooms", "moderation", "certificates", "members", "payments",
    "integrations", "settings",
]  # fmt: skip
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where in the studio one is, and as whom: `home` is `/c/{slug}/studio`, `role` in words, `parts` one may go to."""

    home: str
    current: Part
    role: str
    slug: str
    parts: tuple[Part, ...] = PARTS

    @property
    def uploads(self) -> str:
        """Where the browser asks for an upload session."""
        return f"/api/v1/channels/{self.slug}/uploads"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the first hour; an open one has `note` and `go`."""

    title: str
    done: bool
    note: str = ""
    go: Link | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its sentence and its weeks; `turn` is `up`, `down` or nothing, said by `note` in words too."""

    title: str
    value: str
    note: str
    weeks: tuple[float, ...]
    label: str
    turn: Literal["up", "down", ""] = ""
    shape: Literal["line", "bars"] = "line"

    @property
    def spark(self) -> Markup:
        """The weeks as a small chart."""
        return charts.line(self.weeks, self.label) if self.shape == "line" else charts.bars(self.weeks, self.label)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A cohort: seats taken of all, its next class, attendance in words (`92 %`, `starts soon`).

    `cost` is what a seat costs; `price_form` is there for those who may change it.
    """

    id: str
    name: str
    course: str
    seats: int
    taken: int
    next_class: datetime | None = None
    attendance: str = ""
    low: bool = False
    cost: Cost | None = None
    price_form: Form | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is away or failed: what, what it means, the way out."""

    title: str
    note: str
    go: Link | None = None


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """`studio.html`. The list of steps goes away when all are done; empty `steps` means it is away."""

    desk: Desk
    page_url: str
    steps: tuple[Step, ...] = ()
    rest_note: str = ""
    figures: tuple[Figure, ...] = ()
    batches: tuple[BatchRow, ...] = ()
    batch_count: int = 0
    troubles: tuple[Trouble, ...] = ()
    new_lesson_url: str = ""


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """`studio_settings.html`. `POST {home}/settings`: `name`, `colour` (`#rrggbb`), `tagline`, `about`, `time_zone`,
    `logo`.

    `logo` is the id of a finished upload, or nothing; `address` is the full URL of the channel's page. With `toggles`
    the form also says `link_previews`, where that is ticked.
    """

    desk: Desk
    address: str
    logo: str | None
    zones: tuple[tuple[str, str], ...]
    form: Form
    link_previews: bool = True


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member; `role_word` is `role` for people, `fixed` when the reader may not change them, `banned` says why."""

    id: str
    person: PersonMark
    role: str
    role_word: str
    joined: datetime
    fixed: bool = False
    banned: str = ""


@dataclass(frozen=True, slots=True)
class MembersPage:
    """`studio_members.html`. `POST {home}/members/{id}/role`: `role`; `…/ban`: `reason`; `…/unban`.

    `roles` are the (value, word) pairs the reader may give.
    """

    desk: Desk
    members: tuple[MemberRow, ...]
    roles: tuple[tuple[str, str], ...]
    count: int
    more: Link | None = None
    form: Form = field(default_factory=Form)
