"""Notices: what a transaction tells the people who are looking, once it is committed. One factory per wire event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants.ids import PersonId, RoomId


@dataclass(frozen=True, slots=True)
class Notice:
    """An event of the wire for a room, or for one person's own devices in this channel (exactly one is set)."""

    event: str
    payload: Mapping[str, Any]
    room_id: RoomId | None = None
    person_id: PersonId | None = None
