"""The studio's pages about teaching: courses, lessons, batches, live classes and certificates.

Fields of each form are named beside its page; addresses are below `Desk.home`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from server.web.views.certificates import State
from server.web.views.frame import Form, Link, PersonMark
from server.web.views.studio import BatchRow, Desk

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course in the list."""

    id: str
    title: str
    published: bool
    lessons: int = 0
    students: int = 0


@dataclass(frozen=True, slots=True)
class CoursesPage:
    """`studio_courses.html`. `POST {home}/courses`: `title`."""

    desk: Desk
    courses: tuple[CourseRow, ...]
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson in its section; `state` in words (`Draft`, `Published`, `Processing`), `tone` its colour word."""

    id: str
    title: str
    sign: str
    state: str
    tone: Literal["", "good", "warn", "bad"] = ""
    first: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A section with its lessons."""

    id: str
    title: str
    lessons: tuple[LessonRow, ...]


@dataclass(frozen=True, slots=True)
class CoursePage:
    """`studio_course.html`, below `{home}/courses/{id}`.

    `POST` itself: `title`, `summary`; `…/publish`; `…/sections`: `title`; `…/lessons`: `section`, `kind` (`text`,
    `video`), `title`, answered by the lesson's own page. `POST {home}/lessons/{id}/move`: `to` (`up`, `down`).
    Those who may set prices have `currencies`; `…/price`: `amount`, `currency`.
    """

    desk: Desk
    id: str
    published: bool
    sections: tuple[SectionRow, ...]
    form: Form
    preview_url: str
    not_ready: str = ""
    section_form: Form = field(default_factory=Form)
    lesson_form: Form = field(default_factory=Form)
    price_form: Form = field(default_factory=Form)
    currencies: Options = ()


@dataclass(frozen=True, slots=True)
class LessonPage:
    """`studio_lesson.html`, below `{home}/lessons/{id}`.

    `POST` itself: `title`, `body` (Markdown), `file` (id of a finished upload, video only); `…/publish`; `…/delete`.
    `film` says what film there is (`kiln.mp4, 24:12`) and `film_state` what becomes of it.
    """

    desk: Desk
    id: str
    kind: Literal["text", "video"]
    course: Link
    published: bool
    form: Form
    preview_url: str
    film: str = ""
    film_state: str = ""


@dataclass(frozen=True, slots=True)
class BatchesPage:
    """`studio_batches.html`. `POST {home}/batches`: `course`, `name`, `starts_on`, `ends_on`, `seats`, `zone`.

    Those who may set prices have `currencies`, and add `amount` and `currency`; `…/batches/{id}/price` takes the same.
    """

    desk: Desk
    batches: tuple[BatchRow, ...]
    courses: Options
    zones: Options
    form: Form = field(default_factory=Form)
    currencies: Options = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A live class; `state` in words (`Planned`, `Recording is being fetched`, `Recording failed: …`).

    `recording` is the id of its recording, `key` the id by which a connected provider names the class.
    """

    id: str
    title: str
    batch: str
    starts_at: datetime
    state: str
    tone: Literal["", "good", "warn", "bad"] = ""
    can_cancel: bool = False
    can_retry: bool = False
    recording: str = ""
    key: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """A live provider's connection; `url` is where it sends its webhooks, empty for one that sends none.

    `secret` is set once, on the page that made it, where we made one. `said` is what a check found, `ok` how it went.
    """

    id: str
    provider: str
    url: str
    made_at: datetime
    secret: str = ""
    name: str = ""
    made: bool = False
    said: str = ""
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of a provider's form; its input is named `{kind}-{name}`."""

    name: str
    label: str
    hint: str
    secret: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of provider that may be connected: its word, what it is good for, and its fields."""

    kind: str
    label: str
    note: str
    fields: tuple[Asked, ...]
    form: Form = field(default_factory=Form)
    open: bool = False


@dataclass(frozen=True, slots=True)
class ClassesPage:
    """`studio_classes.html`. `POST {home}/classes`: `batch`, `title`, `starts_at` (in `zone`), `minutes`,
    `connection`, `link`.

    `POST {home}/classes/{id}/cancel`; `POST {home}/recordings/{id}/retry`; `POST {home}/connections`: `provider`,
    `name` and the fields of that kind; `POST {home}/connections/{id}/check`, `…/close`.
    """

    desk: Desk
    classes: tuple[ClassRow, ...]
    connections: tuple[Connection, ...]
    batches: Options
    zone: ZoneInfo
    form: Form = field(default_factory=Form)
    kinds: tuple[Kind, ...] = ()
    meets_at: Options = ()


@dataclass(frozen=True, slots=True)
class AwardRow:
    """A certificate; `state` as the verify page says it, `word` the same for people."""

    code: str
    holder: PersonMark
    course: str
    issued_at: datetime
    state: State
    word: str
    url: str


@dataclass(frozen=True, slots=True)
class CertificatesPage:
    """`studio_certificates.html`. `POST {home}/certificates`: `member`, `course`; `…/{code}/revoke`: `reason`."""

    desk: Desk
    awards: tuple[AwardRow, ...]
    members: Options
    courses: Options
    zone: ZoneInfo
    more: Link | None = None
    form: Form = field(default_factory=Form)
