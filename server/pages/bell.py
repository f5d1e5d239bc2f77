"""The bell's page: what one was told in a channel, newest first, and a button that marks it as read."""

from aiohttp import web

from server.api.bell import CURSOR
from server.forms import named, read_fields
from server.pages.visits import Visit, see
from server.web.views.bell import BellPage, NoticeRow
from server.web.views.buying import WORDS
from tenants import links
from tenants.community import bell
from tenants.community.bell import Told
from tenants.languages import isolated
from tenants.members import zones

PAGE = 30
SIGNS = {
    "certificate": "award", "recording": "clapperboard", "order": "receipt", "mention": "at-sign",
    "reply": "message-square", "raid": "shield-alert", "direct": "message-square", "webhook": "webhook",
    "decision": "shield-alert",
}  # fmt: skip
SAID = {
    "certificate": "Your certificate is ready",
    "recording": "A recording can be watched",
    "order": "Your order",
    "mention": "%(by)s mentioned you in %(room)s",
    "direct": "Direct message",
    "reply": "%(by)s replied in a thread you follow, in %(room)s",
    "raid": "Raid mode",
    "webhook": "A webhook",
    "decision": "Moderation",
}


async def show(visit: Visit) -> web.Response:
    """GET /c/{slug}/notices: with `?after=` older ones."""
    after = CURSOR.read(visit.request.query.get("after"))
    async with visit.enter(readonly=True) as scope:
        rows = await bell.page(scope, after=after, limit=PAGE + 1)
        zone = await zones.own(scope)
    shown, here = rows[:PAGE], links.notices(visit.slug)
    view = BellPage(
        notices=tuple(_row(row) for row in shown),
        zone=zone,
        read_url=f"{here}/read",
        upto=str(shown[0].id) if shown else "",
        choices_url=links.notice_choices(visit.slug),
        older_url=f"{here}?after={CURSOR.write(shown[-1].id)}" if len(rows) > PAGE else "",
    )
    return visit.show("notices.html", view)


async def read(visit: Visit) -> web.Response:
    """POST /c/{slug}/notices/read: `upto`."""
    fields = await read_fields(visit.request)
    async with visit.enter() as scope:
        if upto := named(fields, "upto"):
            await bell.mark_read(scope, upto)
    return see(links.notices(visit.slug), "read")


def _row(told: Told) -> NoticeRow:
    state = WORDS[told.state][0] if told.state else ""
    return NoticeRow(
        str(told.id), SIGNS[told.kind], SAID[told.kind], told.title, told.url, told.at, _is_new(told),
        by=isolated(told.by), room=isolated(told.room_name), times=told.times, counts=told.kind,
        gone=told.gone, state=state,
        room_id=str(told.room_id or ""), message_id=str(told.message_id or ""),
    )  # fmt: skip


def _is_new(told: Told) -> bool:
    return not told.read and (not told.gone or told.times > 1)
