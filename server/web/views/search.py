"""What a reader sees of a search."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from server.web.views.frame import Form, PersonMark


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One hit: `sign` is its icon, `snippet` is safe HTML of `search.marks`, which escapes all but its marks.

    Of a message also who wrote it, when, and in which room.
    """

    id: str
    sign: str
    title: str
    url: str
    snippet: str
    author: PersonMark | None = None
    at: datetime | None = None
    room_id: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`search.html`: the field goes to `url` by GET; `near` hits resemble what was asked; `after` leads to more.

    `degraded` when the search engine is away and a simpler one answered; `zone` is the reader's.
    """

    url: str
    form: Form = field(default_factory=Form)
    asked: str = ""
    found: tuple[FoundRow, ...] = ()
    near: bool = False
    after: str = ""
    degraded: bool = False
    zone: tzinfo = UTC
