"""Notices: what a transaction tells the people who are looking, once it is committed. One factory per wire event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants.ids import LessonId, MessageId, OrderId, PersonId, RoomId


@dataclass(frozen=True, slots=True)
class Notice:
    """An event of the wire for a room, or for one person's own devices in this channel (exactly one is set)."""

    event: str
    payload: Mapping[str, Any]
    room_id: RoomId | None = None
    person_id: PersonId | None = None


def message_posted(room_id: RoomId, message: Mapping[str, Any]) -> Notice:
    """A new message, whole."""
    return Notice("message.posted", message, room_id=room_id)


def message_edited(room_id: RoomId, message: Mapping[str, Any]) -> Notice:
    """A message with its new words, whole."""
    return Notice("message.edited", message, room_id=room_id)


def message_deleted(room_id: RoomId, message_id: MessageId, seq: int) -> Notice:
    """A message lost its words and kept its place."""
    return Notice("message.deleted", {"room": str(room_id), "id": str(message_id), "seq": seq}, room_id=room_id)


def reaction_changed(room_id: RoomId, message_id: MessageId, emoji: str, count: int) -> Notice:
    """How many now react to a message with an emoji."""
    payload = {"room": str(room_id), "message": str(message_id), "emoji": emoji, "count": count}
    return Notice("reaction.changed", payload, room_id=room_id)


def certificate_ready(person_id: PersonId, code: str, title: str) -> Notice:
    """A certificate of this person can be opened."""
    payload = {"kind": "certificate", "code": code, "title": title, "url": f"/verify/{code}"}
    return Notice("notice", payload, person_id=person_id)


def recording_ready(person_id: PersonId, lesson_id: LessonId, title: str, url: str) -> Notice:
    """A recording of a class that this person is enrolled in can be watched, as a lesson."""
    payload = {"kind": "recording", "lesson": str(lesson_id), "title": title, "url": url}
    return Notice("notice", payload, person_id=person_id)


def order_changed(person_id: PersonId, order_id: OrderId, state: str, title: str, url: str) -> Notice:
    """An order of this person stands otherwise than before."""
    payload = {"kind": "order", "order": str(order_id), "state": state, "title": title, "url": url}
    return Notice("notice", payload, person_id=person_id)


def bell_read(person_id: PersonId, unread: int) -> Notice:
    """A person has read what the bell told; so many notices are left to read."""
    return Notice("bell", {"unread": unread}, person_id=person_id)


def room_left(person_id: PersonId, room_id: RoomId) -> Notice:
    """A person was taken out of a private room: the wire takes their sockets out of it, and tells nobody."""
    return Notice("room.left", {"room": str(room_id)}, person_id=person_id)
