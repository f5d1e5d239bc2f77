"""The demo's mail: what the installation would have sent."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `text` is its plain part, `links` the addresses in it, so that they can be followed."""

    id: str
    to: str
    subject: str
    at: datetime
    text: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailView:
    """The page at `/mail` (newest first) or `/mail/{id}` with one `open`."""

    letters: tuple[Letter, ...]
    open: Letter | None = None
