"""Rooms in the studio: which there are, and a new one."""

from aiohttp import web

from server.forms import named, read_fields, refill
from server.pages.studio import batches
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio import RoomRow, RoomsPage
from tenants import links
from tenants.community import rooms
from tenants.errors import Refusal

KINDS = {
    "open": "Anyone reads",
    "members": "Members",
    "batch": "One batch",
    "announcement": "Announcements",
    "private": "Private",
}


async def rooms_page(visit: Visit) -> web.Response:
    """GET …/rooms."""
    return await _show(visit, Form({"kind": "members"}))


async def add_room(visit: Visit) -> web.Response:
    """POST …/rooms: `name`, `topic`, `kind`, and the `batch` of a batch's room."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "rooms") as scope:
            kind = fields.get("kind", "members")
            batch_id = named(fields, "batch") if kind == "batch" else None
            await rooms.add(scope, fields.get("name", ""), kind, fields.get("topic", ""), batch_id)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return back(visit, "/rooms", "added")


async def _show(visit: Visit, form: Form, status: int = 200) -> web.Response:
    async with at_desk(visit, "rooms", readonly=True) as scope:
        seen, cohorts = await rooms.seen(scope), await batches.every(scope)
        at = desk(visit, scope, "rooms")
    shown = tuple(
        RoomRow(str(row["id"]), row["name"], KINDS[row["kind"]], links.room(visit.slug, row["slug"]), row["head_seq"])
        for row in seen
    )
    options = tuple((str(batch["id"]), f"{course['title']}: {batch['name']}") for batch, course in cohorts)
    return visit.show_tool("studio_rooms.html", RoomsPage(at, shown, options, form), status=status)
