"""Courses in the studio: the list, one course with its sections, and what it still lacks."""

from itertools import groupby
from typing import Literal

from aiohttp import web

from server.forms import named, read_fields, refill
from server.pages.landing import id_of
from server.pages.learning_views import SIGNS
from server.pages.studio import pricing
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio_teaching import CoursePage, CourseRow, CoursesPage, LessonRow, SectionRow
from tenants import links
from tenants.batches import figures
from tenants.billing import prices
from tenants.channels.slugs import suggest_slug
from tenants.courses import courses, lessons, outline, sections
from tenants.errors import Conflict, Refusal
from tenants.ids import new_id
from tenants.scope import Record

Which = Literal["form", "section_form", "lesson_form", "price_form"]


async def courses_page(visit: Visit) -> web.Response:
    """GET …/courses."""
    return await _list(visit, Form())


async def add_course(visit: Visit) -> web.Response:
    """POST …/courses: `title`; its address follows from the title."""
    fields = await read_fields(visit.request)
    title = fields.get("title", "")
    try:
        try:
            row = await _add(visit, title, suggest_slug(title) or f"course-{new_id().hex[-6:]}")
        except Conflict as clash:
            if clash.code != "slug_taken":
                raise
            row = await _add(visit, title, f"{suggest_slug(title)}-{new_id().hex[-6:]}")
    except Refusal as refusal:
        return await _list(visit, refill(refusal, fields), refusal.status)
    return back(visit, f"/courses/{row['id']}", "added")


async def course_page(visit: Visit) -> web.Response:
    """GET …/courses/{id}."""
    return await _show(visit)


async def save_course(visit: Visit) -> web.Response:
    """POST …/courses/{id}: `title`, `summary`."""
    fields = await read_fields(visit.request)
    course_id = id_of(visit, "id")
    changes = {"title": fields.get("title", ""), "summary": " ".join(fields.get("summary", "").split())}
    try:
        async with at_desk(visit, "courses") as scope:
            before = await courses.read(scope, course_id)
            await courses.edit(scope, course_id, before["version"], changes)
    except Refusal as refusal:
        return await _show(visit, "form", refill(refusal, fields), refusal.status)
    return back(visit, f"/courses/{course_id}", "saved")


async def publish_course(visit: Visit) -> web.Response:
    """POST …/courses/{id}/publish."""
    async with at_desk(visit, "courses") as scope:
        await courses.publish(scope, id_of(visit, "id"))
    return back(visit, f"/courses/{id_of(visit, 'id')}", "published")


async def price_course(visit: Visit) -> web.Response:
    """POST …/courses/{id}/price: `amount`, `currency`; an empty amount asks nothing."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "courses") as scope:
            await prices.set_course(scope, id_of(visit, "id"), pricing.read(fields))
    except Refusal as refusal:
        return await _show(visit, "price_form", refill(refusal, fields), refusal.status)
    return back(visit, f"/courses/{id_of(visit, 'id')}", "priced")


async def add_section(visit: Visit) -> web.Response:
    """POST …/courses/{id}/sections: `title`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "courses") as scope:
            await sections.add(scope, id_of(visit, "id"), fields.get("title", ""))
    except Refusal as refusal:
        return await _show(visit, "section_form", _whole(refill(refusal, fields)), refusal.status)
    return back(visit, f"/courses/{id_of(visit, 'id')}", "added")


async def add_lesson(visit: Visit) -> web.Response:
    """POST …/courses/{id}/lessons: `section`, `kind`, `title`; on to the lesson's own page."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "courses") as scope:
            row = await lessons.add(
                scope, id_of(visit, "id"), fields.get("kind", "text"), fields.get("title", ""),
                section_id=named(fields, "section"),
            )  # fmt: skip
    except Refusal as refusal:
        return await _show(visit, "lesson_form", _whole(refill(refusal, fields)), refusal.status)
    return back(visit, f"/lessons/{row['id']}", "added")


async def _add(visit: Visit, title: str, slug: str) -> Record:
    async with at_desk(visit, "courses") as scope:
        return await courses.add(scope, title, slug)


async def _list(visit: Visit, form: Form, status: int = 200) -> web.Response:
    async with at_desk(visit, "courses", readonly=True) as scope:
        rows = await courses.page(scope, limit=courses.MOST_COURSES)
        sizes = await figures.sizes(scope)
        at = desk(visit, scope, "courses")
    shown = tuple(
        CourseRow(str(row["id"]), row["title"], row["state"] == "published", *sizes.get(row["id"], (0, 0)))
        for row in rows
    )
    return visit.show_tool("studio_courses.html", CoursesPage(at, shown, form), status=status)


async def _show(visit: Visit, which: Which = "form", form: Form | None = None, status: int = 200) -> web.Response:
    async with at_desk(visit, "courses", readonly=True) as scope:
        course = await courses.read(scope, id_of(visit, "id"))
        parts = await sections.of_course(scope, course["id"])
        rows = await outline.lessons(scope, course["id"])
        at = desk(visit, scope, "courses")
        chosen_from = pricing.offered(scope)
    forms: dict[str, Form] = {
        "form": Form({"title": course["title"], "summary": course["summary"]}),
        "price_form": pricing.form_of(course),
    }
    if form is not None:
        forms[which] = form
    view = CoursePage(
        desk=at,
        id=str(course["id"]),
        published=course["state"] == "published",
        sections=_sections(parts, rows),
        preview_url=links.course(visit.slug, course["slug"]),
        not_ready=_lacking(parts, rows),
        currencies=chosen_from,
        **forms,
    )
    return visit.show_tool("studio_course.html", view, status=status)


def _sections(parts: list[Record], rows: list[Record]) -> tuple[SectionRow, ...]:
    held = {section: list(own) for section, own in groupby(rows, key=lambda row: row["section_id"])}
    return tuple(SectionRow(str(part["id"]), part["title"], _lessons(held.get(part["id"], []))) for part in parts)


def _lessons(rows: list[Record]) -> tuple[LessonRow, ...]:
    last = len(rows) - 1
    return tuple(_lesson(row, first=place == 0, last=place == last) for place, row in enumerate(rows))


def _lesson(row: Record, *, first: bool, last: bool) -> LessonRow:
    shown = row["state"] == "published"
    return LessonRow(
        str(row["id"]), row["title"], SIGNS[row["kind"]], "Published" if shown else "Draft", "good" if shown else "",
        first, last,
    )  # fmt: skip


def _lacking(parts: list[Record], rows: list[Record]) -> str:
    if not parts:
        return "Begin with a section: the first week, or the first thing they will make. Then add lessons to it."
    if not rows:
        return "Add a first lesson. A course is published once it holds something to learn."
    if all(row["state"] != "published" for row in rows):
        return "Publish a lesson first; a course shows published lessons only."
    return ""


def _whole(form: Form) -> Form:
    """A form whose page has its fields elsewhere: what is wrong with a field stands above it."""
    return Form(form.values, {}, form.complaint)
