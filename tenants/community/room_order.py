"""The order of rooms: which section each is in, and which stands before which; set by those who edit rooms.

What an editor does not see (archived rooms, and private ones of others) is neither shown to them nor moved: it keeps
its section, and its place there counted from the top.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select, update

from tenants import audit, notices
from tenants.community import room_sections, rooms
from tenants.community.room_sections import ROOM_SECTIONS
from tenants.community.rooms import INSIDE, IS_DIRECT, ROOMS
from tenants.errors import Conflict, Invalid, NotFound
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped

Step = Literal["up", "down"]
Section = UUID | None
Order = Mapping[Section, Sequence[UUID]]
Asked = Sequence[tuple[Section, Sequence[UUID]]]
_R, _S = ROOMS.c, ROOM_SECTIONS.c
_IDS = bindparam("ids", type_=ARRAY(Uuid()))
_STANDING = scoped(
    select(_R.id, _R.section_id, _R.kind, _R.archived_at, INSIDE).where(~IS_DIRECT).order_by(_R.position, _R.id)
)
# Always from the lowest id on, so that two who write here and elsewhere never wait for each other.
_HOLD = scoped(select(_R.id).where(_R.id == func.any(_IDS)).order_by(_R.id).with_for_update(key_share=True))
_PLACE = scoped(
    update(ROOMS)
    .where(_R.id == func.any(_IDS))
    .values(section_id=bindparam("section"), position=func.array_position(_IDS, _R.id))
)
_PLACE_SECTIONS = scoped(
    update(ROOM_SECTIONS).where(_S.id == func.any(_IDS)).values(position=func.array_position(_IDS, _S.id))
)


async def put(scope: Scope, asked: Asked, seen: Asked | None = None) -> None:
    """Set the whole order: every section and every room that the actor sees and that is not archived, each once.

    `None` is the place without section, which always stands first. Invalid for what is named twice, NotFound for what
    is not there, Conflict `rooms_changed` when rooms or sections were added, archived or deleted meanwhile. With the
    order that the actor has `seen`, Conflict `order_changed` when another stands, unless that one is asked for.
    """
    scope.require(Action.ROOM_EDIT)
    _check_once(asked)
    await room_sections.hold_order(scope)
    standing, sections = await _standing(scope), await _sections(scope)
    order: dict[Section, Sequence[UUID]] = {None: (), **dict(asked)}
    _check_whole(scope, standing, sections, order)
    if seen is not None:
        _check_seen(scope, standing, sections, order, {None: (), **dict(seen)})
    await _set(scope, standing, sections, order)


async def move(scope: Scope, room_id: UUID, step: Step) -> None:
    """Put a room before or behind its neighbour in its section; at the end of it nothing changes."""
    order, standing, sections = await _held(scope)
    section = _section_of(order, room_id)
    await _set(scope, standing, sections, {**order, section: _stepped(order[section], room_id, step)})


async def place(scope: Scope, room_id: UUID, section_id: Section) -> None:
    """Put a room last in a section, or in the place without one; where it is already, it stays where it stands."""
    order, standing, sections = await _held(scope)
    before = _section_of(order, room_id)
    if section_id not in order:
        raise room_sections.no_such_section()
    if before != section_id:
        left = [each for each in order[before] if each != room_id]
        order = {**order, before: left, section_id: [*order[section_id], room_id]}
        await _set(scope, standing, sections, order)


async def move_section(scope: Scope, section_id: UUID, step: Step) -> None:
    """Put a section before or behind its neighbour; at the end nothing changes."""
    order, standing, sections = await _held(scope)
    if section_id not in sections:
        raise room_sections.no_such_section()
    moved = _stepped(sections, section_id, step)
    await _set(scope, standing, sections, {None: order[None], **{each: order[each] for each in moved}})


async def remove_section(scope: Scope, section_id: UUID) -> None:
    """Delete a section; all its rooms, seen or not, go in their order behind those without one. NotFound for none."""
    scope.require(Action.ROOM_EDIT)
    await room_sections.hold_order(scope)
    await room_sections.held(scope, section_id)
    standing = await _standing(scope)
    own = [row["id"] for row in standing if row["section_id"] == section_id]
    if own:
        await _put_in(scope, None, [*(row["id"] for row in standing if row["section_id"] is None), *own])
    await room_sections.drop(scope, section_id)
    await audit.record(scope, "room_section.delete", section_id)
    scope.announce(notices.rooms_changed())


async def _held(scope: Scope) -> tuple[Order, list[Record], list[UUID]]:
    """The order as the actor sees it, which nobody else changes until this transaction ends; all rooms; sections."""
    scope.require(Action.ROOM_EDIT)
    await room_sections.hold_order(scope)
    standing, sections = await _standing(scope), await _sections(scope)
    movable = _movable(scope, standing)
    return _layout([row for row in standing if row["id"] in movable], sections), standing, sections


async def _standing(scope: Scope) -> list[Record]:
    """All rooms but direct ones, each behind the one before it in its section."""
    return await scope.all(_STANDING, me=scope.actor.member_id)


async def _sections(scope: Scope) -> list[UUID]:
    return [row["id"] for row in await room_sections.every(scope)]


async def _set(scope: Scope, standing: Sequence[Record], sections: list[UUID], order: Order) -> None:
    """Write what differs; the same order again changes nothing, and nobody is told."""
    movable = _movable(scope, standing)
    before = _layout(standing, sections)
    changed = {}
    for section in before:
        placed = list(order[section])
        for at, kept in enumerate(before[section]):
            if kept not in movable:
                placed.insert(at, kept)
        if placed != before[section]:
            changed[section] = placed
    told = [section for section in order if section is not None]
    if told != sections:
        await scope.run(_PLACE_SECTIONS, ids=told)
    if changed:
        await scope.all(_HOLD, ids=sorted(each for placed in changed.values() for each in placed))
        for section, placed in changed.items():
            await _put_in(scope, section, placed)
    if changed or told != sections:
        await audit.record(scope, "room.order", scope.channel_id, sections=[str(each) for each in changed])
        scope.announce(notices.rooms_changed())


async def _put_in(scope: Scope, section: Section, placed: list[UUID]) -> None:
    await scope.run(_PLACE, section=section, ids=placed)


def _movable(scope: Scope, standing: Iterable[Record]) -> set[UUID]:
    return {row["id"] for row in standing if row["archived_at"] is None and rooms.may_see(scope, row)}


def _layout(standing: Iterable[Record], sections: Iterable[UUID]) -> dict[Section, list[UUID]]:
    found: dict[Section, list[UUID]] = {None: [], **{section: [] for section in sections}}
    for row in standing:
        found[row["section_id"]].append(row["id"])
    return found


def _section_of(order: Order, room_id: UUID) -> Section:
    for section, placed in order.items():
        if room_id in placed:
            return section
    raise _no_such_room()


def _stepped(placed: Sequence[UUID], moved: UUID, step: Step) -> list[UUID]:
    at = placed.index(moved) + (-1 if step == "up" else 1)
    rest = [each for each in placed if each != moved]
    rest.insert(max(at, 0), moved)
    return rest


def _check_once(asked: Sequence[tuple[Section, Sequence[UUID]]]) -> None:
    sections = [section for section, _ in asked]
    if len(set(sections)) != len(sections):
        raise Invalid.field("/sections", "twice", "Name each section once.")
    placed = [room for _, own in asked for room in own]
    if len(set(placed)) != len(placed):
        raise Invalid.field("/sections", "twice", "Name each room once.")


def _check_whole(scope: Scope, standing: Sequence[Record], sections: Iterable[UUID], order: Order) -> None:
    named = {room for own in order.values() for room in own}
    there = set(sections)
    if order.keys() - there - {None}:
        raise room_sections.no_such_section()
    if named - {row["id"] for row in standing if rooms.may_see(scope, row)}:
        raise _no_such_room()
    if named != _movable(scope, standing) or there - order.keys():
        words = "Rooms or sections were added, archived or deleted meanwhile. Load them again, then put them in order."
        raise Conflict(words, "rooms_changed")


def _check_seen(scope: Scope, standing: Sequence[Record], sections: Sequence[UUID], order: Order, seen: Order) -> None:
    """Pass when what is asked for goes on from the order that stands, or is that order (its answer was lost)."""
    movable = _movable(scope, standing)
    stands = _told(_layout([row for row in standing if row["id"] in movable], sections))
    if stands not in (_told(seen), _told(order)):
        words = "Somebody else has put the rooms in order meanwhile. Look at their order, then put yours."
        raise Conflict(words, "order_changed")


def _told(order: Order) -> list[tuple[Section, tuple[UUID, ...]]]:
    """An order to be compared: the place without section first, as `Order` always begins with it."""
    return [(section, tuple(placed)) for section, placed in order.items()]


def _no_such_room() -> NotFound:
    return NotFound("There is no such room here.", "no_such_room")
