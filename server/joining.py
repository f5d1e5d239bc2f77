"""The way into a live class: by the class's own address, or by a link of one's own into a room made for it.

The provider is asked between two short transactions, never within one.
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from providers import ProviderDown
from providers import live as providers
from providers.live.hosting import Abilities, Hosting, Meeting, Part, Participant, Room
from server.context import AtChannel
from tenants import links
from tenants.errors import NotFound, Unavailable
from tenants.live import classes, connections, rooms
from tenants.live.classes import Door
from tenants.permissions import acting_system
from tenants.scope import Opening, Scope
from tenants.sealing import Seals

TRIES, PAUSE_SECONDS = 40, 0.25
NOBODYS_HOST = "participants.invalid"


@dataclass(frozen=True, slots=True)
class WayIn:
    """Where this member goes, and the name by which the provider should report them."""

    url: str
    participant: UUID


@dataclass(frozen=True, slots=True)
class Far:
    """The connection of a class, opened."""

    connection_id: UUID
    abilities: Abilities
    hosting: Hosting


async def enter(at: AtChannel, class_id: UUID) -> WayIn:
    """The caller's way in; raises as `classes.join`, and ProviderDown or ProviderRefused of the class's provider."""
    async with at.scope(readonly=True) as scope:
        door = await classes.join(scope, class_id)
        far = await _far(at, scope, door)
    return WayIn(await _url(at, door, far), door.participant)


async def _far(at: AtChannel, scope: Scope, door: Door) -> Far | None:
    """The class's connection; None when it has none, or it was closed."""
    if door.connection_id is None:
        return None
    try:
        kind, secret = await connections.credentials(scope, Seals(at.house.secret), door.connection_id)
    except NotFound:
        return None
    return Far(door.connection_id, providers.choose(kind).abilities, at.house.live.of(kind, secret))


async def _url(at: AtChannel, door: Door, far: Far | None) -> str:
    """A room of one's own comes before the class's address, which comes before the connection's one for all."""
    if far and far.abilities.creates_rooms:
        return await far.hosting.join_url(await _room(at, door, far), _participant(at, door))
    if door.url is not None:
        return door.url
    if far and far.abilities.joins:
        return await far.hosting.join_url(Room(""), _participant(at, door))
    raise classes.no_address()


async def _room(at: AtChannel, door: Door, far: Far) -> Room:
    """The class's room: made anew each time where that revives it, else made once by whoever comes first."""
    for _ in range(TRIES):
        async with _as_system(at) as scope:
            kept = await rooms.read(scope, Seals(at.house.secret), door.class_id, far.connection_id)
            mine = kept is None and await rooms.claim(scope, door.class_id, far.connection_id)
        known = None if kept is None else Room(kept.ref, kept.facts)
        if known is not None and not far.abilities.recreates:
            return known
        if mine or far.abilities.recreates:
            return await _make(at, door, far, known)
        await asyncio.sleep(PAUSE_SECONDS)
    raise Unavailable("The room is still being made. Try again in a few seconds.", "room_not_ready", 3)


async def _make(at: AtChannel, door: Door, far: Far, known: Room | None) -> Room:
    """The room as the provider made it, remembered; after a failure the next one may try at once.

    A room that is `known` is good enough while the provider cannot say that it still stands.
    """
    try:
        made = await far.hosting.create_room(_meeting(at, door, far))
    except ProviderDown:
        if known is not None:
            return known
        await _release(at, door, far)
        raise
    except BaseException:
        await _release(at, door, far)
        raise
    if made != known:
        async with _as_system(at) as scope:
            await rooms.keep(
                scope,
                Seals(at.house.secret),
                class_id=door.class_id,
                connection_id=far.connection_id,
                ref=made.ref,
                facts=made.facts,
                problem=made.problem,
                ends_at=door.ends_at,
            )
    return made


async def _release(at: AtChannel, door: Door, far: Far) -> None:
    async with _as_system(at) as scope:
        await rooms.release(scope, door.class_id, far.connection_id)


def _as_system(at: AtChannel) -> Opening[Scope]:
    return at.house.tenancy.scope(at.channel.id, acting_system("live join"))


def _meeting(at: AtChannel, door: Door, far: Far) -> Meeting:
    callback = links.absolute(at.house.base_url, links.live_webhook(far.connection_id))
    return Meeting(door.class_id, door.title, door.starts_at, door.ends_at, callback)


def _participant(at: AtChannel, door: Door) -> Participant:
    host = urlsplit(at.house.base_url).hostname or ""
    known = "." in host and not host.replace(".", "").isdigit()
    address = f"{door.participant}@{host if known else NOBODYS_HOST}"
    return Participant(door.participant, door.name, Part.TEACHER if door.teaches else Part.STUDENT, address)
