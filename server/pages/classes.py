"""Live classes: those to come, and each as a link: the door, its stable address, and the event for one's calendar."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from server import joining
from server.pages.landing import id_of
from server.pages.learning_views import class_rows
from server.pages.visits import PRIVATE, Visit
from server.web.views.frame import Link
from server.web.views.learn import ClassRow, LivePage
from tenants import links
from tenants.channels import channels
from tenants.live import calendar, classes
from tenants.scope import Record


async def coming(visit: Visit) -> web.Response:
    """GET /c/{slug}/classes: what is still to come, one's own classes, or all for those who plan them."""
    async with visit.enter() as scope:
        rows = await classes.upcoming(scope)
        zone, plans = ZoneInfo((await channels.read(scope))["time_zone"]), classes.may_edit(scope)
    way = Link("Plan a class", links.studio(visit.slug, "/classes")) if plans else _to_courses(visit.slug)
    shown = zip(class_rows(visit.slug, rows, datetime.now(UTC)), rows, strict=True)
    return visit.show("live.html", LivePage(tuple(_in_batch(one, row) for one, row in shown), zone, way))


async def door(visit: Visit) -> web.Response:
    """GET /c/{slug}/classes/{live_class}: on to the class while its door is open, else the sentence that says when."""
    async with visit.enter():
        pass  # the page of a refusal wears the channel's dress
    way_in = await joining.enter(await visit.at_channel(), id_of(visit, "live_class"))
    return web.Response(status=303, headers={"Location": way_in.url, "Cache-Control": PRIVATE})


async def calendar_file(visit: Visit) -> web.Response:
    """GET /c/{slug}/classes/{live_class}.ics: the class as an event that leads to its door."""
    async with visit.enter() as scope:
        row = await classes.read(scope, id_of(visit, "live_class"))
        channel = await channels.read(scope)
    url = links.absolute(visit.house.base_url, links.live_class(visit.slug, row["id"]))
    headers = {
        "Content-Type": calendar.MEDIA_TYPE,
        "Content-Disposition": 'attachment; filename="class.ics"',
        "Cache-Control": PRIVATE,
    }
    return web.Response(body=calendar.event(row, channel["name"], url), headers=headers)


def _to_courses(slug: str) -> Link:
    return Link("See the courses", f"{links.channel(slug)}/learn")


def _in_batch(one: ClassRow, row: Record) -> ClassRow:
    """The class with the name of its batch, for those who sit in several."""
    return replace(one, batch=row["batch_name"] or "")
