"""Batches in the studio: cohorts with dates, seats and a time zone."""

from datetime import datetime
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from aiohttp import web

from server.forms import day, named, read_fields, refill, whole
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
    """POST …/batches: `course`, `name`, `starts_on`, `ends_on`, `seats`, `zone`."""
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
        async with at_desk(visit, "batches") as scope:
            await batches.add(scope, course_id, fields.get("name", ""), first, given)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields, time_zone="zone"), refusal.status)
    return back(visit, "/batches", "added")


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
    return tuple(
        BatchRow(
            str(batch["id"]), batch["name"], course["title"], batch["seats"], batch["taken"], coming.get(batch["id"])
        )
        for batch, course in await every(scope)
    )


@cache
def zones() -> Options:
    """The time zones to choose from: those named by continent and city, and UTC."""
    named_by_place = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return (("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in named_by_place))


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    async with at_desk(visit, "batches", readonly=True) as scope:
        shown = await rows(scope)
        taught = await courses.page(scope, limit=courses.MOST_COURSES)
        zone = (await channels.read(scope))["time_zone"]
        at = desk(visit, scope, "batches")
    options = tuple((str(course["id"]), course["title"]) for course in taught)
    view = BatchesPage(at, shown, options, zones(), form or Form({"zone": zone, "seats": "12"}))
    return visit.show_tool("studio_batches.html", view, status=status)
