"""Live classes in the studio: planned, cancelled, recorded."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from server.forms import moment, named, read_fields, refill, whole
from server.pages.landing import id_of
from server.pages.studio import batches as studio_batches
from server.pages.studio import connections as studio_connections
from server.pages.studio.desk import at_desk, back, desk
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.studio_teaching import ClassesPage, ClassRow, Connection
from tenants import links
from tenants.channels import channels
from tenants.errors import Invalid, Refusal
from tenants.live import classes, connections, recordings, rooms
from tenants.scope import Record, Scope

LONGEST_MINUTES = 720
STATES = {"scheduled": "Planned", "cancelled": "Cancelled", "ended": "Over"}


async def classes_page(visit: Visit) -> web.Response:
    """GET …/classes."""
    return await show(visit)


async def plan(visit: Visit) -> web.Response:
    """POST …/classes: `batch`, `title`, `starts_at` (in the channel's zone), `minutes`, `connection`, `link`."""
    fields = await read_fields(visit.request)
    try:
        async with at_desk(visit, "classes") as scope:
            await _add(scope, fields)
    except Refusal as refusal:
        form = refill(refusal, fields, url="link", ends_at="minutes", time_zone="starts_at", connection_id="connection")
        return await show(visit, form, refusal.status)
    return back(visit, "/classes", "planned")


async def cancel(visit: Visit) -> web.Response:
    """POST …/classes/{id}/cancel."""
    async with at_desk(visit, "classes") as scope:
        row = await classes.read(scope, id_of(visit, "id"))
        await classes.edit(scope, row["id"], row["version"], {"state": "cancelled"})
        await rooms.follow(scope, row["id"])
    return back(visit, "/classes", "cancelled")


async def retry(visit: Visit) -> web.Response:
    """POST …/recordings/{id}/retry: fetch a failed recording once more."""
    try:
        async with at_desk(visit, "classes") as scope:
            await recordings.retry(scope, id_of(visit, "id"))
    except Refusal as refusal:
        return await show(visit, refill(refusal, {}), refusal.status)
    return back(visit, "/classes", "retried")


async def _add(scope: Scope, fields: Mapping[str, str]) -> None:
    zone = (await channels.read(scope))["time_zone"]
    batch_id, minutes = named(fields, "batch"), whole(fields, "minutes", 60)
    if batch_id is None:
        raise Invalid.field("/batch", "required", "Choose the batch of this class.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise Invalid.field("/minutes", "range", f"A class lasts from 1 to {LONGEST_MINUTES} minutes.")
    begins = moment(fields, "starts_at", ZoneInfo(zone))
    given: dict[str, Any] = {
        "title": fields.get("title", ""),
        "starts_at": begins,
        "ends_at": begins + timedelta(minutes=minutes),
        "time_zone": zone,
        "url": fields.get("link", "").strip() or None,
        "connection_id": await _connection_named(scope, fields),
    }
    await classes.add(scope, batch_id, given)


async def _connection_named(scope: Scope, fields: Mapping[str, str]) -> UUID | None:
    """The connection that was chosen; the newest one for a form that does not ask."""
    if "connection" not in fields:
        connected = await connections.every(scope)
        return connected[-1]["id"] if connected else None
    return None if fields["connection"] == "none" else named(fields, "connection")


async def show(
    visit: Visit,
    form: Form | None = None,
    status: int = 200,
    *,
    kind: str = "",
    kind_form: Form | None = None,
    **about: Any,
) -> web.Response:
    """The page; `kind_form` is the form of a connection of `kind`, come back.

    `about` one connection: `made` or `checked` is its id, `secret` is shown this once, `said` and `ok` are a check's.
    """
    async with at_desk(visit, "classes", readonly=True) as scope:
        pairs = await studio_batches.every(scope)
        held = [one for batch, _ in pairs for one in await classes.of_batch(scope, batch["id"])]
        kept = {row["class_id"]: row for row in await recordings.page(scope, limit=100)}
        known, problems = await connections.every(scope), await rooms.problems(scope)
        zone = (await channels.read(scope))["time_zone"]
        at = desk(visit, scope, "classes")
    held.sort(key=lambda one: one["starts_at"], reverse=True)
    view = ClassesPage(
        desk=at,
        classes=tuple(_row(one, kept.get(one["id"]), problems.get(one["id"], "")) for one in held),
        connections=tuple(_connection(row, visit.house.base_url, about) for row in known),
        batches=tuple((str(batch["id"]), f"{batch['name']}, {course['title']}") for batch, course in pairs),
        zone=ZoneInfo(zone),
        form=form or Form({"minutes": "90"}),
        kinds=studio_connections.kinds(kind, kind_form or Form()),
        meets_at=studio_connections.meets_at(known),
    )
    return visit.show_tool("studio_classes.html", view, status=status)


def _row(one: Record, recording: Record | None, problem: str) -> ClassRow:
    shown = {
        "id": str(one["id"]),
        "title": one["title"],
        "batch": one["batch_name"],
        "starts_at": one["starts_at"],
        "can_cancel": one["state"] == "scheduled" and recording is None,
        "key": str(one["id"]) if one["connection_id"] else "",
        "problem": problem,
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


def _connection(row: Record, base_url: str, about: Mapping[str, Any]) -> Connection:
    url = "" if row["provider"] == "link" else links.absolute(base_url, links.live_webhook(row["id"]))
    made, checked = about.get("made") == row["id"], about.get("checked") == row["id"]
    return Connection(
        id=str(row["id"]),
        provider=studio_connections.LABELS[row["provider"]][0],
        url=url,
        made_at=row["created_at"],
        secret=about.get("secret", "") if made else "",
        name=row["name"],
        made=made,
        said=about.get("said", "") if checked else "",
        ok=about.get("ok", True),
    )
