"""The community's pages: a room with its newest messages, readable and writable without scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from aiohttp import web

from realtime.roll import Change
from server.forms import read_fields, refill
from server.limits import POSTING, charge
from server.pages.asking import asked_by
from server.pages.places_view import MOST_TALKS, Beside, by_section, conversations
from server.pages.room_view import PAGE, RoomFacts, room_view, why_silent
from server.pages.visits import PRIVATE, Visit, html, public_policy, see
from server.sockets import WIRE
from server.web.views.frame import Form, PersonMark
from server.web.views.room import PlacesPage
from tenants import links
from tenants.community import (
    audience,
    blocks,
    direct,
    direct_rules,
    drafts,
    messages,
    pins,
    places,
    reactions,
    reads,
    room_settings,
    rooms,
    sanctions,
    screening,
    threads,
    unsent,
    voting,
    withheld,
)
from tenants.community.unsent import Place
from tenants.errors import NotFound, Refusal, SignInNeeded
from tenants.ids import ChannelId, MemberId, RoomId
from tenants.members import raids, zones
from tenants.permissions import Action, why
from tenants.scope import Record, Scope

NOBODY = Change("", 0, 0)
NEAR_THE_END = 150


async def community(visit: Visit) -> web.Response:
    """GET /c/{slug}/community: on to the first room that the reader sees."""
    async with visit.enter() as scope:
        seen, opens = await rooms.seen(scope), why(scope.actor, Action.ROOM_EDIT).allowed
    seen = [room for room in seen if not room["left"]] or seen
    if not seen:
        if visit.signed_in is None:
            raise SignInNeeded()
        if opens:
            return see(links.studio(visit.slug, "/rooms"))
        raise NotFound("There is no room here yet that you may see.", "no_room")
    return see(links.room(visit.slug, seen[0]["slug"]))


async def room_page(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/{room}: the newest messages; others by `?before=`, `?after=`, `?at=` or `?on=` a day."""
    return await _show(visit)


async def places_beside(visit: Visit) -> web.Response:
    """GET /c/{slug}/community/{room}/places: the list beside this room alone, for a page on which it has changed."""
    async with visit.enter(readonly=True) as scope:
        room = await room_of(visit, scope)
        beside = Beside(visit.slug, room["id"], await unsent.rooms_of_mine(scope))
        groups, silent = by_section(beside, await rooms.seen(scope)), ""
        if scope.actor.member_id is not None and scope.actor.banned is None:
            talk = await direct.find(scope, room["id"]) if room["kind"] == rooms.DIRECT else None
            talks, asking = await direct.page(scope, limit=MOST_TALKS), await direct.asking(scope)
            groups, silent = (*groups, conversations(beside, talks, asking, talk)), why_silent(scope.actor, room)
    return visit.show("places.html", PlacesPage(groups, silent))


async def post(visit: Visit) -> web.Response:
    """POST /c/{slug}/community/{room}: `body`, `client_id`, perhaps a `poll`; sent twice, it counts once."""
    fields = await read_fields(visit.request)
    try:
        fields.require_fit()
        posted = await say(visit, fields)
    except Refusal as refusal:
        form = refill(refusal, fields)
        return await _show(visit, replace(form, problem=form.complaint), refusal.status)
    return see(f"{links.room(visit.slug, visit.path['room'])}#m-{posted.seq}")


async def hold(visit: Visit) -> web.Response:
    """POST /c/{slug}/community/{room}/me: `level`, and `muted`, `favourite`, `left` where they are ticked."""
    fields = await read_fields(visit.request)
    ticked = {name: name in fields for name in ("muted", "favourite", "left")}
    async with visit.enter() as scope:
        room = await room_of(visit, scope)
        await room_settings.put(scope, room["id"], level=fields.get("level", "all"), **ticked)
    return see(links.room(visit.slug, room["slug"]))


async def say(visit: Visit, fields: Mapping[str, str], reply_to: UUID | None = None) -> messages.Posted:
    """Post what a form holds in the room of the path; raises the refusal of what cannot be posted."""
    await charge(visit.request, POSTING, str(visit.reader.person_id))
    client_id, body = _id(fields.get("client_id", "")), fields.get("body", "")
    draft = await drafts.prepare(client_id, body, reply_to, poll=asked_by(fields))
    async with visit.enter() as scope:
        room_id = (await room_of(visit, scope))["id"]
        posted = await messages.post(scope, room_id, draft)
        if draft.poll is None:
            await unsent.sent(scope, Place(room_id, reply_to))
        return posted


async def show_talk(visit: Visit, room_id: UUID, form: Form, status: int) -> web.Response:
    """The page of a conversation again, with what is wrong beside the field of its settings."""
    return await _show(visit, form, status, room_id)


async def _show(visit: Visit, form: Form | None = None, status: int = 200, talk_id: UUID | None = None) -> web.Response:
    async with visit.enter(readonly=True) as scope:
        slug = (await direct.find(scope, talk_id))["slug"] if talk_id else ""
        room = await (rooms.find_by_slug(scope, slug) if slug else room_of(visit, scope))
        at, found = await _found(visit, scope, room)
        facts = replace(await gather(visit, scope, room, found), at=at)
    return answer(visit, facts, form, status)


def answer(visit: Visit, facts: RoomFacts, form: Form | None = None, status: int = 200) -> web.Response:
    """The page of a room, or of a thread in it, with the policy that lets its scripts in."""
    frame = visit.frame()
    if facts.actor.member_id is not None:
        # In a room a person is known as the member they are: their own messages carry that id.
        frame = replace(frame, reader=PersonMark(str(facts.actor.member_id), facts.actor.name))
    response = html(visit.pages.render("room.html", room_view(facts, form), frame), status, PRIVATE)
    response.headers["Content-Security-Policy"] = public_policy(visit.request, frame)
    return response


async def gather(
    visit: Visit, scope: Scope, room: Record, found: Sequence[Record], root: Record | None = None
) -> RoomFacts:  # fmt: skip
    """All that a page about these messages of a room, or of the thread that begins with `root`, shows."""
    member = scope.actor.member_id is not None and scope.actor.banned is None
    talk = await direct.find(scope, room["id"]) if room["kind"] == rooms.DIRECT else None
    members: Sequence[Any] = ()
    if member:
        members = await _talkers(scope, room["id"]) if talk else await audience.first(scope)
    here = await _here(visit, scope.channel_id, room["id"], [row["id"] for row in members]) if member else NOBODY
    return RoomFacts(
        slug=visit.slug,
        zone=await zones.own(scope),
        actor=scope.actor,
        room=room,
        rooms=await rooms.seen(scope),
        messages=found,
        own=await reactions.own(scope, [UUID(row["id"]) for row in found]),
        votes=await voting.own(scope, [UUID(row["id"]) for row in found if row["poll"] is not None]),
        members=members,
        here=here,
        own_room=await room_settings.mine(scope, room["id"]),
        read_seq=await reads.read_upto(scope, room["id"]),
        withheld=await _withheld(scope, found),
        silence=await screening.silenced(scope, room),
        raid=await raids.standing(scope) if sanctions.raided(room) else None,
        talks=await direct.page(scope, limit=MOST_TALKS) if member else (),
        asking=await direct.asking(scope) if member else 0,
        talk=talk,
        blocked=frozenset(str(row["id"]) for row in await blocks.mine(scope)) if member else frozenset(),
        pinned=await pins.count(scope, room["id"]),
        waiting=await threads.waiting(scope) if member else 0,
        draft=await unsent.of_page(scope, Place(room["id"], UUID(root["id"]) if root else None)),
        drafted=await unsent.rooms_of_mine(scope),
        root=root,
    )


async def _talkers(scope: Scope, room_id: UUID) -> list[dict[str, Any]]:
    """Those in a conversation, as `audience.first` has the members beside a room."""
    people = await direct_rules.insiders(scope, room_id)
    names = ("name", "role", "avatar")
    return [{"id": row["member_id"], "total": len(people)} | {name: row[name] for name in names} for row in people]


async def _found(visit: Visit, scope: Scope, room: Record) -> tuple[int | None, list[Record]]:
    """The seq that was sought, and the page that was asked for; the newest, where that would be empty.

    An earlier part goes on to the end of the talk where that is near: then one can write below it, and it is live.
    """
    room_id, before, after = UUID(str(room["id"])), number(visit, "before"), number(visit, "after")
    if (at := await _sought(visit, scope, room_id)) is not None:
        found = await places.around(scope, room_id, at, PAGE)
    else:
        found = await messages.page_of_seen(scope, room_id, before=before, after=after, limit=PAGE)
    if found and before is None and 0 < room["head_seq"] - found[-1]["seq"] <= NEAR_THE_END:
        found += await messages.page_of_seen(scope, room_id, after=found[-1]["seq"], limit=NEAR_THE_END)
    return at, found or await messages.page_of_seen(scope, room_id, limit=PAGE)


async def _withheld(scope: Scope, found: Sequence[Record]) -> dict[UUID, Record]:
    """What hidden messages say, for those who moderate, and of their own for their authors."""
    all_of_it, me = why(scope.actor, Action.MESSAGE_MODERATE).allowed, str(scope.actor.member_id)
    hidden = [row for row in found if row["hidden_at"] is not None]
    return await withheld.of(scope, [UUID(row["id"]) for row in hidden if all_of_it or row["author_id"] == me])


async def _here(visit: Visit, channel_id: ChannelId, room_id: RoomId, members: Sequence[MemberId]) -> Change:
    """Who is in a room; in a large one, of these members."""
    return await visit.request.app[WIRE].who_is_here(channel_id, room_id, members)


async def room_of(visit: Visit, scope: Scope) -> Record:
    """The room of the path; a visitor who sees none is asked to sign in, for it may be one of members."""
    try:
        return await rooms.find_by_slug(scope, visit.path["room"])
    except NotFound:
        if visit.signed_in is None:
            raise SignInNeeded() from None
        raise


async def _sought(visit: Visit, scope: Scope, room_id: UUID) -> int | None:
    """The seq that the page is asked to show: one of its own, or where a day begins."""
    try:
        day = date.fromisoformat(visit.request.query.get("on", ""))
    except ValueError:
        return number(visit, "at")
    return await places.day_begins(scope, room_id, day)


def number(visit: Visit, name: str) -> int | None:
    """A number that the address asks for; None for anything else."""
    asked = visit.request.query.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 15 else None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal(422, "client_id", "This form was not made by us. Reload the page and write again.") from None
