"""One lesson in the studio: title, text, film; shown, moved, deleted."""

from typing import Any

from aiohttp import web

from server.forms import named, read_fields, refill
from server.pages.landing import id_of
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form, Link
from server.web.views.studio_teaching import LessonPage
from tenants import links
from tenants.courses import lessons, outline
from tenants.courses.lesson_fields import FILMED
from tenants.errors import Refusal
from tenants.files import examinations, files
from tenants.scope import Record, Scope


async def lesson_page(visit: Visit) -> web.Response:
    """GET …/lessons/{id}."""
    return await _show(visit)


async def save_lesson(visit: Visit) -> web.Response:
    """POST …/lessons/{id}: `title`, `body` (Markdown), `file` (the id of a finished upload)."""
    return await _save(visit, publish=False)


async def publish_lesson(visit: Visit) -> web.Response:
    """POST …/lessons/{id}/publish: the same fields, and students see it from now on."""
    return await _save(visit, publish=True)


async def delete_lesson(visit: Visit) -> web.Response:
    """POST …/lessons/{id}/delete."""
    async with at_desk(visit, "courses") as scope:
        lesson = await lessons.placed(scope, id_of(visit, "id"))
        await lessons.remove(scope, lesson["id"])
    return back(visit, f"/courses/{lesson['course_id']}", "removed")


async def move_lesson(visit: Visit) -> web.Response:
    """POST …/lessons/{id}/move: `to` (`up`, `down`), within its section."""
    fields = await read_fields(visit.request)
    async with at_desk(visit, "courses") as scope:
        lesson = await lessons.placed(scope, id_of(visit, "id"))
        rows = await outline.lessons(scope, lesson["course_id"])
        section = [row["id"] for row in rows if row["section_id"] == lesson["section_id"]]
        place = section.index(lesson["id"]) + (1 if fields.get("to") == "down" else -1)
        await lessons.move(scope, lesson["id"], lesson["section_id"], max(place, 0))
    return back(visit, f"/courses/{lesson['course_id']}#move-{lesson['id']}", "moved")


async def _save(visit: Visit, *, publish: bool) -> web.Response:
    fields = await read_fields(visit.request)
    lesson_id = id_of(visit, "id")
    try:
        async with at_desk(visit, "courses") as scope:
            before = await lessons.placed(scope, lesson_id)
            changes: dict[str, Any] = {name: fields[name] for name in ("title", "body") if name in fields}
            if film := named(fields, "file"):
                changes["file_id"] = film
            if changes:
                await lessons.edit(scope, lesson_id, before["version"], changes)
            if publish:
                await lessons.publish(scope, lesson_id)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields, file_id="file"), refusal.status)
    return back(visit, f"/lessons/{lesson_id}", "published" if publish else "saved")


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    async with at_desk(visit, "courses", readonly=True) as scope:
        lesson = await lessons.placed(scope, id_of(visit, "id"))
        film, state = await _film(scope, lesson)
        at = desk(visit, scope, "courses")
    if form is not None and "file" in form.errors:
        form = Form({"title": lesson["title"], **form.values}, form.errors, form.problem)
    view = LessonPage(
        desk=at,
        id=str(lesson["id"]),
        kind="video" if lesson["kind"] in FILMED else "text",
        course=Link(lesson["course_title"], links.studio(visit.slug, f"/courses/{lesson['course_id']}")),
        published=lesson["state"] == "published",
        form=form or Form({"title": lesson["title"], "body": lesson["body"]}),
        preview_url=links.lesson(visit.slug, lesson["course_slug"], lesson["id"]),
        film=film,
        film_state=state,
    )
    return visit.show_tool("studio_lesson.html", view, status=status)


async def _film(scope: Scope, lesson: Record) -> tuple[str, str]:
    """What film there is, and what becomes of it."""
    if lesson["file_id"] is None:
        return "", ""
    file = await files.read(scope, lesson["file_id"])
    if file["state"] != "ready":
        return file["name"], "still on its way"
    if file["fault"] is not None:
        return file["name"], file["fault"]
    if examinations.is_awaited(file) and not lesson["duration_seconds"]:
        return file["name"], examinations.WAITING
    minutes, seconds = divmod(lesson["duration_seconds"], 60)
    length = f", {minutes}:{seconds:02}" if lesson["duration_seconds"] else ""
    return f"{file['name']}{length}", f"{max(1, round((file['size'] or 0) / 1_000_000))} MB"
