"""The places beside the talk: favourites, rooms by section, conversations; as the page of a room has them."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from server.web.views.room import Place, PlaceGroup
from tenants import links
from tenants.scope import Record

FAVOURITES, WITHOUT_SECTION, LEFT = "Favourites", "Rooms", "Rooms you left"
DIRECT_TITLE, MOST_TALKS = "Direct messages", 12
SIGNS = {
    "open": "hash",
    "members": "hash",
    "batch": "users",
    "announcement": "megaphone",
    "private": "lock",
    "direct": "message-square",
}


class Beside(NamedTuple):
    """Beside what the places stand: the channel, the room that is open, and the rooms with something begun."""

    slug: str
    current: UUID
    drafted: frozenset[UUID]


def by_section(beside: Beside, rooms: Sequence[Record]) -> tuple[PlaceGroup, ...]:
    """Favourites on top, then the rooms without section, then each section; folded below them, what the reader left.

    A room that they have left and opened stands in its section.
    """
    kept = [each for each in rooms if not each["left"] or each["id"] == beside.current]
    favourites = [each for each in kept if each["favourite"]]
    groups = [PlaceGroup(FAVOURITES, _places(beside, favourites))] if favourites else []
    rest = [each for each in kept if not each["favourite"]]
    for section, part in groupby(rest, key=lambda each: each["section_id"]):
        own = list(part)
        title = own[0]["section_name"] if section else WITHOUT_SECTION
        groups.append(PlaceGroup(title, _places(beside, own), section=str(section or "")))
    if away := [each for each in rooms if each["left"] and each["id"] != beside.current]:
        groups.append(PlaceGroup(LEFT, _places(beside, away), left=True))
    return tuple(groups)


def conversations(beside: Beside, talks: Sequence[Record], asking: int, talk: Record | None) -> PlaceGroup:
    """The newest conversations of a member, and the one that is open."""
    shown = list(talks[:MOST_TALKS])
    if talk is not None and talk["standing"] == "in" and talk["id"] not in {each["id"] for each in shown}:
        shown.append(talk)
    return PlaceGroup(DIRECT_TITLE, _places(beside, shown), links.direct(beside.slug), asking)


def _places(beside: Beside, rooms: Sequence[Record]) -> tuple[Place, ...]:
    return tuple(_place(beside, each) for each in rooms)


def _place(beside: Beside, room: Record) -> Place:
    here = room["id"] == beside.current
    return Place(
        id=str(room["id"]),
        name=room["name"],
        url=links.room(beside.slug, room["slug"]),
        sign="users" if room.get("pair") is False else room["icon"] or SIGNS[room["kind"]],
        unread=0 if here else room["unread"],
        current=here,
        mentions=0 if here else room["mentions"],
        muted=room["muted"],
        drafted=room["id"] in beside.drafted,
    )
