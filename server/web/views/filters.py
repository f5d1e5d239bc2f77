"""Filters in the studio: what each looks for and does, and what one would have caught."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from server.web import charts
from server.web.views.frame import Form
from server.web.views.studio import Desk


@dataclass(frozen=True, slots=True)
class FilterRow:
    """A filter as it is listed: its kind and action as in the API, how many it caught in a week, and its fields."""

    id: str
    name: str
    kind: str
    action: str
    enabled: bool
    caught: int
    form: Form
    open: bool = False


@dataclass(frozen=True, slots=True)
class CaughtRow:
    """A message that would have been caught; `html` was sanitised when it was written."""

    author: str
    room: str
    url: str
    at: datetime
    html: str


@dataclass(frozen=True, slots=True)
class TrialView:
    """What a filter of that name would have caught over 30 days, of how many messages; `daily` the count of each day.

    Not `complete` where there was more than could be looked at.
    """

    name: str
    caught: int
    looked_at: int
    since: date
    daily: tuple[int, ...]
    sample: tuple[CaughtRow, ...]
    complete: bool = True

    def chart(self, label: str) -> Markup:
        """The days as a small chart, which `label` says in words."""
        return charts.bars(self.daily, label)


@dataclass(frozen=True, slots=True)
class FiltersPage:
    """`studio_filters.html`. `POST {home}/moderation/filters`: `kind`, `name`, `action`, `enabled`, `exempt_days`,
    `exempt_enrolled`, and by kind `words`; `mode`, `domains`, `days`, `messages`; `days`, `messages`, `per_hour`,
    `links`; `times`, `minutes`. `do` is `save` or `try`, and for `…/filters/{id}` also `up`, `down`, `turn`, `delete`.

    `forms` holds a new filter of each kind, of which `opened` came back.
    """

    desk: Desk
    filters: tuple[FilterRow, ...]
    forms: dict[str, Form]
    zone: ZoneInfo
    opened: str = ""
    problem: str = ""
    trial: TrialView | None = field(default=None)
