"""Notices: what a transaction tells the people who are looking, once it is committed. One factory per wire event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.ids import LessonId, MemberId, MessageId, OrderId, PersonId, RoomId

# What may be told to all members: that something happened, and nothing of what.
FOR_ALL = frozenset({"rooms.changed"})


@dataclass(frozen=True, slots=True)
class Notice:
    """An event of the wire for a room, or for one person's own devices in this channel (exactly one is set).

    Events in `FOR_ALL` are for everybody who is connected to the channel, unless a person is set.
    """

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


def message_hidden(room_id: RoomId, message_id: MessageId, seq: int) -> Notice:
    """A moderator took the words of a message away; it kept its place."""
    return Notice("message.hidden", {"room": str(room_id), "id": str(message_id), "seq": seq}, room_id=room_id)


def message_restored(room_id: RoomId, message: Mapping[str, Any]) -> Notice:
    """A message that was hidden or deleted has its words again, whole."""
    return Notice("message.restored", message, room_id=room_id)


def room_slowed(room_id: RoomId, seconds: int) -> Notice:
    """How long each member waits between two messages in a room from now on; 0: no more."""
    return Notice("room.slowed", {"room": str(room_id), "seconds": seconds}, room_id=room_id)


def reaction_changed(room_id: RoomId, message_id: MessageId, emoji: str, count: int) -> Notice:
    """How many now react to a message with an emoji."""
    payload = {"room": str(room_id), "message": str(message_id), "emoji": emoji, "count": count}
    return Notice("reaction.changed", payload, room_id=room_id)


def poll_changed(room_id: RoomId, message_id: MessageId, poll: Mapping[str, Any]) -> Notice:
    """How a poll of a message stands now: counts and voters, never who; whether it is closed; `v` grows each time."""
    counts = [each["count"] for each in poll["options"]]
    payload = {"room": str(room_id), "message": str(message_id), "v": poll["v"], "counts": counts}
    payload |= {name: poll[name] for name in ("voters", "closed")}
    return Notice("poll.changed", payload, room_id=room_id)


def poll_voted(person_id: PersonId, room_id: RoomId, message_id: MessageId, mine: Sequence[int]) -> Notice:
    """What a person chose in a poll, for their own devices; nobody else hears of it."""
    payload = {"room": str(room_id), "message": str(message_id), "mine": list(mine)}
    return Notice("poll.voted", payload, person_id=person_id)


def pin_changed(room_id: RoomId, message_id: MessageId, *, on: bool, pinned: int) -> Notice:
    """A message of a room was pinned or taken down; so many pinned ones can now be read."""
    payload = {"room": str(room_id), "message": str(message_id), "on": on, "pinned": pinned}
    return Notice("pin.changed", payload, room_id=room_id)


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


def called(person_id: PersonId, payload: Mapping[str, Any]) -> Notice:
    """A message mentions this person, or is a reply in a thread that they follow."""
    return Notice("notice", payload, person_id=person_id)


def bell_read(person_id: PersonId, unread: int) -> Notice:
    """A person has read what the bell told, or some of it is gone; so many notices are left to read."""
    return Notice("bell", {"unread": unread}, person_id=person_id)


def bookmark_changed(person_id: PersonId, message_id: MessageId, *, on: bool) -> Notice:
    """A person keeps a message for themselves, or no more."""
    return Notice("bookmark.changed", {"message": str(message_id), "on": on}, person_id=person_id)


def draft_changed(
    person_id: PersonId, room_id: RoomId, root_id: MessageId | None, words: Mapping[str, Any]
) -> Notice:  # fmt: skip
    """What a person has begun to write in a room or thread: `body, version, files`, and how many are `left` in it."""
    place = {"room": str(room_id), "reply_to": str(root_id) if root_id else None}
    return Notice("draft.changed", {**place, **words}, person_id=person_id)


def thread_changed(person_id: PersonId, room_id: RoomId, root_id: MessageId, seq: int, *, following: bool) -> Notice:
    """A person has read a thread up to a `seq`, follows it, or follows it no more."""
    payload = {"room": str(room_id), "message": str(root_id), "seq": seq, "following": following}
    return Notice("thread.changed", payload, person_id=person_id)


def room_left(person_id: PersonId, room_id: RoomId) -> Notice:
    """A person was taken out of a private room: the wire takes their sockets out of it, and tells nobody."""
    return Notice("room.left", {"room": str(room_id)}, person_id=person_id)


def rooms_changed(person_id: PersonId | None = None) -> Notice:
    """The list of rooms, or its order, is another one: for everybody, or for one person; each asks what they see."""
    return Notice("rooms.changed", {}, person_id=person_id)


def muted(person_id: PersonId, said: str, until: str | None) -> Notice:
    """A person may not write until then, and why, in a sentence; without a sentence they may again."""
    return Notice("muted", {"said": said, "until": until}, person_id=person_id)


def decided(person_id: PersonId, act_id: UUID, act: str, title: str, url: str, *, undone: bool) -> Notice:
    """What moderators decided about this person or their message; the reasons are on the page of decisions."""
    payload = {"kind": "decision", "decision": str(act_id), "act": act, "undone": undone, "title": title, "url": url}
    return Notice("notice", payload, person_id=person_id)


def queue_changed(person_id: PersonId, case_id: UUID, open_cases: int, claimed_by: str) -> Notice:
    """A case was opened, claimed, let go or closed, for one of those who moderate."""
    payload = {"case": str(case_id), "open": open_cases, "claimed_by": claimed_by}
    return Notice("moderation.changed", payload, person_id=person_id)


def webhook_off(person_id: PersonId, endpoint_id: UUID, title: str, url: str) -> Notice:
    """A webhook was switched off for its failures, for one of those who keep the channel."""
    payload = {"kind": "webhook", "webhook": str(endpoint_id), "title": title, "url": url}
    return Notice("notice", payload, person_id=person_id)


def raid_changed(person_id: PersonId, raid_id: UUID, title: str, url: str) -> Notice:
    """Raid mode was switched on or off, or lasts for longer, for one of those who moderate."""
    payload = {"kind": "raid", "raid": str(raid_id), "title": title, "url": url}
    return Notice("notice", payload, person_id=person_id)


def unread(person_id: PersonId, room_id: RoomId, counts: Mapping[str, int]) -> Notice:
    """How much is unread in a room now, and how much of it mentions the person: `unread, mentions`."""
    return Notice("unread", {str(room_id): dict(counts)}, person_id=person_id)


def direct_started(
    person_id: PersonId, room_id: RoomId, url: str, name: str, by: MemberId, *, request: bool
) -> Notice:  # fmt: skip
    """The first message of a conversation was written, `by` a member; a `request` waits to be accepted."""
    payload = {"room": str(room_id), "url": url, "name": name, "by": str(by), "request": request}
    return Notice("direct.started", payload, person_id=person_id)


def direct_begun(person_id: PersonId, room_id: RoomId, url: str, name: str) -> Notice:
    """Somebody has begun a conversation with this person, for their bell."""
    payload = {"kind": "direct", "room": str(room_id), "title": f"{name} has written to you", "url": url}
    return Notice("notice", payload, person_id=person_id)


def direct_accepted(person_id: PersonId, room_id: RoomId, name: str) -> Notice:
    """Somebody has accepted a conversation that this person is in."""
    return Notice("direct.accepted", {"room": str(room_id), "name": name}, person_id=person_id)


def member_changed(room_id: RoomId, member_id: MemberId, name: str, avatar: str | None) -> Notice:
    """A member is called, or looks, otherwise from now on."""
    payload = {"room": str(room_id), "id": str(member_id), "name": name, "avatar": avatar}
    return Notice("member.changed", payload, room_id=room_id)
