"""Live classes in the studio: planned, cancelled, recorded; and the connections to providers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from providers import live as live_providers
from server.forms import moment, named, read_fields, refill, whole
from server.pages.landing import id_of
from server.pages.studio import batches as studio_batches
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio_teaching import ClassesPage, ClassRow, Connection
from tenants import links
from tenants.channels import channels
from tenants.errors import Invalid, Refusal
from tenants.live import classes, connections, recordings
from tenants.scope import Record, Scope
from tenants.sealing import Seals

PROVIDER = "generic"
LONGEST_MINUTES = 720
STATES = {"scheduled": "Planned", "cancelled": "Cancelled", "ended": "Over"}


async def classes_page(visit: Visit) -> web.Response:
    """GET …/classes."""
    return await _show(visit)


async def plan(visit: Visit) -> web.Response:
    """POST …/classes: `batch`, `title`, `starts_at` (in the channel's zone), `minutes`, `link`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "classes") as scope:
            await _add(scope, fields)
    except Refusal as refusal:
        form = refill(refusal, fields, url="link", ends_at="minutes", time_zone="starts_at")
        return await _show(visit, form, refusal.status)
    return back(visit, "/classes", "planned")


async def cancel(visit: Visit) -> web.Response:
    """POST …/classes/{id}/cancel."""
    async with at_desk(visit, "classes") as scope:
        row = await classes.read(scope, id_of(visit, "id"))
        await classes.edit(scope, row["id"], row["version"], {"state": "cancelled"})
    return back(visit, "/classes", "cancelled")


async def retry(visit: Visit) -> web.Response:
    """POST …/recordings/{id}/retry: fetch a failed recording once more."""
    try:
        async with at_desk(visit, "classes") as scope:
            await recordings.retry(scope, id_of(visit, "id"))
    except Refusal as refusal:
        return await _show(visit, refill(refusal, {}), refusal.status)
    return back(visit, "/classes", "retried")


async def connect(visit: Visit) -> web.Response:
    """POST …/connections: a new connection; its secret stands on this one answer and nowhere again."""
    secret = live_providers.choose(PROVIDER).make_secret()
    try:
        async with at_desk(visit, "classes") as scope:
            seals = Seals(visit.house.secret)
            made = await connections.add(scope, seals, name="Generic provider", provider=PROVIDER, secret=secret)
    except Refusal as refusal:
        return await _show(visit, refill(refusal, {}), refusal.status)
    return await _show(visit, secrets={made["id"]: secret}, status=201)


async def _add(scope: Scope, fields: Mapping[str, str]) -> None:
    zone = (await channels.read(scope))["time_zone"]
    batch_id, minutes = named(fields, "batch"), whole(fields, "minutes", 60)
    if batch_id is None:
        raise Invalid.field("/batch", "required", "Choose the batch of this class.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise Invalid.field("/minutes", "range", f"A class lasts from 1 to {LONGEST_MINUTES} minutes.")
    begins = moment(fields, "starts_at", ZoneInfo(zone))
    connected = await connections.every(scope)
    given: dict[str, Any] = {
        "title": fields.get("title", ""),
        "starts_at": begins,
        "ends_at": begins + timedelta(minutes=minutes),
        "time_zone": zone,
        "url": fields.get("link", "").strip() or None,
        "connection_id": connected[-1]["id"] if connected else None,
    }
    await classes.add(scope, batch_id, given)


async def _show(
    visit: Visit, form: Form | None = None, status: int = 200, *, secrets: Mapping[UUID, str] | None = None
) -> web.Response:
    async with at_desk(visit, "classes", readonly=True) as scope:
        pairs = await studio_batches.every(scope)
        held = [one for batch, _ in pairs for one in await classes.of_batch(scope, batch["id"])]
        kept = {row["class_id"]: row for row in await recordings.page(scope, limit=100)}
        known = await connections.every(scope)
        zone = (await channels.read(scope))["time_zone"]
        at = desk(visit, scope, "classes")
    held.sort(key=lambda one: one["starts_at"], reverse=True)
    base, told = visit.house.base_url, secrets or {}
    view = ClassesPage(
        desk=at,
        classes=tuple(_row(one, kept.get(one["id"])) for one in held),
        connections=tuple(_connection(row, base, told.get(row["id"], "")) for row in known),
        batches=tuple((str(batch["id"]), f"{batch['name']}, {course['title']}") for batch, course in pairs),
        zone=ZoneInfo(zone),
        form=form or Form({"minutes": "90"}),
    )
    return visit.show_tool("studio_classes.html", view, status=status)


def _row(one: Record, recording: Record | None) -> ClassRow:
    shown = {
        "id": str(one["id"]),
        "title": one["title"],
        "batch": one["batch_name"],
        "starts_at": one["starts_at"],
        "can_cancel": one["state"] == "scheduled" and recording is None,
        "key": str(one["id"]) if one["connection_id"] else "",
    }
    if recording is None:
        return ClassRow(**shown, state=STATES[one["state"]], tone="warn" if one["state"] == "cancelled" else "")
    failed, ready = recording["state"] == "failed", recording["state"] == "ready"
    words = "Its recording is a lesson" if ready else "Its recording is being fetched"
    return ClassRow(
        **shown,
        state=f"Recording failed: {recording['reason']}" if failed else words,
        tone="bad" if failed else "good" if ready else "warn",
        can_retry=failed,
        recording=str(recording["id"]),
    )


def _connection(row: Record, base_url: str, secret: str) -> Connection:
    url = links.absolute(base_url, links.live_webhook(row["id"]))
    return Connection(str(row["id"]), row["name"], url, row["created_at"], secret)
