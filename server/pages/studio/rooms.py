"""Rooms in the studio: which there are, by section and in their order, and a new one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from aiohttp import web

from server.forms import named, read_fields, refill
from server.pages import places_view
from server.pages.landing import id_of
from server.pages.studio import batches
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio_rooms import RoomGroup, RoomRow, RoomsPage
from tenants import links
from tenants.community import room_editing, room_sections, rooms
from tenants.errors import Refusal
from tenants.scope import Record

KINDS = {
    "open": "Anyone reads",
    "members": "Members",
    "batch": "One batch",
    "announcement": "Announcements",
    "private": "Private",
}
NEW, EMPTY = Form({"kind": "members"}), Form()
SIGNS = tuple((icon, icon.replace("-", " ").capitalize() or "As its kind") for icon in room_editing.ICONS)


async def rooms_page(visit: Visit) -> web.Response:
    """GET …/rooms."""
    return await show(visit)


async def add_room(visit: Visit) -> web.Response:
    """POST …/rooms: `name`, `topic`, `kind`, and the `batch` of a batch's room."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "rooms") as scope:
            kind = fields.get("kind", "members")
            batch_id = named(fields, "batch") if kind == "batch" else None
            await rooms.add(scope, fields.get("name", ""), kind, fields.get("topic", ""), batch_id)
    except Refusal as refusal:
        return await show(visit, refusal.status, form=refill(refusal, fields))
    return back(visit, "/rooms", "added")


async def save_room(visit: Visit) -> web.Response:
    """POST …/rooms/{id}: `name`, `topic`, `icon`, `kind`, and the `batch` of a batch's room."""
    fields = await read_fields(visit.request)
    try:
        changes: dict[str, Any] = {name: fields[name] for name in ("name", "topic", "icon", "kind") if name in fields}
        if changes.get("kind") == "batch":
            changes["batch_id"] = named(fields, "batch")
        async with at_desk(visit, "rooms") as scope:
            await room_editing.edit(scope, id_of(visit, "id"), changes)
    except Refusal as refusal:
        return await show(visit, refusal.status, changed=(id_of(visit, "id"), refill(refusal, fields)))
    return back(visit, "/rooms", "saved")


async def archive_room(visit: Visit) -> web.Response:
    """POST …/rooms/{id}/archive: `archived` is `1`, or `0` to bring the room back."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "rooms") as scope:
            await room_editing.archive(scope, id_of(visit, "id"), archived=fields.get("archived") != "0")
    except Refusal as refusal:
        return await show(visit, refusal.status, changed=(id_of(visit, "id"), refill(refusal, {"name": ""})))
    return back(visit, "/rooms", "saved")


async def show(
    visit: Visit, status: int = 200, *, problem: str = "", form: Form = NEW, section_form: Form = EMPTY,
    changed: tuple[UUID, Form] | None = None,
) -> web.Response:  # fmt: skip
    """The page; with what was wrong, beside the form that it was wrong in (`changed`: that of a room) or above all."""
    async with at_desk(visit, "rooms", readonly=True) as scope:
        seen, cohorts = await rooms.seen(scope, archived=True), await batches.every(scope)
        sections = await room_sections.seen(scope, seen)
        at = desk(visit, scope, "rooms")
    rows = [_row(visit, row, changed) for row in seen]
    view = RoomsPage(
        desk=at,
        groups=_groups([row for row in rows if not row.archived], sections),
        archived=tuple(row for row in rows if row.archived),
        sections=tuple((str(section["id"]), section["name"]) for section in sections),
        batches=tuple((str(batch["id"]), f"{course['title']}: {batch['name']}") for batch, course in cohorts),
        icons=SIGNS,
        problem=problem,
        form=form,
        section_form=section_form,
    )
    return visit.show_tool("studio_rooms.html", view, status=status)


def _groups(rows: Sequence[RoomRow], sections: Sequence[Record]) -> tuple[RoomGroup, ...]:
    """The rooms by section, empty sections too; first those without one, for they are read first."""
    held: dict[str, list[RoomRow]] = {"": [], **{str(section["id"]): [] for section in sections}}
    for row in rows:
        held[row.section].append(row)
    names = {str(section["id"]): section["name"] for section in sections}
    return tuple(RoomGroup(section, names.get(section, ""), tuple(own)) for section, own in held.items())


def _row(visit: Visit, row: Record, changed: tuple[UUID, Form] | None) -> RoomRow:
    now = {name: row[name] for name in ("name", "topic", "icon", "kind")} | {"batch": str(row["batch_id"] or "")}
    form = Form(now)
    if changed and changed[0] == row["id"]:
        typed = {name: text for name, text in changed[1].values.items() if text or name != "name"}
        form = replace(changed[1], values=now | typed)
    return RoomRow(
        id=str(row["id"]),
        name=row["name"],
        kind=KINDS[row["kind"]],
        sign=row["icon"] or places_view.SIGNS[row["kind"]],
        url=links.room(visit.slug, row["slug"]),
        messages=row["head_seq"],
        archived=row["archived_at"] is not None,
        section=str(row["section_id"] or ""),
        form=form,
    )
