"""Webhooks of live providers: known by their signature, taken in once, acted on at once, answered in milliseconds."""

from uuid import UUID

from aiohttp import web

from providers import live
from providers.live import (
    BODY_LIMIT,
    LiveEvent,
    ParticipantJoined,
    ParticipantLeft,
    RecordingFailed,
    RecordingReady,
    RoomEnded,
)
from server.bodies import read_body
from server.context import HOUSE, House
from server.limits import WEBHOOK, charge
from tenants import directory
from tenants.errors import NotFound
from tenants.ids import ChannelId
from tenants.live import attendance, classes, connections, inbox, recordings
from tenants.live.recordings import Announced
from tenants.permissions import acting_system
from tenants.scope import Scope
from tenants.sealing import Seals

MOST_EVENTS = 100


def routes() -> list[web.RouteDef]:
    """Where providers post to."""
    return [web.post("/webhooks/live/{connection}", receive)]


async def receive(request: web.Request) -> web.Response:
    """200 once stored, also for what was stored before; 401 for a bad signature, 400 malformed, 404 not of ours."""
    house = request.app[HOUSE]
    connection_id = _connection_in(request)
    channel_id = await directory.channel_of_connection(house.tenancy, connection_id)
    await charge(request, WEBHOOK, str(connection_id))
    raw = await read_body(request, BODY_LIMIT)
    for event in await _verified(house, channel_id, connection_id, request, raw):
        async with house.tenancy.scope(channel_id, acting_system("live webhook")) as scope:
            await take_in(scope, Seals(house.secret), connection_id, event)
    return web.json_response({"ok": True})


async def take_in(scope: Scope, seals: Seals, connection_id: UUID, event: LiveEvent) -> None:
    """Store an event of a class of this connection and act on it, once; NotFound for any other class."""
    await classes.of_connection(scope, connection_id, event.class_id)
    kind, facts = _described(event)
    new = await inbox.take_in(scope, connection_id, event.event_id, kind=kind, class_id=event.class_id, facts=facts)
    if new:
        await _act(scope, seals, event)


async def _act(scope: Scope, seals: Seals, event: LiveEvent) -> None:
    match event:
        case ParticipantJoined(class_id=held, participant=who, name=name, at=at):
            await attendance.note(scope, held, who, name, "joined", at)
        case ParticipantLeft(class_id=held, participant=who, name=name, at=at):
            await attendance.note(scope, held, who, name, "left", at)
        case RecordingReady(class_id=held, recording=key):
            told = Announced(key, event.url, event.content_type, event.size, event.started_at)
            await recordings.announce(scope, seals, held, told)
        case RecordingFailed(class_id=held, recording=key, reason=reason):
            await recordings.note_missing(scope, held, key, reason)
        case RoomEnded(class_id=held, at=at):
            await classes.end(scope, held, at)


def _described(event: LiveEvent) -> tuple[str, dict[str, str]]:
    """The event for those who look into the inbox: who and what, never the address of a recording."""
    match event:
        case ParticipantJoined(participant=who):
            return "participant.joined", {"participant": who}
        case ParticipantLeft(participant=who):
            return "participant.left", {"participant": who}
        case RecordingReady(recording=key):
            return "recording.ready", {"recording": key}
        case RecordingFailed(recording=key, reason=reason):
            return "recording.failed", {"recording": key, "reason": reason}
        case _:
            return "room.ended", {}


async def _verified(
    house: House, channel_id: ChannelId, connection_id: UUID, request: web.Request, raw: bytes
) -> list[LiveEvent]:
    async with house.tenancy.scope(channel_id, acting_system("live webhook"), readonly=True) as scope:
        provider, secret = await connections.credentials(scope, Seals(house.secret), connection_id)
    return live.choose(provider).verify_and_parse(request.headers, raw, secret)[:MOST_EVENTS]


def _connection_in(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["connection"])
    except ValueError:
        raise NotFound("There is no live connection at this address.") from None
