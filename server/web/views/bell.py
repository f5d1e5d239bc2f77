"""What a member was told in a channel, as a page."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from server.web.views.frame import Form


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """The notice `id`: `sign` is its icon, `words` say what kind it is, `title` what it is about.

    Of the message `message_id`, `by` and `room` are put into the words, and `gone` stands for its words. `times`
    says how often it was told; where `counts`, its kind, is `reply` or `direct`, that is how many replies or messages
    there are. `state` is where an order stands.
    """

    id: str
    sign: str
    words: str
    title: str
    url: str
    at: datetime
    fresh: bool
    by: str = ""
    room: str = ""
    times: int = 1
    counts: str = ""
    gone: bool = False
    room_id: str = ""
    message_id: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class BellPage:
    """`notices.html`: a POST of `upto`, the newest notice, to `read_url` marks all as read; `older_url` leads on."""

    notices: tuple[NoticeRow, ...]
    zone: ZoneInfo
    read_url: str
    upto: str = ""
    older_url: str = ""
    choices_url: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A kind of notice: whether it rings, whether it is mailed, and whether its mails can be done without."""

    kind: str
    words: str
    bell: bool
    mail: bool
    mailed: bool
    push: bool


@dataclass(frozen=True, slots=True)
class ChoicesPage:
    """`notice_choices.html`: one form, posted to `save_url`; `form` has `every, hour, zone, begins, ends`."""

    rows: tuple[ChoiceRow, ...]
    form: Form
    zones: tuple[tuple[str, str], ...]
    save_url: str
    notices_url: str
    worker_url: str
    push_api: str
    hours: tuple[tuple[str, str], ...] = tuple((str(hour), f"{hour:02d}:00") for hour in range(24))
