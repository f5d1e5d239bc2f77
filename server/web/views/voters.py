"""Who chose what in a poll, as a page."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.web.views.frame import PersonMark
from server.web.views.polled import Polled


@dataclass(frozen=True, slots=True)
class VotersPage:
    """`voters.html`: the question (`html` was sanitised when it was written), and the first `names` of each option.

    There are no names in an anonymous poll. `back_url` leads to the message, `people_url` and an id to a member.
    """

    html: str
    poll: Polled | None
    names: tuple[tuple[PersonMark, ...], ...]
    zone: ZoneInfo
    back_url: str
    people_url: str
