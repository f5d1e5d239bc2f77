"""What is kept of the talk, as pages without scripts: the pinned messages of a room, and what the reader saved."""

from aiohttp import web

from server.api.kept import CURSOR
from server.forms import named, read_fields
from server.pages.community import room_of
from server.pages.room_view import written_by
from server.pages.visits import Visit, see
from server.web.views.kept import KeptPage, KeptRow
from server.web.views.polled import polled
from tenants import links
from tenants.community import bookmarks, direct, pins, polls
from tenants.members import zones
from tenants.permissions import Action, why
from tenants.scope import Record

PAGE = 30


async def pins_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/{room}/pins: the latest pin first."""
    async with visit.enter(readonly=True) as scope:
        room = await room_of(visit, scope)
        rows = await pins.listed(scope, room["id"])
        zone = await zones.own(scope)
        may = why(scope.actor, Action.MESSAGE_PIN).allowed
    view = KeptPage(
        rows=tuple(_row(visit, row, room) for row in rows),
        zone=zone,
        room=room["name"],
        back_url=links.room(visit.slug, room["slug"]),
        drop_url=links.pins(visit.slug, room["slug"]) if may else "",
    )
    return visit.show("kept.html", view)


async def unpin(visit: Visit) -> web.Response:
    """POST /c/{slug}/community/{room}/pins: takes `message` down."""
    fields = await read_fields(visit.request)
    async with visit.enter() as scope:
        if message_id := named(fields, "message"):
            await pins.put(scope, message_id, on=False)
    return see(links.pins(visit.slug, visit.path["room"]))


async def saved_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/saved: the latest first; with `?after=` older ones."""
    after = CURSOR.read(visit.request.query.get("after"))
    async with visit.enter(readonly=True) as scope:
        found = await bookmarks.listed(scope, before=after, limit=PAGE + 1)
        places = {str(room["id"]): room for room in await direct.readable(scope)}
        zone = await zones.own(scope)
    shown, here = found[:PAGE], links.saved(visit.slug)
    older = CURSOR.write((shown[-1]["saved_at"], shown[-1]["bookmark_id"])) if len(found) > PAGE else ""
    view = KeptPage(
        rows=tuple(_row(visit, row, places[row["room"]]) for row in shown),
        zone=zone,
        back_url=f"{links.channel(visit.slug)}/community",
        drop_url=here,
        older_url=f"{here}?after={older}" if older else "",
    )
    return visit.show("kept.html", view)


async def let_go(visit: Visit) -> web.Response:
    """POST /c/{slug}/saved: keeps `message` no more."""
    fields = await read_fields(visit.request)
    async with visit.enter() as scope:
        if message_id := named(fields, "message"):
            await bookmarks.put(scope, message_id, on=False)
    return see(links.saved(visit.slug))


def _row(visit: Visit, row: Record, room: Record) -> KeptRow:
    return KeptRow(
        id=row["id"],
        author=written_by(row),
        at=row["created_at"],
        html=row["html"],
        url=links.message(visit.slug, room["slug"], row["seq"]),
        room_id=str(room["id"]),
        room=room["name"],
        poll=polled(polls.shown(row["poll"])) if row["poll"] is not None else None,
        gone=row["deleted_at"] is not None or row["hidden_at"] is not None,
    )
