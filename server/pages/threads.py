"""A thread's page, readable and answered without scripts, and the page of those that the reader follows."""

from dataclasses import replace
from uuid import UUID

from aiohttp import web

from server.api.threads import CURSOR
from server.forms import read_fields, refill
from server.pages.community import answer, gather, number, room_of, say
from server.pages.room_view import RoomFacts
from server.pages.visits import Visit, see
from server.web.views.frame import Form, PersonMark
from server.web.views.threads import ThreadRow, ThreadsPage
from tenants import links
from tenants.community import direct, messages, threads
from tenants.errors import NotFound, Refusal
from tenants.members import zones
from tenants.scope import Record, Scope

MOST = 100
PAGE = 30


async def thread_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/{room}/t/{seq}: a message and the newest replies to it, read from then on."""
    return await _show(visit)


async def reply(visit: Visit) -> web.Response:
    """POST /c/{slug}/community/{room}/t/{seq}: `body`, `client_id`; sent twice, it counts once."""
    fields = await read_fields(visit.request)
    try:
        async with visit.enter(readonly=True) as scope:
            root = await message_at(visit, scope, await room_of(visit, scope))
        posted = await say(visit, fields, UUID(root["id"]))
    except NotFound:
        raise
    except Refusal as refusal:
        form = refill(refusal, fields)
        return await _show(visit, replace(form, problem=form.complaint), refusal.status)
    return see(f"{links.thread(visit.slug, visit.path['room'], root['seq'])}#m-{posted.seq}")


async def follow(visit: Visit) -> web.Response:
    """POST /c/{slug}/community/{room}/t/{seq}/follow: follows the thread with `on`, and without it no more."""
    fields = await read_fields(visit.request)
    async with visit.enter() as scope:
        root = await message_at(visit, scope, await room_of(visit, scope))
        await threads.follow(scope, UUID(root["id"]), on="on" in fields)
    return see(links.thread(visit.slug, visit.path["room"], root["seq"]))


async def threads_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/threads: those with the latest reply first; with `?after=` others."""
    after = CURSOR.read(visit.request.query.get("after"))
    async with visit.enter(readonly=True) as scope:
        found = await threads.followed(scope, before=after, limit=PAGE + 1)
        places = {str(room["id"]): room for room in await direct.readable(scope)}
        zone = await zones.own(scope)
    shown, here = found[:PAGE], links.threads(visit.slug)
    older = CURSOR.write((shown[-1]["thread_last_at"], UUID(shown[-1]["id"]))) if len(found) > PAGE else ""
    view = ThreadsPage(
        rows=tuple(_row(visit.slug, row, places[row["room"]]) for row in shown),
        zone=zone,
        back_url=f"{links.channel(visit.slug)}/community",
        older_url=f"{here}?after={older}" if older else "",
    )
    return visit.show("threads.html", view)


def _row(slug: str, row: Record, room: Record) -> ThreadRow:
    return ThreadRow(
        id=str(row["id"]),
        room_id=str(room["id"]),
        author=PersonMark(
            row["author_id"], row["author_name"], row["author_avatar"], program=row["author_role"] is None
        ),
        html=row["html"],
        url=links.thread(slug, room["slug"], row["seq"]),
        room=room["name"],
        replies=row["thread_count"],
        last_at=row["thread_last_at"],
        unread=row["unread"],
        gone=row["deleted_at"] is not None or row["hidden_at"] is not None,
    )


async def _show(visit: Visit, form: Form | None = None, status: int = 200) -> web.Response:
    async with visit.enter(readonly=False) as scope:
        facts = await _read(visit, scope)
    return answer(visit, facts, form, status)


async def _read(visit: Visit, scope: Scope) -> RoomFacts:
    room = await room_of(visit, scope)
    root = await message_at(visit, scope, room)
    before = number(visit, "before")
    thread = await threads.read(scope, UUID(root["id"]), before=before, limit=MOST + 1)
    replies = thread.replies[-MOST:]
    if thread.standing.following and replies:
        await threads.mark_read(scope, UUID(root["id"]), replies[-1]["seq"])
    facts = await gather(visit, scope, room, [root, *replies], root)
    more = replies[0]["seq"] if len(thread.replies) > MOST else 0
    facts = replace(facts, follows=thread.standing.following, read_seq=thread.standing.last_seq)
    return replace(facts, more=more, earlier=before is not None)


async def message_at(visit: Visit, scope: Scope, room: Record) -> Record:
    """The message of a room that the path names by its `seq`; NotFound for none."""
    asked = visit.path["seq"]
    seq = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 15 else 0
    found = await messages.page_of_seen(scope, room["id"], after=seq - 1, limit=1)
    if not found or found[0]["seq"] != seq:
        raise NotFound("There is no such message here.", "no_such_message")
    return found[0]
