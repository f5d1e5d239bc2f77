"""Incoming webhooks in the studio: made with a secret that is shown once, moved, switched off; what was refused."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from providers.standard_webhooks import make_secret
from server.forms import named, read_fields, refill
from server.pages.landing import id_of
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.incoming import Arrival, IncomingPage, Made, Refused
from server.web.views.studio import Part
from tenants import links
from tenants.channels import channels
from tenants.community import rooms
from tenants.errors import Invalid, Refusal
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.webhooks import incoming, incoming_refusals

PART: Part = "integrations"


async def incoming_page(visit: Visit) -> web.Response:
    """GET …/incoming; with `?of=` what was refused of one."""
    return await _show(visit)


async def add_incoming(visit: Visit) -> web.Response:
    """POST …/incoming: address and secret stand on this one answer, the secret nowhere again."""
    fields, secret = await read_fields(visit.request), make_secret()
    try:
        async with at_desk(visit, PART) as scope:
            name, room = fields.get("name", ""), _room(fields)
            row = await incoming.add(scope, Seals(visit.house.secret), secret, name=name, room_id=room)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return await _show(visit, status=201, made=Made(_url(visit, row), secret))


async def save_incoming(visit: Visit) -> web.Response:
    """POST …/incoming/{id}: its fields, or `do`: `turn`, `secret`, `delete`."""
    fields, webhook_id = await read_fields(visit.request), id_of(visit, "id")
    do, secret = fields.get("do", "save"), make_secret()
    try:
        async with at_desk(visit, PART) as scope:
            url = _url(visit, await incoming.find(scope, webhook_id))
            await _do(visit, scope, webhook_id, do, secret)
            if do == "save":
                await incoming.edit(scope, webhook_id, name=fields.get("name", ""), room_id=_room(fields))
    except Refusal as refusal:
        return await _show(visit, status=refusal.status, problem=refill(refusal, fields).complaint)
    if do == "secret":
        return await _show(visit, made=Made(url, secret))
    return back(visit, "/incoming", "removed" if do == "delete" else "saved")


async def _do(visit: Visit, scope: Scope, webhook_id: UUID, do: str, secret: str) -> None:
    if do == "delete":
        await incoming.remove(scope, webhook_id)
    elif do == "secret":
        await incoming.turn(scope, Seals(visit.house.secret), webhook_id, secret)
    elif do == "turn":
        enabled = (await incoming.find(scope, webhook_id))["enabled"]
        await incoming.edit(scope, webhook_id, enabled=not enabled)


async def _show(
    visit: Visit, form: Form | None = None, status: int = 200, *, made: Made | None = None, problem: str = ""
) -> web.Response:
    chosen = visit.request.query.get("of", "")
    async with at_desk(visit, PART, readonly=True) as scope:
        scope.require(Action.WEBHOOK_EDIT)
        rows, places = await incoming.every(scope), await rooms.seen(scope)
        zone = ZoneInfo((await channels.read(scope))["time_zone"])
        log = [each for row in rows if str(row["id"]) == chosen for each in await _log(scope, row["id"])]
        at = desk(visit, scope, PART)
    view = IncomingPage(
        desk=at, hooks=tuple(_row(visit, row) for row in rows), zone=zone, form=form or Form(), made=made,
        rooms=tuple((str(room["id"]), room["name"]) for room in places), problem=problem, chosen=chosen, log=tuple(log),
    )  # fmt: skip
    return visit.show_tool("studio_incoming.html", view, status=status)


async def _log(scope: Scope, webhook_id: UUID) -> list[Refused]:
    rows = await incoming_refusals.page(scope, webhook_id)
    return [Refused(row["at"], row["status"], row["said"], row["delivery"]) for row in rows]


def _row(visit: Visit, row: Record) -> Arrival:
    facts = {name: row[name] for name in ("name", "room", "enabled", "trouble", "made_by", "kept", "posts")}
    form = Form({"name": row["name"], "room": str(row["room_id"])})
    archived = row["archived_at"] is not None
    return Arrival(
        id=str(row["id"]), url=_url(visit, row), posted=row["last_posted_at"], archived=archived, form=form, **facts
    )  # fmt: skip


def _url(visit: Visit, row: Record) -> str:
    return links.absolute(visit.house.base_url, links.incoming_webhook(row["address"]))


def _room(fields: Mapping[str, str]) -> UUID:
    room = named(fields, "room")
    if room is None:
        raise Invalid.field("/room", "missing", "Choose the room in which it writes.")
    return room
