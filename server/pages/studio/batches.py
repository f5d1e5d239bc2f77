"""Batches in the studio: cohorts with dates, seats and a time zone."""

from datetime import datetime
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from aiohttp import web

from server.forms import day, named, read_fields, refill, whole
from server.pages.landing import id_of
from server.pages.studio import pricing
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio import BatchRow
from server.web.views.studio_teaching import BatchesPage, Options
from tenants.batches import batches
from tenants.channels import channels
from tenants.courses import courses
from tenants.errors import Invalid, Refusal
from tenants.live import classes
from tenants.scope import Record, Scope

MOST_SHOWN = 100


async def batches_page(visit: Visit) -> web.Response:
    """GET …/batches."""
    return await _show(visit)


async def add_batch(visit: Visit) -> web.Response:
    """POST …/batches: `course`, `name`, `starts_on`, `ends_on`, `seats`, `zone`, and perhaps `amount`, `currency`."""
    fields = await read_fields(visit.request)
    try:
        course_id, first = named(fields, "course"), day(fields, "starts_on")
        if course_id is None:
            raise Invalid.field("/course", "required", "Choose the course of this batch.")
        if first is None:
            raise Invalid.field("/starts_on", "required", "Say on which day it begins.")
        given = {
            "ends_on": day(fields, "ends_on"),
            "seats": whole(fields, "seats"),
            "time_zone": fields.get("zone", "UTC"),
        }
        price = pricing.read(fields)
        async with at_desk(visit, "batches") as scope:
            batch = await batches.add(scope, course_id, fields.get("name", ""), first, given)
            if price is not None:
                await batches.set_price(scope, batch["id"], price)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields, time_zone="zone"), refusal.status)
    return back(visit, "/batches", "added")


async def price_batch(visit: Visit) -> web.Response:
    """POST …/batches/{id}/price: `amount`, `currency`; an empty amount asks what the course costs."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "batches") as scope:
            await batches.set_price(scope, id_of(visit, "id"), pricing.read(fields))
    except Refusal as refusal:
        return await _show(visit, status=refusal.status, problem=refill(refusal, fields).complaint)
    return back(visit, "/batches", "priced")


async def every(scope: Scope) -> list[tuple[Record, Record]]:
    """The batches of the channel with their courses, those that begin last first."""
    found = [
        (batch, course)
        for course in await courses.page(scope, limit=courses.MOST_COURSES)
        for batch in await batches.page(scope, course["id"], limit=MOST_SHOWN)
    ]
    return sorted(found, key=lambda each: each[0]["starts_on"], reverse=True)[:MOST_SHOWN]


async def rows(scope: Scope) -> tuple[BatchRow, ...]:
    """The same as they are listed, each with its next class."""
    coming: dict[UUID, datetime] = {}
    for one in await classes.upcoming(scope):
        coming.setdefault(one["batch_id"], one["starts_at"].astimezone(ZoneInfo(one["time_zone"])))
    return tuple(_row(batch, course, coming.get(batch["id"])) for batch, course in await every(scope))


def _row(batch: Record, course: Record, next_class: datetime | None) -> BatchRow:
    return BatchRow(
        str(batch["id"]), batch["name"], course["title"], batch["seats"], batch["taken"], next_class,
        cost=pricing.cost_of(batches.price_of(course, batch)),
        price_form=pricing.form_of(batch, course["price_currency"] or pricing.USUAL),
    )  # fmt: skip


@cache
def zones() -> Options:
    """The time zones to choose from: those named by continent and city, and UTC."""
    named_by_place = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return (("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in named_by_place))


async def _show(visit: Visit, form: Form | None = None, status: int = 200, problem: str = "") -> web.Response:
    async with at_desk(visit, "batches", readonly=True) as scope:
        shown = await rows(scope)
        taught = await courses.page(scope, limit=courses.MOST_COURSES)
        zone = (await channels.read(scope))["time_zone"]
        at, chosen_from = desk(visit, scope, "batches"), pricing.offered(scope)
    options = tuple((str(course["id"]), course["title"]) for course in taught)
    usual = next((each["price_currency"] for each in taught if each["price_currency"]), pricing.USUAL)
    new = form or Form({"zone": zone, "seats": "12", "currency": usual})
    view = BatchesPage(at, shown, options, zones(), new, chosen_from, problem)
    return visit.show_tool("studio_batches.html", view, status=status)
