"""Documents: what of a course, a lesson or a message can be found, and by whom; what is a draft or gone is none."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select

from search import PUBLIC, Document
from search.words import LONGEST_TEXT
from tenants.community.message_table import MESSAGES
from tenants.community.rooms import ROOMS
from tenants.courses.courses import COURSES
from tenants.courses.lessons import LESSONS
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.texts import excerpt, plain

_IDS = bindparam("ids", type_=ARRAY(Uuid()))
_C, _L, _M = COURSES.c, LESSONS.c, MESSAGES.c
_COURSES = scoped(
    select(_C.id, _C.slug, _C.title, _C.summary, _C.about, _C.outcomes).where(
        _C.id == _IDS.any_(), _C.state == "published"
    )
)
_LESSONS = scoped(
    select(_L.id, _L.course_id, _L.title, _L.body, _L.free, _C.slug)
    .select_from(LESSONS.join(COURSES, (_C.channel_id == _L.channel_id) & (_C.id == _L.course_id)))
    .where(_L.id == _IDS.any_(), _L.state == "published", _C.state == "published")
)
_LESSONS_UNDER = scoped(select(_L.id).where(_L.course_id == bindparam("course_id")))
_MESSAGES = scoped(
    select(_M.id, _M.room_id, _M.seq, _M.html, _M.files, ROOMS.c.slug)
    .join_from(MESSAGES, ROOMS)
    .where(_M.id == _IDS.any_(), _M.deleted_at.is_(None), _M.hidden_at.is_(None))
)


async def read(scope: Scope, kind: str, ids: Sequence[UUID]) -> list[Document]:
    """The documents of rows; for a row that is gone, a draft, hidden or deleted there is none."""
    if kind not in _READERS:
        return []
    statement, written = _READERS[kind]
    return [written(row) for row in await scope.all(statement, ids=list(ids))]


async def lessons_under(scope: Scope, course_id: UUID) -> list[UUID]:
    """The lessons of a course, drafts too."""
    return [row["id"] for row in await scope.all(_LESSONS_UNDER, course_id=course_id)]


def room(room_id: UUID) -> str:
    """The visibility of what stands in a room."""
    return f"room:{room_id}"


def course(course_id: UUID) -> str:
    """The visibility of what only those in a course may open."""
    return f"course:{course_id}"


def _course(row: Record) -> Document:
    outcomes = " ".join(str(outcome.get("act", "")) for outcome in row["outcomes"])
    body = " ".join(part for part in (row["summary"], _beginning(row["about"]), outcomes) if part)
    return Document(row["id"], "course", PUBLIC, row["slug"], row["title"], body[:LONGEST_TEXT])


def _lesson(row: Record) -> Document:
    visibility = PUBLIC if row["free"] else course(row["course_id"])
    return Document(
        row["id"], "lesson", visibility, row["slug"], row["title"], _beginning(row["body"]), row["course_id"]
    )


def _message(row: Record) -> Document:
    seen_in = room(row["room_id"])
    words = " ".join([plain(row["html"]), *(str(file["name"]) for file in row["files"])]).strip()
    return Document(row["id"], "message", seen_in, row["slug"], "", words, row["room_id"], row["seq"])


def _beginning(markdown: str) -> str:
    return excerpt(markdown, LONGEST_TEXT)


_READERS: dict[str, tuple[Scoped, Callable[[Record], Document]]] = {
    "course": (_COURSES, _course),
    "lesson": (_LESSONS, _lesson),
    "message": (_MESSAGES, _message),
}
