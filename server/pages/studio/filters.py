"""Filters in the studio: made, tried on what was said, put in order; and the switch of raid mode."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from server.forms import read_fields, refill, whole
from server.limits import TRIALS, charge
from server.pages.landing import id_of
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.filters import CaughtRow, FilterRow, FiltersPage, TrialView
from server.web.views.frame import Form
from tenants import links
from tenants.channels import channels
from tenants.errors import Invalid, Refusal
from tenants.moderation import filter_editing, raid, trials
from tenants.scope import Record

HOME = "/moderation/filters"
LISTS, NUMBERS = ("words", "domains"), ("days", "messages", "per_hour", "links", "times", "minutes")
FIELDS = {
    "words": ("words",),
    "links": ("mode", "domains", "days", "messages"),
    "newcomers": ("days", "messages", "per_hour", "links"),
    "repeats": ("times", "minutes"),
}
NEW: dict[str, Form] = {
    "words": Form({"action": "hold"}),
    "links": Form({"action": "hold", "mode": "new", "days": "3", "messages": "5"}),
    "newcomers": Form({"action": "refuse", "days": "3", "messages": "5", "per_hour": "10", "links": "1"}),
    "repeats": Form({"action": "refuse", "times": "3", "minutes": "10"}),
}


async def filters_page(visit: Visit) -> web.Response:
    """GET …/moderation/filters."""
    return await _show(visit)


async def add_filter(visit: Visit) -> web.Response:
    """POST …/moderation/filters: the fields of a new filter; with `do` of `try` it is only tried."""
    fields = await read_fields(visit.request)
    kind = fields.get("kind", "")
    try:
        given = _given(fields)
        if fields.get("do") == "try":
            return await _show(visit, kind, Form(fields, focused=False), trial=await _tried(visit, given))
        async with at_desk(visit, "moderation") as scope:
            await filter_editing.add(scope, given)
    except Refusal as refusal:
        return await _show(visit, kind, refill(refusal, fields), refusal.status)
    return back(visit, HOME, "added")


async def save_filter(visit: Visit) -> web.Response:
    """POST …/moderation/filters/{id}: its fields, and `do`: `save`, `try`, `turn`, `up`, `down` or `delete`."""
    fields, filter_id = await read_fields(visit.request), id_of(visit, "id")
    do = fields.get("do", "save")
    try:
        if do == "try":
            tried = await _tried(visit, _given(fields))
            return await _show(visit, str(filter_id), Form(fields, focused=False), trial=tried)
        async with at_desk(visit, "moderation") as scope:
            before = await filter_editing.find(scope, filter_id)
            if do == "delete":
                await filter_editing.remove(scope, filter_id)
            else:
                await filter_editing.edit(scope, filter_id, _changes(do, before, fields))
    except Refusal as refusal:
        return await _show(visit, str(filter_id), refill(refusal, fields), refusal.status)
    return back(visit, HOME, "removed" if do == "delete" else "moved" if do in {"up", "down"} else "saved")


async def switch_raid(visit: Visit) -> web.Response:
    """POST …/moderation/raid: `minutes` that raid mode lasts from now; 0 ends it."""
    fields = await read_fields(visit.request)
    minutes = whole(fields, "minutes", raid.MINUTES)
    async with at_desk(visit, "moderation") as scope:
        if minutes:
            await raid.begin(scope, minutes)
        else:
            await raid.end(scope)
    return back(visit, "/moderation", "raid-on" if minutes else "raid-off")


def _changes(do: str, before: Record, fields: Mapping[str, str]) -> dict[str, Any]:
    if do == "turn":
        return {"enabled": not before["enabled"]}
    if do in {"up", "down"}:
        return {"position": max(0, before["position"] + (1 if do == "down" else -1))}
    return _given(fields)


def _given(fields: Mapping[str, str]) -> dict[str, Any]:
    kind = fields.get("kind", "")
    if kind not in FIELDS:
        raise Invalid("Choose what the filter looks for.", "no_kind")
    rule: dict[str, Any] = {}
    for name in FIELDS[kind]:
        if name in LISTS:
            rule[name] = [each.strip() for each in re.split(r"[\n,]", fields.get(name, "")) if each.strip()]
        elif name in NUMBERS:
            rule[name] = whole(fields, name) if fields.get(name, "").strip() else None
        else:
            rule[name] = fields.get(name, "")
    return {
        "name": fields.get("name", ""),
        "kind": kind,
        "rule": rule,
        "action": fields.get("action", ""),
        "enabled": "enabled" in fields,
        "exempt_days": whole(fields, "exempt_days") if fields.get("exempt_days", "").strip() else None,
        "exempt_enrolled": "exempt_enrolled" in fields,
    }


async def _tried(visit: Visit, given: Mapping[str, Any]) -> TrialView:
    await charge(visit.request, TRIALS, str(visit.reader.person_id))
    async with at_desk(visit, "moderation", readonly=True) as scope:
        zone = ZoneInfo((await channels.read(scope))["time_zone"])
        found = await trials.run(scope, given)
    since, counted = found.since.astimezone(zone).date(), dict(found.days)
    sample = tuple(
        CaughtRow(
            each.author, each.room["name"], links.message(visit.slug, each.room["slug"], each.seq), each.at, each.html
        )
        for each in found.sample
    )
    daily = tuple(counted.get(since + timedelta(days=day), 0) for day in range(trials.SINCE.days + 1))
    return TrialView(given["name"], found.caught, found.looked_at, since, daily, sample, found.complete)


async def _show(
    visit: Visit, opened: str = "", form: Form | None = None, status: int = 200, *, trial: TrialView | None = None
) -> web.Response:
    """The page; `opened` is the kind of a new filter, or the id of one, whose `form` came back."""
    async with at_desk(visit, "moderation", readonly=True) as scope:
        rows = await filter_editing.every(scope)
        zone = ZoneInfo((await channels.read(scope))["time_zone"])
        at = desk(visit, scope, "moderation")
    view = FiltersPage(
        desk=at,
        filters=tuple(_row(row, form if form and opened == str(row["id"]) else None) for row in rows),
        forms=NEW | ({opened: form} if form and opened in NEW else {}),
        zone=zone,
        opened=opened,
        problem=form.complaint if form else "",
        trial=trial,
    )
    return visit.show_tool("studio_filters.html", view, status=status)


def _row(row: Record, form: Form | None) -> FilterRow:
    rule = row["rule"]
    values = {name: "\n".join(rule[name]) for name in LISTS if name in rule}
    values |= {name: str(rule[name]) for name in (*NUMBERS, "mode") if name in rule}
    values |= {name: "on" for name in ("enabled", "exempt_enrolled") if row[name]}
    values |= {"name": row["name"], "action": row["action"], "exempt_days": _text(row["exempt_days"])}
    return FilterRow(
        id=str(row["id"]),
        name=row["name"],
        kind=row["kind"],
        action=row["action"],
        enabled=row["enabled"],
        caught=row["caught"],
        form=form or Form(values),
        open=form is not None,
    )


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
