"""Views of learning, from the rows of a course: what stands where, what is done, and what opens it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from server.web.views.buying import Cost
from server.web.views.frame import Form, Link
from server.web.views.learn import (
    ClassRow,
    CoursePage,
    CourseRow,
    Film,
    Joins,
    LessonPage,
    LessonRow,
    LessonState,
    SectionPart,
    Standing,
)
from tenants import links
from tenants.billing import prices
from tenants.billing.prices import Price
from tenants.courses.lesson_fields import FILMED
from tenants.courses.progress import LessonProgress, Progress
from tenants.files import examinations
from tenants.live.classes import EARLY
from tenants.scope import Record

RULE = (
    "Every lesson weighs the same. A film is done when nine tenths of it were played, in any order and at any speed; "
    "a text when you say that you have read it; a live class, quiz or assignment when your teacher says so."
)
SIGNS = {
    "text": "file-text",
    "video": "film",
    "audio": "volume-2",
    "file": "download",
    "embed": "external-link",
    "quiz": "circle-help",
    "assignment": "pencil",
    "live": "radio",
    "recording": "clapperboard",
}
BY_READER = frozenset({"text", "file", "embed"})


def course_row(slug: str, row: Record, stands: Progress | None = None) -> CourseRow:
    """One course in the list, with the reader's own progress if there is any."""
    url = links.course(slug, row["slug"])
    if stands is None:
        price = prices.of(row)
        cost = Cost(price.amount, price.currency) if price and price.amount else None
        return CourseRow(row["title"], url, summary=row["summary"], cost=cost)
    return CourseRow(row["title"], url, stands.percent, stands.reason)


def outline_view(
    slug: str, course: Record, rows: Sequence[Record], stands: Progress | None, batch: Record | None, form: Form,
    *, open_to_all: bool, price: Price | None = None, **more: Any,
) -> CoursePage:  # fmt: skip
    """The contents of a course; `batch` is the student's own, or the one that enrolling would put them in.

    `price` is what that costs the reader, None when it costs nothing.
    """
    own = {each.lesson_id: each for each in stands.lessons} if stands else {}
    home = links.course(slug, course["slug"])

    def shown(row: Record) -> LessonRow:
        opens = open_to_all or stands is not None or row["free"]
        url = links.lesson(slug, course["slug"], row["id"]) if opens else None
        return _lesson_row(row, own.get(row["id"]), url)

    sections = tuple(
        SectionPart(title, tuple(shown(row) for row in part))
        for (_, title), part in groupby(rows, key=lambda row: (row["section_id"], row["section_title"]))
    )
    return CoursePage(
        title=course["title"],
        lead=course["summary"],
        sections=sections,
        zone=ZoneInfo(batch["time_zone"] if batch else "UTC"),
        standing=standing(stands),
        go_on=_go_on(slug, course, stands),
        batch=batch["name"] if batch and stands else "",
        enroll_url="" if stands or price else f"{home}/enrol" + (f"?batch={batch['id']}" if batch else ""),
        buy_url=links.buy(slug, course["slug"], batch["id"] if batch else None) if price and not stands else "",
        cost=Cost(price.amount, price.currency) if price and not stands else None,
        joins=Joins(batch["name"], batch["starts_on"]) if batch else None,
        form=form,
        **more,
    )


def class_rows(slug: str, coming: Sequence[Record], now: datetime) -> tuple[ClassRow, ...]:
    """The classes to come; the door shows from 15 minutes before."""
    return tuple(
        ClassRow(
            one["title"],
            one["starts_at"],
            "" if one["starts_at"] - EARLY <= now else "The door opens 15 minutes before.",
            links.live_class(slug, one["id"]) if one["starts_at"] - EARLY <= now else None,
            f"{links.live_class(slug, one['id'])}.ics",
        )
        for one in coming
    )


def lesson_view(
    slug: str, lesson: Record, rows: Sequence[Record], stands: Progress | None, file: Record | None,
    offer: Link | None = None,
) -> LessonPage:  # fmt: skip
    """One open lesson between its neighbours."""
    own = stands.lesson(lesson["id"]) if stands else None
    ids = [row["id"] for row in rows]
    at = ids.index(lesson["id"]) if lesson["id"] in ids else 0

    def neighbour(place: int) -> Link | None:
        if not 0 <= place < len(rows):
            return None
        return Link(rows[place]["title"], links.lesson(slug, lesson["course_slug"], rows[place]["id"]))

    page_url = links.lesson(slug, lesson["course_slug"], lesson["id"])
    film = _film(slug, lesson, own, file)
    unplayed = film is not None and film.state != "processing" and not lesson["duration_seconds"]
    by_reader = lesson["kind"] in BY_READER or unplayed
    return LessonPage(
        title=lesson["title"],
        kicker=lesson["section_title"],
        course=Link(lesson["course_title"], links.course(slug, lesson["course_slug"])),
        html=lesson["html"],
        standing=_lesson_standing(stands, own),
        film=film,
        done_url=f"{page_url}/done" if by_reader and stands else "",
        previous=neighbour(at - 1),
        next=neighbour(at + 1),
        files=_attached(slug, lesson, file),
        offer=offer,
    )


def standing(stands: Progress | None) -> Standing | None:
    """Progress with its reason and its rule."""
    if stands is None:
        return None
    return Standing(stands.percent, stands.reason, RULE, stands.done)


def _lesson_standing(stands: Progress | None, own: LessonProgress | None) -> Standing | None:
    """The course's percentage; `done` is the lesson's own, because its buttons hang on it."""
    whole = standing(stands)
    return Standing(whole.percent, whole.sentence, RULE, own.done if own else whole.done) if whole else None


def _lesson_row(row: Record, own: LessonProgress | None, url: str | None) -> LessonRow:
    state: LessonState = "open"
    if own is not None:
        state = "done" if own.done else "started" if own.played else "open"
    elif url is None:
        state = "locked"
    note = "Draft" if row["state"] != "published" else "Free" if row["free"] and own is None else ""
    return LessonRow(row["title"], url, state, SIGNS[row["kind"]], row["duration_seconds"], note)


def _go_on(slug: str, course: Record, stands: Progress | None) -> Link | None:
    following = next((each for each in stands.lessons if not each.done), None) if stands else None
    if following is None:
        return None
    return Link(following.title, links.lesson(slug, course["slug"], following.lesson_id))


def _film(slug: str, lesson: Record, own: LessonProgress | None, file: Record | None) -> Film | None:
    if lesson["kind"] not in FILMED:
        return None
    if file is None or file["state"] != "ready":
        return Film("processing", state_note="It will play here as soon as it has arrived.")
    if file["fault"] is not None:
        return Film("failed", state_note=file["fault"])
    if examinations.is_awaited(file) and not lesson["duration_seconds"]:
        return Film("processing", state_note=examinations.WAITING)
    media = "video/mp4" if file["content_type"] == "video/quicktime" else file["content_type"]
    return Film(
        state="ready",
        source=links.file(slug, file["id"]),
        content_type=media,
        poster=links.file(slug, lesson["thumbnail_id"]) if lesson["thumbnail_id"] else None,
        duration=lesson["duration_seconds"],
        played=own.played if own else (),
        position=own.position if own else 0,
        report_url=f"/api/v1/channels/{slug}/lessons/{lesson['id']}/progress",
    )


def _attached(slug: str, lesson: Record, file: Record | None) -> tuple[Link, ...]:
    if lesson["kind"] == "embed" and lesson["embed_url"]:
        return (Link(lesson["embed_url"], lesson["embed_url"]),)
    if lesson["kind"] == "file" and file is not None:
        return (Link(file["name"], links.file(slug, file["id"])),)
    return ()
