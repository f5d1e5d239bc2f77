"""What reaches a member of a channel, by which way and when: one form, saved as a whole."""

from collections.abc import Mapping
from zoneinfo import available_timezones

from aiohttp import web

from server.api.notice_choices import minutes_of, time_of
from server.forms import read_fields, refill, whole
from server.pages.visits import Visit, see
from server.web.views.bell import ChoiceRow, ChoicesPage
from server.web.views.frame import Form
from tenants import links
from tenants.errors import Refusal
from tenants.members import choices
from tenants.members.choices import KINDS, MAILS, Choices, Ways
from tenants.members.digests import Rhythm
from tenants.people.quiet import Hours

WORDS = {
    "mention": "Somebody mentions you",
    "reply": "A reply in a thread you follow",
    "recording": "A recording can be watched",
    "certificate": "A certificate is ready",
    "order": "Your orders",
}


async def show(visit: Visit) -> web.Response:
    """GET /c/{slug}/notices/settings."""
    async with visit.enter(readonly=True) as scope:
        chosen = await choices.read(scope)
    return _page(visit, chosen, _form(chosen))


async def save(visit: Visit) -> web.Response:
    """POST …/notices/settings: `bell.{kind}`, `mail.{kind}` where ticked; `every`, `hour`, `zone`, `begins`, `ends`."""
    fields = await read_fields(visit.request)
    try:
        async with visit.enter() as scope:
            await choices.put(scope, _chosen(fields))
    except Refusal as refusal:
        form = refill(refusal, fields, time_zone="zone", quiet="begins")
        async with visit.enter(readonly=True) as scope:
            chosen = await choices.read(scope)
        return _page(visit, chosen, form, refusal.status)
    return see(links.notice_choices(visit.slug), "saved")


def _chosen(fields: Mapping[str, str]) -> Choices:
    ways = {kind: Ways(f"bell.{kind}" in fields, f"mail.{kind}" in fields) for kind in KINDS}
    begins, ends = (minutes_of(fields.get(name, "").strip() or None, f"/{name}") for name in ("begins", "ends"))
    hours = Hours(fields.get("zone", "UTC"), begins, ends)
    return Choices(ways, Rhythm(fields.get("every", "off"), whole(fields, "hour", 8)), hours)


def _form(chosen: Choices) -> Form:
    values = {"every": chosen.digest.every, "hour": str(chosen.digest.hour), "zone": chosen.hours.time_zone}
    times = {"begins": time_of(chosen.hours.begins) or "", "ends": time_of(chosen.hours.ends) or ""}
    return Form(values | times)


def _page(visit: Visit, chosen: Choices, form: Form, status: int = 200) -> web.Response:
    rows = tuple(
        ChoiceRow(kind, WORDS[kind], ways.bell, ways.mail, kind in MAILS) for kind, ways in chosen.ways.items()
    )
    zones = ("UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
    own = links.notice_choices(visit.slug)
    view = ChoicesPage(
        rows, form, tuple((zone, zone.replace("_", " ")) for zone in zones), own, links.notices(visit.slug)
    )
    return visit.show("notice_choices.html", view, status=status)
