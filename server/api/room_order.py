"""Sections of rooms, and the order of rooms, over the API."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from server.api.rooms import TAGS, InSlug, RoomShown, room_shown
from server.bodies import Given
from server.context import InChannel
from server.idempotency import Idempotency
from server.keyset import Page
from server.op import Auth, Route, op
from tenants.community import room_order, room_sections, rooms

Name = Annotated[str, Field(max_length=1000, examples=["Course rooms"])]


class OfRoomSection(InSlug):
    """A section of rooms."""

    id: UUID


class RoomSectionName(Given):
    """What a section of rooms is called: 1 to 60 characters."""

    name: Name


class PlacedRooms(Given):
    """A section, or with `id: null` the place without one, and the rooms in it from first to last."""

    id: UUID | None
    rooms: Annotated[list[UUID], Field(max_length=rooms.MOST_ROOMS)]


Sections = Annotated[list[PlacedRooms], Field(max_length=room_sections.MOST_SECTIONS + 1)]


class RoomOrder(Given):
    """Every section from first to last, and in them every room that you see and that is not archived."""

    sections: Sections
    seen: Sections | None = None
    """The order that you go on from, written likewise."""


class RoomSectionShown(BaseModel):
    """A section of rooms."""

    id: UUID
    name: str


@op("The sections of rooms", tags=TAGS, auth=Auth.OPTIONAL, errors=(404,))
async def list_room_sections(context: InChannel, *, path: InSlug) -> Page[RoomSectionShown]:
    """All at once, in their order: those with a room that you see; those who edit rooms get all of them."""
    seen = await rooms.seen(context.scope)
    return Page(items=[RoomSectionShown(**row) for row in await room_sections.seen(context.scope, seen)])


@op("Make a section of rooms", status=201, tags=TAGS, idempotent=Idempotency.TAKEN, errors=(403, 404))
async def add_room_section(context: InChannel, *, path: InSlug, body: RoomSectionName) -> RoomSectionShown:
    """For those who edit rooms; it stands last, without rooms. A channel has at most 50."""
    return RoomSectionShown(**await room_sections.add(context.scope, body.name))


@op("Rename a section of rooms", tags=TAGS, errors=(403, 404))
async def rename_room_section(context: InChannel, *, path: OfRoomSection, body: RoomSectionName) -> RoomSectionShown:
    """Its rooms and its place stay."""
    return RoomSectionShown(**await room_sections.rename(context.scope, path.id, body.name))


@op("Delete a section of rooms", tags=TAGS, errors=(403, 404))
async def remove_room_section(context: InChannel, *, path: OfRoomSection) -> None:
    """Its rooms stay: they go behind those without section, in their order."""
    await room_order.remove_section(context.scope, path.id)


@op("Put the rooms in order", tags=TAGS, errors=(403, 404, 409))
async def order_rooms(context: InChannel, *, path: InSlug, body: RoomOrder) -> Page[RoomShown]:
    """All of it at once, within and across sections; the answer is the list of rooms.

    The place without section stands first, wherever it is named. Rooms that you do not see keep their place.
    `rooms_changed` when rooms or sections were added, archived or deleted since you loaded them: nothing is changed.
    Say what you have `seen`, and `order_changed` keeps you from undoing what somebody else has put in order meanwhile.
    """
    seen = None if body.seen is None else _placed(body.seen)
    await room_order.put(context.scope, _placed(body.sections), seen)
    return Page(items=[room_shown(row) for row in await rooms.seen(context.scope)])


def _placed(sections: list[PlacedRooms]) -> list[tuple[UUID | None, list[UUID]]]:
    return [(each.id, each.rooms) for each in sections]


ROUTES = (
    Route("GET", "/channels/{slug}/room-sections", list_room_sections),
    Route("POST", "/channels/{slug}/room-sections", add_room_section),
    Route("PATCH", "/channels/{slug}/room-sections/{id}", rename_room_section),
    Route("DELETE", "/channels/{slug}/room-sections/{id}", remove_room_section),
    Route("PUT", "/channels/{slug}/room-order", order_rooms),
)
