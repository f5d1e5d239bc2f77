"""Mentions: `<@member>`, `@teachers` and `@room` in a message, shown by name and counted for whom they are meant.

What is stored in the words is an id, so that it survives a new name. In the HTML each is a mark; one that reaches
nobody (another channel's id, one who left, a fifty-first) is plain text.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Column, Uuid, bindparam, delete, select

from tenants.ids import MemberId, MessageId, RoomId, new_id
from tenants.permissions import Role
from tenants.scope import Record, Scope
from tenants.statements import Scoped, scoped
from tenants.tables import owned, refers
from tenants.texts import GROUP_MARK, MEMBER_MARK

MOST = 50
TEACHERS, ROOM = "teachers", "room"
TEACHING = (Role.OWNER, Role.ADMIN, Role.TEACHER)

MENTIONS = owned(
    "mentions",
    Column("room_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("member_id", Uuid),
    Column("seq", BigInteger, nullable=False),
    refers("room_id", "rooms"),
    refers("message_id", "messages"),
    refers("member_id", "members"),
)
_WRITE = Scoped(
    "insert into mentions (channel_id, id, room_id, message_id, seq, member_id)"
    " select $1, new.id, $2, $3, $4, new.member_id from unnest($5::uuid[], $6::uuid[]) as new(id, member_id)",
    ("channel_id", "room_id", "message_id", "seq", "ids", "members"),
    {},
)
_FORGET = scoped(delete(MENTIONS).where(MENTIONS.c.message_id == bindparam("message_id")))
_OF_MESSAGE = scoped(select(MENTIONS.c.member_id).where(MENTIONS.c.message_id == bindparam("message_id")))
_NAMES = re.compile('<span class="mention" data-member="([0-9a-f-]{36})">')
_MARK = re.compile(f"{MEMBER_MARK % '(?P<member>[0-9a-f-]{36})'}|{GROUP_MARK % {'group': '(?P<group>[a-z]+)'}}")


@dataclass(frozen=True, slots=True)
class Called:
    """Who is named in a message, as its writer wrote it: at most 50 members, and groups."""

    members: tuple[UUID, ...]
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Meant:
    """A message's HTML with names in it, and whom it is counted for; None stands for the whole room."""

    html: str
    members: tuple[UUID | None, ...] = ()


def called(rendered: str) -> Called | None:
    """Who is named in the HTML of a draft; None, at next to no cost, when nobody is."""
    if 'class="mention"' not in rendered:
        return None
    found = list(_MARK.finditer(rendered))
    members = dict.fromkeys(UUID(each["member"]) for each in found if each["member"])
    return Called(tuple(members), frozenset(each["group"] for each in found if each["group"]))


def settle(rendered: str, names: Mapping[UUID, str], reached: Iterable[UUID], groups: Iterable[str]) -> str:
    """The HTML with its marks named; those that reach nobody become plain text."""
    reached, groups = set(reached), set(groups)

    def settled(mark: re.Match[str]) -> str:
        if mark["group"]:
            return mark.group() if mark["group"] in groups else f"@{mark['group']}"
        member_id = UUID(mark["member"])
        if member_id not in names:
            return f"&lt;@{member_id}&gt;"
        name = f"@{html.escape(names[member_id], quote=False)}"
        return _named(member_id, name) if member_id in reached else name

    return _MARK.sub(settled, rendered)


def groups_of(role: Role | None) -> tuple[str, ...]:
    """The groups that a member of that role is in."""
    return () if role is None else (ROOM, TEACHERS) if role in TEACHING else (ROOM,)


def means(rendered: str, member_id: MemberId | None, groups: Iterable[str]) -> bool:
    """Whether the HTML of a message mentions a member, by name or by one of the groups."""
    if member_id is None or 'class="mention"' not in rendered:
        return False
    marks = (f'data-member="{member_id}"', *(f'data-group="{group}"' for group in groups))
    return any(f'<span class="mention" {mark}>' in rendered for mark in marks)


def renamed(rendered: str, member_id: UUID, name: str) -> str:
    """The HTML with one member's marks under another name."""
    mark = re.compile(_named(re.escape(str(member_id)), "@[^<]*"))
    return mark.sub(lambda _: _named(member_id, f"@{html.escape(name, quote=False)}"), rendered)


def meant_by(settled: str) -> list[UUID | None]:
    """Whom the HTML of a message names as it stands: members, and None for the whole room."""
    whole: list[UUID | None] = [None] if f'data-group="{ROOM}"' in settled else []
    return whole + [UUID(each) for each in dict.fromkeys(_NAMES.findall(settled))]


async def write(scope: Scope, message: Record, room_id: RoomId, members: Sequence[UUID | None]) -> None:
    """Count a message for the members it is meant for, in place of those before; `message` has `id, seq`."""
    ids = [new_id() for _ in members]
    values = {"message_id": message["id"], "seq": message["seq"], "ids": ids, "members": list(members)}
    await scope.run(_WRITE, room_id=room_id, **values)


async def forget(scope: Scope, message_id: MessageId) -> int:
    """Count a message for nobody; for how many it was counted."""
    return await scope.run(_FORGET, message_id=message_id)


async def of_message(scope: Scope, message_id: MessageId) -> set[UUID | None]:
    """Whom a message is counted for; None stands for the whole room."""
    return {row["member_id"] for row in await scope.all(_OF_MESSAGE, message_id=message_id)}


def _named(member_id: UUID | str, name: str) -> str:
    return f'<span class="mention" data-member="{member_id}">{name}</span>'
