"""The threads that a member follows, as a page."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from server.web.views.frame import PersonMark


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """One thread, by the message it began with (`id`); `html` was sanitised before. `unread` is the reader's."""

    id: str
    room_id: str
    author: PersonMark
    html: str
    url: str
    room: str
    replies: int
    last_at: datetime
    unread: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ThreadsPage:
    """`threads.html`: `back_url` leads to the community, `older_url` on."""

    rows: tuple[ThreadRow, ...]
    zone: ZoneInfo
    back_url: str
    older_url: str = ""
