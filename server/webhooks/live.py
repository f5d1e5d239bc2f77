"""Webhooks of live providers: known by their signature, taken in once, acted on at once, answered in milliseconds."""

from contextlib import nullcontext, suppress
from uuid import UUID

from aiohttp import web

from providers import live
from providers.live import (
    BODY_LIMIT,
    Attended,
    LiveEvent,
    ParticipantJoined,
    ParticipantLeft,
    RecordingFailed,
    RecordingHint,
    RecordingReady,
    RoomEnded,
)
from server.bodies import read_body
from server.context import HOUSE
from server.limits import WEBHOOK, charge
from tenants import directory
from tenants.errors import NotFound
from tenants.live import attendance, classes, connections, inbox, recordings, rooms
from tenants.live.attendance import Mark
from tenants.live.recordings import Announced
from tenants.permissions import acting_system
from tenants.scope import Scope
from tenants.sealing import Seals

MOST_EVENTS = 100


def routes() -> list[web.RouteDef]:
    """Where providers post to; some tell by a GET."""
    return [
        web.post("/webhooks/live/{connection}", receive),
        web.get("/webhooks/live/{connection}", receive, allow_head=False),
    ]


async def receive(request: web.Request) -> web.Response:
    """200 once stored, also for what was stored before; 401 for a bad signature, 400 malformed, 404 not of ours."""
    house = request.app[HOUSE]
    connection_id = _connection_in(request)
    channel_id = await directory.channel_of_connection(house.tenancy, connection_id)
    await charge(request, WEBHOOK, str(connection_id))
    raw = await read_body(request, BODY_LIMIT)
    async with house.tenancy.scope(channel_id, acting_system("live webhook"), readonly=True) as scope:
        kind, secret = await connections.credentials(scope, Seals(house.secret), connection_id)
    provider, headers = live.choose(kind), {**request.headers, ":path": request.path_qs}
    if (greeting := provider.greeting(headers, raw, secret)) is not None:
        return web.json_response(greeting)
    for event in provider.verify_and_parse(headers, raw, secret)[:MOST_EVENTS]:
        # A server that many share tells all of them of every room.
        with suppress(NotFound) if provider.abilities.creates_rooms else nullcontext():
            async with house.tenancy.scope(channel_id, acting_system("live webhook")) as scope:
                await take_in(scope, Seals(house.secret), connection_id, event)
    return web.json_response({"ok": True})


async def take_in(scope: Scope, seals: Seals, connection_id: UUID, event: LiveEvent) -> None:
    """Store an event of a class of this connection and act on it, once; NotFound for any other class."""
    class_id = event.class_id
    if isinstance(class_id, str):
        class_id = await rooms.class_of(scope, connection_id, class_id)
    await classes.of_connection(scope, connection_id, class_id)
    kind, facts = _described(event)
    if await inbox.take_in(scope, connection_id, event.event_id, kind=kind, class_id=class_id, facts=facts):
        await _act(scope, seals, event, class_id)


async def _act(scope: Scope, seals: Seals, event: LiveEvent, held: UUID) -> None:
    """What is quick is done in the same transaction; what must be asked for is left to a worker."""
    match event:
        case ParticipantJoined(participant=who, name=name, at=at):
            await attendance.note(scope, held, [(who, name, Mark(at, "joined"))])
        case ParticipantLeft(participant=who, name=name, at=at):
            await attendance.note(scope, held, [(who, name, Mark(at, "left"))])
        case Attended(marks=marks):
            await attendance.note(scope, held, [(who, name, Mark(at, kind)) for who, name, kind, at in marks])
        case RecordingReady(recording=key):
            told = Announced(key, event.url, event.content_type, event.size, event.started_at, event.token)
            await recordings.announce(scope, seals, held, told)
        case RecordingFailed(recording=key, reason=reason):
            await recordings.note_missing(scope, held, key, reason)
        case RecordingHint():
            rooms.look_now(scope, held)
        case RoomEnded(at=at):
            await classes.end(scope, held, at)


def _described(event: LiveEvent) -> tuple[str, dict[str, str]]:
    """The event for those who look into the inbox: who and what, never the address of a recording."""
    match event:
        case ParticipantJoined(participant=who) | ParticipantLeft(participant=who):
            facts = {"participant": who}
        case Attended(marks=marks):
            facts = {"marks": str(len(marks))}
        case RecordingReady(recording=key):
            facts = {"recording": key}
        case RecordingFailed(recording=key, reason=reason):
            facts = {"recording": key, "reason": reason}
        case _:
            facts = {}
    return _KINDS[type(event)], facts


_KINDS: dict[type[LiveEvent], str] = {
    ParticipantJoined: "participant.joined",
    ParticipantLeft: "participant.left",
    Attended: "participants.attended",
    RecordingReady: "recording.ready",
    RecordingFailed: "recording.failed",
    RecordingHint: "recording.hint",
    RoomEnded: "room.ended",
}


def _connection_in(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["connection"])
    except ValueError:
        raise NotFound("There is no live connection at this address.") from None
