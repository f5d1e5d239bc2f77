"""Rooms in the studio: which there are, and a new one."""

from aiohttp import web

from server.forms import read_fields, refill
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio import RoomRow, RoomsPage
from tenants import links
from tenants.community import rooms
from tenants.errors import Refusal

KINDS = {"open": "Anyone reads", "members": "Members", "announcement": "Announcements", "private": "Private"}


async def rooms_page(visit: Visit) -> web.Response:
    """GET …/rooms."""
    return await _show(visit, Form({"kind": "members"}))


async def add_room(visit: Visit) -> web.Response:
    """POST …/rooms: `name`, `topic`, `kind`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "rooms") as scope:
            await rooms.add(scope, fields.get("name", ""), fields.get("kind", "members"), fields.get("topic", ""))
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return back(visit, "/rooms", "added")


async def _show(visit: Visit, form: Form, status: int = 200) -> web.Response:
    async with at_desk(visit, "rooms", readonly=True) as scope:
        seen = await rooms.seen(scope)
        at = desk(visit, scope, "rooms")
    shown = tuple(
        RoomRow(str(row["id"]), row["name"], KINDS[row["kind"]], links.room(visit.slug, row["slug"]), row["head_seq"])
        for row in seen
    )
    return visit.show_tool("studio_rooms.html", RoomsPage(at, shown, form), status=status)
