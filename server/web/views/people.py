"""The people of a channel: the directory, one member's profile, and the form of one's own."""

from dataclasses import dataclass, field
from datetime import datetime

from server.web.views.frame import Form, Link, PersonMark


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A member in the directory; `here` when they are connected now, and let it be seen."""

    person: PersonMark
    url: str
    role: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """`people.html`. `GET {url}?q=&role=` looks for people; `more_url` leads on, `own_url` to the reader's profile."""

    url: str
    own_url: str
    people: tuple[PersonRow, ...]
    roles: tuple[tuple[str, str], ...]
    asked: str = ""
    unfound: str = ""
    role: str = ""
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """`person.html`: what a member says of themselves. `now` is their own time, where they gave their zone,
    `seen` when they were last here, in the zone of the reader, where they let it be seen.

    `POST {message_url}` with `member` opens a conversation; `POST {block_url}` with `member` and `on`. `cases_url` is
    for moderators. The reader's own has an `edit_url`, and nothing to press.
    """

    person: PersonMark
    role: str
    pronouns: str
    html: str
    links: tuple[Link, ...]
    joined: datetime
    people_url: str
    now: datetime | None = None
    zone: str = ""
    here: bool = False
    seen: datetime | None = None
    blocked: bool = False
    edit_url: str = ""
    message_url: str = ""
    block_url: str = ""
    cases_url: str = ""


@dataclass(frozen=True, slots=True)
class OwnProfilePage:
    """`own_profile.html`. `POST {url}`: `name, pronouns, about, time_zone, shows_seen, url-0, label-0, …`, `picture`.

    `picture` is the id of a finished upload, `no_picture` takes the one that stands away.
    """

    url: str
    uploads: str
    person: PersonMark
    profile_url: str
    zones: tuple[tuple[str, str], ...]
    places: tuple[int, ...]
    form: Form = field(default_factory=Form)
