"""Who is in a room, in the studio: in a private one they are added and removed, into others their batch brings them."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from server.api.rooms import INSIDERS
from server.forms import named, read_fields, refill
from server.pages.landing import id_of
from server.pages.room_view import TITLES
from server.pages.seeking import sought
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import PersonMark
from server.web.views.studio_rooms import Insider, InsidersPage
from tenants import links
from tenants.batches import batches
from tenants.community import insiders, rooms
from tenants.errors import Invalid, Refusal
from tenants.ids import MemberId
from tenants.permissions import Role
from tenants.scope import Record, Scope

PAGE = 50


async def insiders_page(visit: Visit) -> web.Response:
    """GET …/rooms/{id}/members: `?q=` the beginning of a name in it, `?add=` of one who may be added, `?after=`."""
    return await _show(visit)


async def add_insider(visit: Visit) -> web.Response:
    """POST …/rooms/{id}/members: `member`."""
    fields, room_id = await read_fields(visit.request), id_of(visit, "id")
    try:
        member_id = named(fields, "member")
        if member_id is None:
            raise Invalid.field("/member", "missing", "Choose whom to add.")
        async with at_desk(visit, "rooms") as scope:
            await insiders.let_in(scope, room_id, MemberId(member_id))
    except Refusal as refusal:
        return await _show(visit, refill(refusal, {}).complaint, refusal.status)
    return back(visit, f"/rooms/{room_id}/members", "let-in")


async def remove_insider(visit: Visit) -> web.Response:
    """POST …/rooms/{id}/members/{member}/remove."""
    room_id, member_id = id_of(visit, "id"), MemberId(id_of(visit, "member"))
    async with at_desk(visit, "rooms") as scope:
        await insiders.take_out(scope, room_id, member_id)
        themselves = member_id == scope.actor.member_id
    # Whoever takes themselves out may see the list no more.
    return back(visit, "/rooms" if themselves else f"/rooms/{room_id}/members", "taken-out")


async def _show(visit: Visit, problem: str = "", status: int = 200) -> web.Response:
    query, room_id = visit.request.query, id_of(visit, "id")
    inside, adding = sought(query.get("q", "")), sought(query.get("add", ""))
    after = INSIDERS.read(query.get("after"))
    async with at_desk(visit, "rooms", readonly=True) as scope:
        room = await rooms.find(scope, room_id)
        rows = await insiders.page(scope, room_id, called=inside.start, after=after, limit=PAGE + 1)
        rows = [] if inside.unfound else rows
        private = room["kind"] == "private"
        found = await insiders.outside(scope, room_id, adding.start) if private and adding.start else []
        at = desk(visit, scope, "rooms")
        of_batch = {} if private else await _of_batch(visit, scope, room)
    own = f"{at.home}/rooms/{room_id}/members"
    view = InsidersPage(
        desk=at, room=room["name"], room_url=links.room(visit.slug, room["slug"]), url=own, private=private,
        people=_people(visit.slug, rows[:PAGE]), asked=inside.asked, adding=adding.asked,
        unfound=inside.unfound, unfound_outside=adding.unfound, found=_people(visit.slug, found),
        more_url="" if inside.asked else _more(own, rows), problem=problem, **of_batch,
    )  # fmt: skip
    return visit.show_tool("studio_insiders.html", view, status=status)


def _more(own: str, rows: Sequence[Record]) -> str:
    """Where the list goes on, when it is longer than a page."""
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return f"{own}?after={INSIDERS.write((last['sorted'], last['id']))}" if last else ""


async def _of_batch(visit: Visit, scope: Scope, room: Record) -> dict[str, Any]:
    """What a batch is called, and where it is looked after; nothing of one that is gone."""
    if room["batch_id"] is None:
        return {}
    batch = await batches.read(scope, room["batch_id"])
    return {"batch": batch["name"], "batch_url": links.studio(visit.slug, "/batches")}


def _people(slug: str, rows: Sequence[Record]) -> tuple[Insider, ...]:
    return tuple(
        Insider(
            PersonMark(str(row["id"]), row["name"], row["avatar"]),
            links.people(slug, f"/{row['id']}"),
            TITLES.get(Role(row["role"]), ""),
        )
        for row in rows
    )
