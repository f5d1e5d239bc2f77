"""Weekly reports in the studio: what moderators did, what filters caught, and how it went."""

from datetime import timedelta
from typing import Any

from aiohttp import web

from server.pages.studio.desk import at_desk, desk
from server.pages.visits import Visit
from server.web.views.reports import CatchLine, Count, ReportsPage, ReportView
from tenants import links
from tenants.community import rooms
from tenants.moderation import reports
from tenants.scope import Record

MOST = 26


async def reports_page(visit: Visit) -> web.Response:
    """GET …/moderation/reports: half a year of them; the one of `?week=`, else the newest, whole."""
    asked = visit.request.query.get("week", "")
    async with at_desk(visit, "moderation", readonly=True) as scope:
        rows = await reports.page(scope, limit=MOST)
        seen = {str(room["id"]): room for room in await rooms.seen(scope, archived=True)}
        at = desk(visit, scope, "moderation")
    chosen = next((row for row in rows if str(row["week_on"]) == asked), rows[0] if rows else None)
    view = ReportsPage(
        desk=at,
        weeks=tuple(row["week_on"] for row in rows),
        report=_report(visit.slug, chosen, seen) if chosen else None,
    )
    return visit.show_tool("studio_reports.html", view)


def _report(slug: str, row: Record, seen: dict[str, Record]) -> ReportView:
    told: dict[str, Any] = row["figures"]
    cases, appeals = told["cases"], told["appeals"]
    places = [(seen[each["room"]], each["flags"]) for each in told["rooms"] if each["room"] in seen]
    return ReportView(
        since=row["week_on"],
        until=row["week_on"] + timedelta(days=6),
        opened=cases["opened"],
        decided=cases["decided"],
        waiting=cases["waiting"],
        median_seconds=cases["median_seconds"],
        appeals=(appeals["made"], appeals["upheld"], appeals["overturned"]),
        flags=tuple(Count(name, count) for name, count in told["flags"].items()),
        acts=tuple(Count(name, each["count"], each["undone"]) for name, each in told["acts"].items()),
        catches=tuple(CatchLine(each["name"], each["action"], each["count"]) for each in told["catches"]),
        rooms=tuple(Count(room["name"], count, url=links.room(slug, room["slug"])) for room, count in places),
    )
