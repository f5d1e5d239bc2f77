"""A thread's page: a message and the replies to it, readable and answered without scripts."""

from dataclasses import replace
from uuid import UUID

from aiohttp import web

from server.forms import read_fields, refill
from server.pages.community import answer, gather, room_of, say
from server.pages.room_view import RoomFacts
from server.pages.visits import Visit, see
from server.web.views.frame import Form
from tenants import links
from tenants.community import messages, threads
from tenants.errors import NotFound, Refusal
from tenants.scope import Record, Scope

MOST = 100


async def thread_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/{room}/t/{seq}: a message and the newest replies to it, read from then on."""
    return await _show(visit)


async def reply(visit: Visit) -> web.Response:
    """POST /c/{slug}/community/{room}/t/{seq}: `body`, `client_id`; sent twice, it counts once."""
    fields = await read_fields(visit.request)
    try:
        async with visit.enter(readonly=True) as scope:
            root = await _root(visit, scope, await room_of(visit, scope))
        posted = await say(visit, fields, UUID(root["id"]))
    except NotFound:
        raise
    except Refusal as refusal:
        form = refill(refusal, fields)
        return await _show(visit, replace(form, problem=form.complaint), refusal.status)
    return see(f"{links.thread(visit.slug, visit.path['room'], root['seq'])}#m-{posted.seq}")


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    async with visit.enter(readonly=False) as scope:
        facts = await _read(visit, scope)
    return answer(visit, facts, form, status)


async def _read(visit: Visit, scope: Scope) -> RoomFacts:
    room = await room_of(visit, scope)
    root = await _root(visit, scope, room)
    thread = await threads.read(scope, UUID(root["id"]), limit=MOST)
    if thread.standing.following and thread.replies:
        await threads.mark_read(scope, UUID(root["id"]), thread.replies[-1]["seq"])
    return replace(await gather(visit, scope, room, [root, *thread.replies]), root=root)


async def _root(visit: Visit, scope: Scope, room: Record) -> Record:
    asked = visit.path["seq"]
    seq = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 15 else 0
    found = await messages.page_of_seen(scope, room["id"], after=seq - 1, limit=1)
    if not found or found[0]["seq"] != seq:
        raise NotFound("There is no such message here.", "no_such_message")
    return found[0]
