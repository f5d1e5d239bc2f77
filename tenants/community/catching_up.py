"""Catching up: what a mail tells a member who was away, as it stands when it is written and as they may see it."""

from dataclasses import dataclass
from uuid import UUID

from tenants import links
from tenants.community import bell, rooms
from tenants.community.bell import Told
from tenants.ids import PersonId
from tenants.members import members
from tenants.scope import Scope

MOST_TOLD = 20
MOST_ROOMS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A room with something unread."""

    name: str
    url: str
    unread: int


@dataclass(frozen=True, slots=True)
class News:
    """What is new for a member: what mentions them or goes on in their threads, and their favourite rooms."""

    told: tuple[Told, ...] = ()
    places: tuple[Place, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.told or self.places)


async def of_mail(scope: Scope, person_id: PersonId, mail_id: UUID) -> News:
    """What one mail was asked for, less what was read or taken away since; nothing for one who is no member now."""
    if not await members.act_as(scope, person_id):
        return News()
    return News(tuple(await bell.waiting(scope, mail_id=mail_id, limit=MOST_TOLD)))


async def of_digest(scope: Scope, person_id: PersonId, slug: str) -> News:
    """What is unread of mentions, threads and favourite rooms; nothing for one who is no member now."""
    if not await members.act_as(scope, person_id):
        return News()
    seen = [room for room in await rooms.seen(scope) if room["favourite"] and room["unread"]]
    places = (Place(room["name"], links.room(slug, room["slug"]), room["unread"]) for room in seen[:MOST_ROOMS])
    return News(tuple(await bell.waiting(scope, limit=MOST_TOLD)), tuple(places))
