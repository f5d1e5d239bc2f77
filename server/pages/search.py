"""Searching a channel from a page: one field, what was found, and the way to more."""

from zoneinfo import ZoneInfo

from aiohttp import web

from search import Place
from search import query as searching
from search.query import Found, Results
from server.api.search import PLACES, written
from server.forms import refill
from server.pages.room_view import written_by
from server.pages.visits import Visit
from server.web.views.frame import Form
from server.web.views.search import FoundRow, SearchPage
from tenants.errors import Forbidden, Refusal
from tenants.members import zones

PAGE = 20
SIGNS = {"course": "book-open", "lesson": "file-text", "message": "message-square"}


async def search(visit: Visit) -> web.Response:
    """GET /c/{slug}/search?q&after: what the reader may see, best first."""
    asked = visit.request.query.get("q", "")
    values = {"q": asked[: searching.LONGEST]}
    try:
        results, zone = await _search(visit, asked)
    except Forbidden:
        raise
    except Refusal as refusal:
        view = SearchPage(visit.request.path, refill(refusal, values))
        return visit.show("search.html", view, status=refusal.status)
    return visit.show("search.html", _view(visit, values, results, zone))


async def _search(visit: Visit, asked: str) -> tuple[Results, ZoneInfo]:
    async with visit.enter(readonly=True) as scope:
        place = PLACES.read(visit.request.query.get("after") or None)
        after = Place(*place) if place else None
        results = await searching.search(scope, visit.house.search, asked, None, PAGE, after)
        return results, await zones.own(scope)


def _view(visit: Visit, values: dict[str, str], results: Results, zone: ZoneInfo) -> SearchPage:
    return SearchPage(
        url=visit.request.path,
        form=Form(values),
        asked=values["q"].strip(),
        found=tuple(_row(each, visit.slug) for each in results.items),
        near=bool(results.items) and results.items[0].hit.near,
        after=written(results.next),
        degraded=results.degraded,
        zone=zone,
    )


def _row(found: Found, slug: str) -> FoundRow:
    author, at = (written_by(found.written), found.written["created_at"]) if found.written else (None, None)
    room_id = str(found.hit.parent_id) if found.hit.kind == "message" else ""
    return FoundRow(
        str(found.hit.id), SIGNS[found.hit.kind], found.title, found.url(slug), found.snippet, author, at, room_id
    )
