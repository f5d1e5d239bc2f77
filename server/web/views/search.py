"""What a reader sees of a search."""

from dataclasses import dataclass, field

from server.web.views.frame import Form


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One hit: `sign` is its icon, `snippet` is safe HTML of `search.marks`, which escapes all but its marks."""

    sign: str
    title: str
    url: str
    snippet: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`search.html`: the field goes to `url` by GET; `near` hits resemble what was asked; `after` leads to more.

    `degraded` when the search engine is away and a simpler one answered.
    """

    url: str
    form: Form = field(default_factory=Form)
    asked: str = ""
    found: tuple[FoundRow, ...] = ()
    near: bool = False
    after: str = ""
    degraded: bool = False
