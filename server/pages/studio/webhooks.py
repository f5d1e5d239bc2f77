"""Webhooks in the studio: made with a secret that is shown once, tried, and what was sent to each, to be sent again."""

from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from providers.standard_webhooks import make_secret
from server.forms import read_fields, refill
from server.limits import WEBHOOK_TESTS, charge
from server.pages.landing import id_of
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio import Part
from server.web.views.webhooks import Attempt, HookRow, HooksPage, Sent
from server.webhooks.outgoing import require_sendable
from tenants.channels import channels
from tenants.errors import Refusal
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.sealing import Seals
from tenants.webhooks import deliveries, endpoints

LOGGED = 20
PART: Part = "integrations"


async def webhooks_page(visit: Visit) -> web.Response:
    """GET …/webhooks; with `?of=` the log of one."""
    return await _show(visit)


async def add_webhook(visit: Visit) -> web.Response:
    """POST …/webhooks: the secret stands on this one answer and nowhere again."""
    fields, secret = await read_fields(visit.request), make_secret()
    wanted = [each for each in endpoints.EVENTS if each in fields]
    try:
        async with at_desk(visit, PART) as scope:
            name, url = fields.get("name", ""), fields.get("url", "")
            require_sendable(visit.house, scope, url)
            await endpoints.add(scope, Seals(visit.house.secret), secret, name=name, url=url, events=wanted)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return await _show(visit, status=201, secret=secret)


async def save_webhook(visit: Visit) -> web.Response:
    """POST …/webhooks/{id}: its fields, or `do`: `turn`, `secret`, `test`, `delete`."""
    fields, endpoint_id = await read_fields(visit.request), id_of(visit, "id")
    do, secret = fields.get("do", "save"), make_secret()
    try:
        if do == "test":
            await charge(visit.request, WEBHOOK_TESTS, str(visit.reader.person_id))
        async with at_desk(visit, PART) as scope:
            await _do(visit, scope, endpoint_id, do, secret)
            if do == "save":
                wanted = [each for each in endpoints.EVENTS if each in fields]
                name, url = fields.get("name", ""), fields.get("url", "")
                require_sendable(visit.house, scope, url)
                await endpoints.edit(scope, endpoint_id, name=name, url=url, events=wanted)
    except Refusal as refusal:
        return await _show(visit, status=refusal.status, problem=refill(refusal, fields).complaint)
    if do == "secret":
        return await _show(visit, secret=secret)
    said = {"delete": "removed", "test": "sent"}.get(do, "saved")
    return back(visit, f"/webhooks?of={endpoint_id}" if do == "test" else "/webhooks", said)


async def send_again(visit: Visit) -> web.Response:
    """POST …/webhooks/{id}/deliveries/{delivery}."""
    endpoint_id = id_of(visit, "id")
    try:
        async with at_desk(visit, PART) as scope:
            await deliveries.replay(scope, id_of(visit, "delivery"), endpoint_id)
    except Refusal as refusal:
        return await _show(visit, status=refusal.status, problem=refill(refusal, {}).complaint)
    return back(visit, f"/webhooks?of={endpoint_id}", "sent")


async def _do(visit: Visit, scope: Scope, endpoint_id: UUID, do: str, secret: str) -> None:
    if do == "delete":
        await endpoints.remove(scope, endpoint_id)
    elif do == "test":
        await deliveries.test(scope, endpoint_id)
    elif do == "secret":
        await endpoints.turn(scope, Seals(visit.house.secret), endpoint_id, secret)
    elif do == "turn":
        enabled = (await endpoints.find(scope, endpoint_id))["enabled"]
        await endpoints.edit(scope, endpoint_id, enabled=not enabled)


async def _show(
    visit: Visit, form: Form | None = None, status: int = 200, *, secret: str = "", problem: str = ""
) -> web.Response:
    chosen = visit.request.query.get("of", "")
    async with at_desk(visit, PART, readonly=True) as scope:
        scope.require(Action.WEBHOOK_EDIT)
        rows = await endpoints.every(scope)
        zone = ZoneInfo((await channels.read(scope))["time_zone"])
        log = [each for row in rows if str(row["id"]) == chosen for each in await _log(scope, row["id"])]
        at = desk(visit, scope, PART)
    view = HooksPage(
        desk=at, hooks=tuple(map(_row, rows)), events=endpoints.EVENTS, zone=zone, form=form or Form(), secret=secret,
        problem=problem, chosen=chosen, log=tuple(log),
    )  # fmt: skip
    return visit.show_tool("studio_webhooks.html", view, status=status)


async def _log(scope: Scope, endpoint_id: UUID) -> list[Sent]:
    """The newest of what was sent, each with its attempts."""
    found, broken = [], await deliveries.broken(scope)
    for row in await deliveries.page(scope, endpoint_id, limit=LOGGED):
        tries = tuple(
            Attempt(
                each["at"],
                each["took_ms"],
                each["status"],
                each["trouble"],
                each["request_head"],
                each["response_head"],
            )
            for each in await deliveries.attempts(scope, row["id"])
        )
        again = row["state"] != "waiting" or row["id"] in broken
        found.append(Sent(str(row["id"]), row["event"], row["state"], row["created_at"], tries, again=again))
    return found


def _row(row: Record) -> HookRow:
    values = {"name": row["name"], "url": row["url"]} | dict.fromkeys(row["events"], "on")
    facts = {name: row[name] for name in ("name", "url", "enabled", "trouble")}
    return HookRow(id=str(row["id"]), events=tuple(row["events"]), form=Form(values), **facts)
