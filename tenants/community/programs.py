"""Programs: those that listen in a channel hear of what people post in rooms, and those that write have a name there.

A program writes by an incoming webhook, on behalf of the member who keeps that; its message carries the program's own
id and name, and is nobody's own. What one program writes no other hears of, so that none can answer itself for ever.
"""

from typing import Any
from uuid import UUID

from tenants.community import sanctions
from tenants.community.rooms import DIRECT
from tenants.permissions import Role
from tenants.scope import Record, Scope


def hear_of(scope: Scope, room: Record, message_id: UUID, seq: int) -> None:
    """Tell of a message of the actor's in a room (with its `restraints`); at no cost where nobody listens."""
    if room["kind"] != DIRECT and sanctions.is_heard(room) and scope.actor.program is None:
        scope.happened("message.posted", message=message_id, room=room["id"], member=scope.member_id(), seq=seq)


def named(scope: Scope) -> dict[str, Any]:
    """Which program writes, as its message keeps it; nothing of a member in person."""
    program = scope.actor.program
    return {"program_id": program.id if program else None, "program": program.name if program else None}


def writer(scope: Scope, avatar: str | None) -> tuple[UUID, str, str | None, Role | None]:
    """Who writes, as `author_id, author_name, author_avatar, author_role` of a message."""
    if program := scope.actor.program:
        return program.id, program.name, None, None
    return scope.member_id(), scope.actor.name, avatar, scope.actor.role


def signature(author: str, name: str, avatar: str | None, role: str | None) -> dict[str, Any]:
    """The author of a message as the wire shows it; a program, which has no role, is marked as one."""
    shown = {"id": author, "name": name, "avatar": avatar}
    return shown if role is not None else {**shown, "program": True}


def is_own(scope: Scope, held: Record) -> bool:
    """Whether the actor wrote a message (`member_id, program_id`) in person."""
    return held["member_id"] == scope.actor.member_id and held["program_id"] is None
