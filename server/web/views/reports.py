"""Weekly reports of moderation: one whole, and the weeks there are others of."""

from dataclasses import dataclass
from datetime import date

from server.web.views.studio import Desk


@dataclass(frozen=True, slots=True)
class Count:
    """How many of what: a reason of flags, a kind of acts (and how many of these were undone), or a room."""

    name: str
    count: int
    undone: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class CatchLine:
    """How many messages a filter of that name caught, and what it did with them."""

    name: str
    action: str
    count: int


@dataclass(frozen=True, slots=True)
class ReportView:
    """A week from Monday to Sunday; `appeals` are made, upheld, overturned; a median of None: nothing was decided."""

    since: date
    until: date
    opened: int
    decided: int
    waiting: int
    median_seconds: int | None
    appeals: tuple[int, int, int]
    flags: tuple[Count, ...] = ()
    acts: tuple[Count, ...] = ()
    catches: tuple[CatchLine, ...] = ()
    rooms: tuple[Count, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """`studio_reports.html`: the weeks that have reports, newest first, each by `?week=`, and the one that is shown."""

    desk: Desk
    weeks: tuple[date, ...]
    report: ReportView | None = None
