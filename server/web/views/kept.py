"""Messages that are kept, as a page: pinned in a room, or saved by the reader."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from server.web.views.frame import PersonMark
from server.web.views.polled import Polled


@dataclass(frozen=True, slots=True)
class KeptRow:
    """One message; `html` was sanitised when it was written, `url` leads to it among its neighbours."""

    id: str
    author: PersonMark
    at: datetime
    html: str
    url: str
    room_id: str
    room: str
    gone: bool = False
    poll: Polled | None = None


@dataclass(frozen=True, slots=True)
class KeptPage:
    """`kept.html`: with a `room` what is pinned there, else what the reader saved.

    A POST of `message` to `drop_url` takes one out; without that the reader may not. `back_url` leads to the room or
    the community, `older_url` on.
    """

    rows: tuple[KeptRow, ...]
    zone: ZoneInfo
    back_url: str
    room: str = ""
    drop_url: str = ""
    older_url: str = ""
