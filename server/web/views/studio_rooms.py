"""Rooms in the studio: the list by section, and who is in one."""

from dataclasses import dataclass, field

from server.web.views.frame import Form, PersonMark
from server.web.views.studio import Desk


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room as the studio lists it; `kind` in words (`Members`, `Announcements`), `form` holds what it is now.

    A form that came back with what is wrong in it stands open.
    """

    id: str
    name: str
    kind: str
    url: str
    sign: str = "hash"
    messages: int = 0
    archived: bool = False
    section: str = ""
    form: Form = field(default_factory=Form)

    @property
    def listed(self) -> bool:
        """Whether there is a list of who is in it."""
        return self.form.values["kind"] in {"private", "batch"}

    @property
    def open(self) -> bool:
        """Whether its form came back."""
        return bool(self.form.complaint)


@dataclass(frozen=True, slots=True)
class RoomGroup:
    """The rooms of a section from first to last; without `id` and `name` those that are in none."""

    id: str
    name: str
    rooms: tuple[RoomRow, ...]


@dataclass(frozen=True, slots=True)
class RoomsPage:
    """`studio_rooms.html`. `POST {home}/rooms`: `name`, `topic`, `kind` (as in the API), `batch` of those to choose.

    `…/rooms/{id}`: the same and `icon` of `icons`; `…/rooms/{id}/archive`: `archived` is `1`, or `0` to bring it back;
    `…/move`: `to` is `up` or `down`; `…/place`: `section` of `sections`, or empty. `…/rooms/sections`: `section_name`;
    `…/rooms/sections/{id}`: `name`, `…/move` as above, `…/delete`. `groups` are the rooms that are not `archived`.
    """

    desk: Desk
    groups: tuple[RoomGroup, ...] = ()
    archived: tuple[RoomRow, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
    batches: tuple[tuple[str, str], ...] = ()
    icons: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    form: Form = field(default_factory=Form)
    section_form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class Insider:
    """A member in a room, or one who may be added to it."""

    person: PersonMark
    url: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class InsidersPage:
    """`studio_insiders.html`. `GET {url}?q=` looks for a name in the room, `?add=` for one who may be added (`found`).

    Of a `private` room: `POST {url}`: `member`; `{url}/{member}/remove`. Into any other its `batch` brings them.
    """

    desk: Desk
    room: str
    room_url: str
    url: str
    private: bool
    people: tuple[Insider, ...]
    asked: str = ""
    unfound: str = ""
    unfound_outside: str = ""
    adding: str = ""
    found: tuple[Insider, ...] = ()
    more_url: str = ""
    batch: str = ""
    batch_url: str = ""
    problem: str = ""
