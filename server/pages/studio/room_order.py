"""The order of rooms in the studio: sections, and steps up and down; dragging sets the order over the API."""

from typing import get_args

from aiohttp import web

from server.forms import named, read_fields, refill
from server.pages.landing import id_of
from server.pages.studio import rooms as page
from server.pages.studio.desk import at_desk, back
from server.pages.visits import Visit
from tenants.community import room_order, room_sections
from tenants.community.room_order import Step
from tenants.errors import Invalid, Refusal


async def add_section(visit: Visit) -> web.Response:
    """POST …/rooms/sections: `section_name`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "rooms") as scope:
            row = await room_sections.add(scope, fields.get("section_name", ""))
    except Refusal as refusal:
        form = refill(refusal, fields, name="section_name")
        return await page.show(visit, status=refusal.status, section_form=form)
    return back(visit, f"/rooms#section-{row['id']}", "added")


async def rename_section(visit: Visit) -> web.Response:
    """POST …/rooms/sections/{room_section}: `name`."""
    fields = await read_fields(visit.request)
    section_id = id_of(visit, "room_section")
    try:
        async with at_desk(visit, "rooms") as scope:
            await room_sections.rename(scope, section_id, fields.get("name", ""))
    except Refusal as refusal:
        return await page.show(visit, status=refusal.status, problem=refill(refusal, fields).complaint)
    return back(visit, f"/rooms#section-{section_id}", "saved")


async def delete_section(visit: Visit) -> web.Response:
    """POST …/rooms/sections/{room_section}/delete: its rooms stay."""
    async with at_desk(visit, "rooms") as scope:
        await room_order.remove_section(scope, id_of(visit, "room_section"))
    return back(visit, "/rooms", "removed")


async def move_section(visit: Visit) -> web.Response:
    """POST …/rooms/sections/{room_section}/move: `to` is `up` or `down`."""
    section_id, step = id_of(visit, "room_section"), await _step(visit)
    async with at_desk(visit, "rooms") as scope:
        await room_order.move_section(scope, section_id, step)
    return back(visit, f"/rooms#section-{section_id}", "moved")


async def move_room(visit: Visit) -> web.Response:
    """POST …/rooms/{id}/move: `to` is `up` or `down`, within its section."""
    room_id, step = id_of(visit, "id"), await _step(visit)
    async with at_desk(visit, "rooms") as scope:
        await room_order.move(scope, room_id, step)
    return back(visit, f"/rooms#room-{room_id}", "moved")


async def place_room(visit: Visit) -> web.Response:
    """POST …/rooms/{id}/place: `section`, empty for the place without one."""
    fields, room_id = await read_fields(visit.request), id_of(visit, "id")
    async with at_desk(visit, "rooms") as scope:
        await room_order.place(scope, room_id, named(fields, "section"))
    return back(visit, f"/rooms#room-{room_id}", "moved")


async def _step(visit: Visit) -> Step:
    asked = (await read_fields(visit.request)).get("to", "")
    for step in get_args(Step):
        if asked == step:
            return step  # type: ignore[no-any-return]  # one of the literals of Step
    raise Invalid.field("/to", "step", "Move it up or down.")
