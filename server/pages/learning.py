"""Learning: the courses of a channel, one course's outline with the reason for its percentage, one lesson."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from server.forms import named, refill
from server.pages.landing import id_of
from server.pages.learning_views import class_rows, course_row, lesson_view, outline_view
from server.pages.visits import Visit, see
from server.web.views.frame import Form, Link
from server.web.views.learn import LearnPage
from tenants import links
from tenants.batches import batches, seats
from tenants.billing import orders
from tenants.certificates import certificates, codes, earning
from tenants.courses import access, courses, enrollments, lessons, outline, progress
from tenants.errors import Forbidden, NotFound, Refusal
from tenants.files import files
from tenants.live import classes
from tenants.members import members
from tenants.scope import Record, Scope


async def courses_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/learn."""
    async with visit.enter() as scope:
        mine = await enrollments.mine(scope) if scope.actor.member_id else []
        stands = [await progress.of_course(scope, row["course_id"]) for row in mine]
        awards = [await _award(scope, row["course_id"]) for row in mine]
        every = await courses.page(scope, limit=100)
        bought = bool(scope.actor.member_id and await orders.mine(scope, limit=1))
    taken = {row["course_id"] for row in mine}
    view = LearnPage(
        own=tuple(
            replace(course_row(visit.slug, row, stand), offer=award)
            for row, stand, award in zip(mine, stands, awards, strict=True)
        ),
        others=tuple(
            course_row(visit.slug, row) for row in every if row["id"] not in taken and row["state"] == "published"
        ),
        orders=Link("Your orders", links.orders(visit.slug)) if bought else None,
    )
    return visit.show("learn_list.html", view)


async def outline_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/learn/{course}: the contents, and the way in for those who are not enrolled."""
    return await _outline(visit, Form())


async def enrol(visit: Visit) -> web.Response:
    """POST /c/{slug}/learn/{course}/enrol: join the channel if need be, then the course, in a batch if one is named."""
    try:
        async with visit.enter() as scope:
            await members.join(scope)
            course = await courses.read_at(scope, visit.path["course"])
            await seats.enroll(scope, course["id"], named(visit.request.query, "batch"))
    except Refusal as refusal:
        return await _outline(visit, refill(refusal, {}), status=refusal.status)
    return see(links.course(visit.slug, visit.path["course"]), "enrolled")


async def lesson_page(visit: Visit) -> web.StreamResponse:
    """GET /c/{slug}/learn/{course}/{lesson}; those who may not open it are led to the course, which says how."""
    try:
        async with visit.enter() as scope:
            lesson = await access.open_lesson(scope, id_of(visit, "lesson"))
            if lesson["course_slug"] != visit.path["course"]:
                raise NotFound()
            rows = await outline.lessons(scope, lesson["course_id"])
            enrolled = await enrollments.of_member(scope, lesson["course_id"])
            stands = await progress.of_course(scope, lesson["course_id"]) if enrolled else None
            file = await files.read(scope, lesson["file_id"]) if lesson["file_id"] else None
            award = await _award(scope, lesson["course_id"])
    except Forbidden as refusal:
        if refusal.code in {"not_enrolled", "not_a_member"}:
            return see(links.course(visit.slug, visit.path["course"]))
        raise
    return visit.show("lesson.html", lesson_view(visit.slug, lesson, rows, stands, file, award))


async def mark_done(visit: Visit) -> web.Response:
    """POST /c/{slug}/learn/{course}/{lesson}/done."""
    async with visit.enter() as scope:
        stands = await earning.mark_done(scope, id_of(visit, "lesson"))
        said = "awarded" if stands.done and await _is_being_made(scope, id_of(visit, "lesson")) else "done"
    return see(links.lesson(visit.slug, visit.path["course"], visit.path["lesson"]), said)


async def _is_being_made(scope: Scope, lesson_id: UUID) -> bool:
    """Whether the reader holds an award of the lesson's course whose paper is still to come."""
    lesson = await lessons.placed(scope, lesson_id)
    award = await certificates.held(scope, lesson["course_id"])
    return award is not None and award.pdf_key is None


async def _outline(visit: Visit, form: Form, *, status: int = 200) -> web.Response:
    async with visit.enter(readonly=True) as scope:
        course = await courses.read_at(scope, visit.path["course"])
        rows = await outline.lessons(scope, course["id"])
        enrolled = await enrollments.of_member(scope, course["id"])
        stands = await progress.of_course(scope, course["id"]) if enrolled else None
        batch = await _batch(visit, scope, course, enrolled)
        may_edit = courses.may_edit(scope)
        coming = await _coming(scope, batch, enrolled)
        award = await _award(scope, course["id"])
        price = None if enrolled else await seats.price_for(scope, course, batch)
    view = outline_view(
        visit.slug, course, rows, stands, batch, form,
        open_to_all=may_edit, price=price, classes=class_rows(visit.slug, coming, datetime.now(UTC)), offer=award,
        room=_rooms(visit.slug) if enrolled else None,
    )  # fmt: skip
    return visit.show("learn.html", view, status=status)


def _rooms(slug: str) -> Link:
    return Link("Talk about it in the rooms", f"{links.channel(slug)}/community")


async def _coming(scope: Scope, batch: Record | None, enrolled: Record | None) -> list[Record]:
    if batch is None or enrolled is None:
        return []
    return [one for one in await classes.upcoming(scope) if one["batch_id"] == batch["id"]]


async def _award(scope: Scope, course_id: UUID) -> Link | None:
    """The way to the reader's own certificate of the course."""
    award = await certificates.held(scope, course_id)
    return Link("Open your certificate", links.certificate(codes.show(award.code))) if award else None


async def _batch(visit: Visit, scope: Scope, course: Record, enrolled: Record | None) -> Record | None:
    """The student's own batch, or the one that is asked for, or the first that takes people."""
    if enrolled is not None:
        return await batches.read(scope, enrolled["batch_id"]) if enrolled["batch_id"] else None
    asked = named(visit.request.query, "batch")
    open_ones = [row for row in await batches.page(scope, course["id"], limit=100) if _takes(row)]
    open_ones.sort(key=lambda row: (row["id"] != asked, row["starts_on"]))
    return open_ones[0] if open_ones else None


def _takes(row: Record) -> bool:
    full = 0 < row["seats"] <= row["taken"]
    return row["state"] == "open" and not full and not batches.is_over(row, datetime.now(UTC))
