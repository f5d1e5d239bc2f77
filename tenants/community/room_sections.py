"""Sections of rooms: named parts of the list, in the order that those who edit rooms give them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Integer, bindparam, delete, func, insert, select, update

from tenants import audit, notices
from tenants.errors import Invalid, NotFound
from tenants.ids import new_id
from tenants.permissions import Action, why
from tenants.scope import Record, Scope
from tenants.statements import scoped
from tenants.tables import binds, instant, owned, text
from tenants.texts import clean_line

ROOM_SECTIONS = owned(
    "room_sections",
    text("name"),
    Column("position", Integer, nullable=False),
    instant("created_at", now=True),
)
MOST_SECTIONS = 50
_S = ROOM_SECTIONS.c
# A section's place among the sections; rooms without one stand before all of them.
PLACE = func.coalesce(_S.position, 0)
_ALL = scoped(select(_S.id, _S.name).order_by(_S.position, _S.id))
_COUNT = scoped(select(func.count(), func.coalesce(func.max(_S.position), 0).label("last")).select_from(ROOM_SECTIONS))
_ADD = scoped(insert(ROOM_SECTIONS).values(**binds("id", "name", "position")).returning(_S.id, _S.name))
_THIS = _S.id == bindparam("at")
_HELD = scoped(select(_S.id, _S.name).where(_THIS).with_for_update())
_RENAME = scoped(update(ROOM_SECTIONS).where(_THIS).values(name=bindparam("name")).returning(_S.id, _S.name))
_DELETE = scoped(delete(ROOM_SECTIONS).where(_THIS))


async def every(scope: Scope) -> list[Record]:
    """All sections in order: `id, name`."""
    return await scope.all(_ALL)


async def seen(scope: Scope, rooms: Sequence[Record]) -> list[Record]:
    """The sections, in order, that hold one of these rooms; all of them for those who edit rooms."""
    rows = await every(scope)
    if why(scope.actor, Action.ROOM_EDIT).allowed:
        return rows
    holding = {room["section_id"] for room in rooms}
    return [row for row in rows if row["id"] in holding]


async def add(scope: Scope, name: str) -> Record:
    """A new last section, without rooms; Invalid for a wrong name, and above 50 of them."""
    scope.require(Action.ROOM_EDIT)
    name = _clean(name)
    await hold_order(scope)
    standing = await scope.one(_COUNT)
    if standing[0] >= MOST_SECTIONS:
        raise Invalid.field("/name", "too_many", f"A channel has at most {MOST_SECTIONS} sections of rooms.")
    row = await scope.one(_ADD, id=new_id(), name=name, position=standing["last"] + 1)
    await audit.record(scope, "room_section.add", row["id"])
    scope.announce(notices.rooms_changed())
    return row


async def rename(scope: Scope, section_id: UUID, name: str) -> Record:
    """Call a section otherwise; NotFound for none, Invalid for a wrong name."""
    scope.require(Action.ROOM_EDIT)
    name = _clean(name)
    before = await held(scope, section_id)
    if before["name"] == name:
        return before
    row = await scope.one(_RENAME, at=section_id, name=name)
    await audit.record(scope, "room_section.rename", section_id)
    scope.announce(notices.rooms_changed())
    return row


async def held(scope: Scope, section_id: UUID) -> Record:
    """A section that stays as it is until this transaction ends; NotFound for none."""
    row = await scope.first(_HELD, at=section_id)
    if row is None:
        raise no_such_section()
    return row


async def drop(scope: Scope, section_id: UUID) -> None:
    """Delete a held section; what is still in it is without one from now on."""
    await scope.run(_DELETE, at=section_id)


async def hold_order(scope: Scope) -> None:
    """Wait until nobody else changes the order of rooms or their sections; others wait until this is done."""
    await scope.serialise("room order")


def no_such_section() -> NotFound:
    """What is said of a section that is not there, or is another channel's."""
    return NotFound("There is no such section of rooms here.", "no_such_section")


def _clean(name: str) -> str:
    return clean_line(name, "/name", longest=60)
