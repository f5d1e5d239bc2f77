"""Decisions: what moderators of a channel decided about the reader, why, and the one appeal against each."""

from aiohttp import web

from server.forms import read_fields, refill
from server.pages.landing import id_of
from server.pages.studio.moderation_views import decision_view
from server.pages.visits import Visit, see
from server.web.views.frame import Form
from server.web.views.moderation import DecisionsPage
from tenants import links
from tenants.errors import Refusal, SignInNeeded
from tenants.moderation import appeals


async def decisions_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/decisions: also for one who is banned."""
    return await _show(visit)


async def appeal(visit: Visit) -> web.Response:
    """POST /c/{slug}/community/decisions/{act}: `words`."""
    fields = await read_fields(visit.request)
    act_id = id_of(visit, "act")
    try:
        async with visit.enter() as scope:
            await appeals.appeal(scope, act_id, fields.get("words", ""))
    except Refusal as refusal:
        return await _show(visit, str(act_id), refill(refusal, fields), refusal.status)
    return see(links.decisions(visit.slug), "appealed")


async def _show(visit: Visit, about: str = "", form: Form | None = None, status: int = 200) -> web.Response:
    if visit.signed_in is None:
        raise SignInNeeded()
    async with visit.enter(readonly=True) as scope:
        rows = await appeals.decisions(scope)
    decided = tuple(decision_view(row) for row in rows)
    view = DecisionsPage(links.decisions(visit.slug), decided, about, form or Form())
    return visit.show("decisions.html", view, status=status)
