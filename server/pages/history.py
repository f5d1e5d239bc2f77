"""The earlier words of a message, for its author and for moderators: a page without scripts."""

import asyncio
from datetime import datetime
from uuid import UUID

from aiohttp import web

from server.pages.community import room_of
from server.pages.threads import message_at
from server.pages.visits import Visit
from server.web.views.frame import PersonMark
from server.web.views.history import HistoryPage, story
from tenants import links
from tenants.community import history
from tenants.members import zones
from tenants.scope import Record


async def history_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/{room}/m/{seq}/history: the latest words first, each with what changed in them."""
    async with visit.enter(readonly=True) as scope:
        room = await room_of(visit, scope)
        message = await message_at(visit, scope, room)
        versions = await history.read(scope, UUID(message["id"]))
        written = [(row["written_at"], row["body"]) for row in versions] + _present(message)
        bodies = await history.spoken(scope, [body for _, body in written])
        zone = await zones.own(scope)
    times = [at for at, _ in written]
    view = HistoryPage(
        author=PersonMark(message["author_id"], message["author_name"], message["author_avatar"]),
        # A hundred long texts are compared: other requests need not wait for that.
        versions=await asyncio.to_thread(story, list(zip(times, bodies, strict=True))),
        zone=zone,
        room=room["name"],
        hidden=message["hidden_at"] is not None,
        back_url=links.message(visit.slug, room["slug"], message["seq"]),
    )
    return visit.show("history.html", view)


def _present(message: Record) -> list[tuple[datetime, str]]:
    """The words of now, where there are any: what is hidden has none."""
    return [] if message["hidden_at"] else [(message["edited_at"] or message["created_at"], message["body"])]
