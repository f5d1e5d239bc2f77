"""Settings in the studio: the channel's name, words, time zone, colour and logo."""

from typing import Any

from aiohttp import web

from server.forms import named, read_fields, refill
from server.pages.home import FIRST_COLOUR
from server.pages.studio.batches import zones
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit, origin_of
from server.web.views.frame import Form
from server.web.views.studio import SettingsPage
from tenants import links
from tenants.channels import channels
from tenants.errors import Refusal
from tenants.files import files
from tenants.scope import Record

TOGGLES = ("link_previews",)
WORDS = ("name", "tagline", "about", "time_zone")


async def settings_page(visit: Visit) -> web.Response:
    """GET …/settings."""
    return await _show(visit)


async def save_settings(visit: Visit) -> web.Response:
    """POST …/settings: `name`, `tagline`, `about`, `time_zone`, `colour`, `logo` (the id of a finished upload).

    With `toggles`, `link_previews` where it is ticked.
    """
    fields = await read_fields(visit.request)
    try:
        changes: dict[str, Any] = {name: fields[name] for name in WORDS if name in fields}
        if "toggles" in fields:
            changes |= {name: name in fields for name in TOGGLES}
        brand: dict[str, Any] = {"colour": fields["colour"]} if fields.get("colour") else {}
        async with at_desk(visit, "settings") as scope:
            if logo := named(fields, "logo"):
                brand["logo"] = (await files.ready(scope, logo, ("logo",), "/logo"))["id"]
            await channels.edit(scope, changes | ({"brand": brand} if brand else {}))
    except Refusal as refusal:
        return await _show(visit, refill(refusal, fields), refusal.status)
    return back(visit, "/settings", "saved")


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    async with at_desk(visit, "settings", readonly=True) as scope:
        channel = await channels.read(scope)
        at = desk(visit, scope, "settings")
    logo = channel["brand"].get("logo")
    view = SettingsPage(
        desk=at,
        address=origin_of(visit.request) + links.channel(visit.slug),
        logo=links.file(visit.slug, logo) if logo else None,
        zones=zones(),
        link_previews=channel["link_previews"],
        form=form or _kept(channel),
    )
    return visit.show_tool("studio_settings.html", view, status=status)


def _kept(channel: Record) -> Form:
    kept = {name: channel[name] for name in WORDS}
    return Form(kept | {"colour": channel["brand"].get("colour", FIRST_COLOUR)})
