"""Integrations in the studio: keys are made, shown once, and revoked."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from server.app import API_PREFIX
from server.forms import read_fields, refill, whole
from server.pages.landing import id_of
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit, origin_of
from server.web.views.frame import Form
from server.web.views.studio_integrations import IntegrationsPage, KeyGroup, KeyRow
from tenants.channels import channels
from tenants.errors import Invalid, Refusal
from tenants.keys import keys
from tenants.keys.scopes import KeyScope
from tenants.scope import Record

LONGEST_DAYS = 3650
SUBJECTS = {
    "community": "Rooms and messages",
    "courses": "Courses, batches and classes",
    "members": "Members",
    "certificates": "Certificates",
    "orders": "Orders",
    "webhooks": "Webhooks",
}


async def integrations_page(visit: Visit) -> web.Response:
    """GET …/integrations."""
    return await _show(visit)


async def make_key(visit: Visit) -> web.Response:
    """POST …/keys: the new key stands on this one answer and nowhere again."""
    fields = await read_fields(visit.request)
    try:
        days = whole(fields, "days")
        if days > LONGEST_DAYS:
            raise Invalid.field("/days", "range", f"A key lasts for at most {LONGEST_DAYS} days, or without an end.")
        ends = datetime.now(UTC) + timedelta(days=days) if days else None
        async with at_desk(visit, "integrations") as scope:
            wanted = [each for each in KeyScope if each in fields]
            _, made = await keys.make(scope, name=fields.get("name", ""), scopes=wanted, expires_at=ends)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return await _show(visit, status=201, made=made)


async def revoke_key(visit: Visit) -> web.Response:
    """POST …/keys/{id}/revoke."""
    async with at_desk(visit, "integrations") as scope:
        await keys.revoke(scope, id_of(visit, "id"))
    return back(visit, "/integrations", "key-revoked")


async def _show(visit: Visit, form: Form | None = None, status: int = 200, *, made: str = "") -> web.Response:
    async with at_desk(visit, "integrations", readonly=True) as scope:
        known = await keys.every(scope)
        zone = (await channels.read(scope))["time_zone"]
        at = desk(visit, scope, "integrations")
    view = IntegrationsPage(
        desk=at,
        keys=tuple(_row(row) for row in known),
        groups=tuple(KeyGroup(words, f"read:{name}", f"write:{name}") for name, words in SUBJECTS.items()),
        zone=ZoneInfo(zone),
        api=f"{origin_of(visit.request)}{API_PREFIX}/channels/{visit.slug}",
        made=made,
        form=form or Form({"days": "90"}),
    )
    return visit.show_tool("studio_integrations.html", view, status=status)


def _row(row: Record) -> KeyRow:
    ends = row["expires_at"]
    return KeyRow(
        id=str(row["id"]),
        name=row["name"],
        ending=row["ending"],
        maker=row["maker"],
        scopes=tuple(row["scopes"].split()),
        made_at=row["created_at"],
        expires_at=ends,
        used_at=row["used_at"],
        over=ends is not None and ends <= datetime.now(UTC),
    )
