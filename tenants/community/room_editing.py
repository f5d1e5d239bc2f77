"""Editing rooms: their name, topic, icon and kind; archiving, which ends writing and takes a room out of the lists."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, update

from tenants import audit, notices
from tenants.community import direct_rules, room_names, rooms
from tenants.community.rooms import ROOMS
from tenants.errors import Invalid
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds

# Names of Lucide that the pages carry; the empty one is the sign of the room's kind.
ICONS = (
    "", "at-sign", "award", "bell", "book-open", "calendar", "clapperboard", "file-text", "film", "flag", "globe",
    "hash", "house", "info", "lock", "megaphone", "message-square", "pin", "radio", "sun", "users", "video", "wrench",
)  # fmt: skip
_SET = ("name", "topic", "icon", "kind", "batch_id")
_THIS = ROOMS.c.id == bindparam("at")
_EDIT = scoped(update(ROOMS).where(_THIS).values(**binds(*_SET)))
_ARCHIVE = scoped(update(ROOMS).where(_THIS, ROOMS.c.archived_at.is_(None)).values(archived_at=func.now()))
_BRING_BACK = scoped(update(ROOMS).where(_THIS, ROOMS.c.archived_at.is_not(None)).values(archived_at=None))


async def edit(scope: Scope, room_id: UUID, changes: Mapping[str, Any]) -> Record:
    """Set what is given of `name, topic, icon, kind, batch_id`; the address of the room stays.

    Those whom another kind shuts out leave it, their sockets within two seconds. Raises Invalid, also for the name of
    another room, and NotFound for a room that the actor does not see; Conflict for a conversation.
    """
    scope.require(Action.ROOM_EDIT)
    room = await _held(scope, room_id)
    values = {name: room[name] for name in _SET} | dict(changes)
    if values["kind"] != "batch" and "batch_id" not in changes:
        values["batch_id"] = None
    values["name"], values["topic"] = room_names.clean_name(values["name"]), room_names.clean_topic(values["topic"])
    if values["icon"] not in ICONS:
        raise Invalid.field("/icon", "unknown_icon", f"An icon is one of: {', '.join(filter(None, ICONS))}.")
    changed = sorted(name for name in _SET if values[name] != room[name])
    if {"kind", "batch_id"} & set(changed):
        await rooms.check_kind(scope, values["kind"], values["batch_id"])
    if room["archived_at"] is None and not room_names.are_one(values["name"], room["name"]):
        await rooms.take_name(scope, values["name"], room_id)
    if changed:
        await scope.run(_EDIT, at=room_id, **values)
        if "kind" in changed:
            await rooms.keep_sight(scope, room_id, values["kind"])
        await audit.record(scope, "room.edit", room_id, changed=changed, kind=values["kind"])
        scope.announce(notices.rooms_changed())
    return await rooms.find(scope, room_id)


async def archive(scope: Scope, room_id: UUID, *, archived: bool = True) -> None:
    """End writing in a room and take it out of the lists, or bring it back; again changes nothing.

    Who sees it goes on reading it by its address, and finds what was said in it. Invalid where another room is called
    like one that comes back.
    """
    scope.require(Action.ROOM_EDIT)
    room = await _held(scope, room_id)
    if not archived and room["archived_at"] is not None:
        await rooms.take_name(scope, room["name"], room_id)
    if await scope.run(_ARCHIVE if archived else _BRING_BACK, at=room_id):
        await audit.record(scope, "room.archive" if archived else "room.bring_back", room_id)
        scope.announce(notices.rooms_changed())


async def _held(scope: Scope, room_id: UUID) -> Record:
    found = await scope.first(rooms.BY_ID_HELD, room_id=room_id, me=scope.actor.member_id)
    room = rooms.require_seen(scope, found)
    direct_rules.require_shared(room)
    return room
