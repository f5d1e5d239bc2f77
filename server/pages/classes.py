"""Live classes as links: the door of a class, which is its stable address, and the class for one's calendar."""

from aiohttp import web

from server.pages.landing import id_of
from server.pages.visits import PRIVATE, Visit
from tenants import links
from tenants.channels import channels
from tenants.live import calendar, classes


async def door(visit: Visit) -> web.Response:
    """GET /c/{slug}/classes/{live_class}: on to the class while its door is open, else the sentence that says when."""
    async with visit.enter() as scope:
        way_in = await classes.join(scope, id_of(visit, "live_class"))
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
