"""What reaches a member of a channel, by which way and when: one form, saved as a whole."""

from collections.abc import Mapping
from zoneinfo import available_timezones

from aiohttp import hdrs, web

from server.api.notice_choices import minutes_of, time_of
from server.forms import read_fields, refill, whole
from server.pages.visits import Visit, see
from server.web import csp
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
    return _page(visit, chosen.ways, _form(chosen))


async def save(visit: Visit) -> web.Response:
    """POST …/notices/settings: `bell.{kind}`, `mail.{kind}`, `push.{kind}` where ticked, and the fields of the form.

    Those are `every`, `hour`, `zone`, `begins`, `ends`.
    """
    fields = await read_fields(visit.request)
    try:
        async with visit.enter() as scope:
            await choices.put(scope, _chosen(fields))
    except Refusal as refusal:
        form = refill(refusal, fields, time_zone="zone", quiet="begins")
        async with visit.enter(readonly=True) as scope:
            ways = _ticked(fields) if fields else (await choices.read(scope)).ways
        return _page(visit, ways, form, refusal.status)
    return see(links.notice_choices(visit.slug), "saved")


def _ticked(fields: Mapping[str, str]) -> dict[str, Ways]:
    return {kind: Ways(*(f"{way}.{kind}" in fields for way in ("bell", "mail", "push"))) for kind in KINDS}


def _chosen(fields: Mapping[str, str]) -> Choices:
    begins, ends = (minutes_of(fields.get(name, "").strip() or None, f"/{name}") for name in ("begins", "ends"))
    hours = Hours(fields.get("zone", "UTC"), begins, ends)
    return Choices(_ticked(fields), Rhythm(fields.get("every", "off"), whole(fields, "hour", 8)), hours)


def _form(chosen: Choices) -> Form:
    values = {"every": chosen.digest.every, "hour": str(chosen.digest.hour), "zone": chosen.hours.time_zone}
    times = {"begins": time_of(chosen.hours.begins) or "", "ends": time_of(chosen.hours.ends) or ""}
    return Form(values | times)


def _page(visit: Visit, chosen: Mapping[str, Ways], form: Form, status: int = 200) -> web.Response:
    rows = tuple(
        ChoiceRow(kind, WORDS[kind], ways.bell, ways.mail, kind in MAILS, ways.push) for kind, ways in chosen.items()
    )
    zones = ("UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
    view = ChoicesPage(
        rows, form, tuple((zone, zone.replace("_", " ")) for zone in zones), links.notice_choices(visit.slug),
        links.notices(visit.slug), links.push_worker(visit.slug), f"/api/v1/channels/{visit.slug}/notices/push",
    )  # fmt: skip
    response = visit.show("notice_choices.html", view, status=status)
    policy = response.headers["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = csp.trusting(policy, "push-worker")
    return response


async def worker(visit: Visit) -> web.Response:
    """GET /c/{slug}/push.js: the service worker; it is here, and not among the scripts, for the sake of its scope."""
    await visit.at_channel()
    headers = {hdrs.CACHE_CONTROL: "no-cache", "X-Content-Type-Options": "nosniff"}
    return web.Response(
        body=visit.pages.assets.source("worker"), content_type="text/javascript", charset="utf-8", headers=headers
    )
