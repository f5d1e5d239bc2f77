"""How a member stands to direct rooms: accepting and declining one, leaving a group, shutting a pair by a block."""

from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, case, delete, or_, select, update

from tenants import notices
from tenants.community import blocks, room_names, rooms
from tenants.community.direct_rules import ASKED, BLOCKED, DECLINED, IN, REFUSED, SHUT, TALKS, insiders, key_of
from tenants.community.rooms import DIRECT, ROOM_MEMBERS, ROOMS
from tenants.errors import Conflict, Forbidden, NotFound
from tenants.ids import PersonId, RoomId
from tenants.permissions import Action
from tenants.scope import Record, Scope
from tenants.statements import scoped

_I, _T = ROOM_MEMBERS.c, TALKS.c
_ROOM, _ME = bindparam("room_id", type_=Uuid()), bindparam("me", type_=Uuid())
_OWN = (_I.room_id == _ROOM, _I.member_id == _ME)
_HELD = scoped(select(_I.state).where(*_OWN).with_for_update())
_PUT = scoped(update(ROOM_MEMBERS).where(*_OWN).values(state=bindparam("new_state", type_=Text())))
_IS_SHUT = or_(*(_I.state == each for each in BLOCKED))
_SHUT = scoped(update(ROOM_MEMBERS).where(*_OWN, ~_IS_SHUT).values(state=case((_I.state == IN, SHUT), else_=REFUSED)))
_REOPEN = scoped(update(ROOM_MEMBERS).where(*_OWN, _IS_SHUT).values(state=case((_I.state == SHUT, IN), else_=ASKED)))
_PAIR = scoped(select(_T.room_id).where(_T.people_key == bindparam("key", type_=Uuid())))
_IS_PAIR = scoped(select(_T.pair).where(_T.room_id == _ROOM))
_LEAVE = scoped(delete(ROOM_MEMBERS).where(*_OWN))
_ANOTHER_SET = scoped(update(TALKS).where(_T.room_id == _ROOM).values(people_key=None))
_NAME = scoped(update(ROOMS).where(ROOMS.c.id == _ROOM).values(name=bindparam("new_name")))


async def accept(scope: Scope, room_id: UUID) -> None:
    """Take part in a conversation from now on, however often it is said; its people are told."""
    await _direct(scope, room_id)
    await take_up(scope, room_id)


async def take_up(scope: Scope, room_id: UUID) -> None:
    """The same, for a caller that was given the room; Forbidden `you_blocked` where the actor has blocked the other."""
    me = scope.member_id()
    standing = await scope.value(_HELD, room_id=room_id, me=me)
    if standing in BLOCKED:
        raise Forbidden("You have blocked this person. Unblock them to write.", "you_blocked")
    if standing == IN:
        return
    await scope.run(_PUT, room_id=room_id, me=me, new_state=IN)
    for each in await insiders(scope, room_id):
        if each["member_id"] != me and each["present"]:
            scope.announce(notices.direct_accepted(PersonId(each["person_id"]), RoomId(room_id), scope.actor.name))


async def decline(scope: Scope, room_id: UUID) -> None:
    """Put a request away, however often it is said: it is in no list, and nobody is told.

    Conflict `taken_part` for a conversation that was accepted.
    """
    await _direct(scope, room_id)
    me = scope.member_id()
    standing = await scope.value(_HELD, room_id=room_id, me=me)
    if standing == IN:
        raise Conflict("You take part in this already. Leave the group, mute it, or block the person.", "taken_part")
    if standing == ASKED:
        await scope.run(_PUT, room_id=room_id, me=me, new_state=DECLINED)


async def leave(scope: Scope, room_id: UUID) -> None:
    """Leave a group for good: nothing of it is seen any more; Conflict `pair` for a conversation of two."""
    await _direct(scope, room_id)
    if await scope.value(_IS_PAIR, room_id=room_id):
        raise Conflict("A conversation of two is muted, or ended by blocking the other.", "pair")
    await scope.run(_LEAVE, room_id=room_id, me=scope.member_id())
    await scope.run(_ANOTHER_SET, room_id=room_id)
    if scope.actor.person_id is not None:
        scope.announce(notices.room_left(scope.actor.person_id, RoomId(room_id)))


async def rename(scope: Scope, room_id: UUID, name: str) -> None:
    """Name a group, or with an empty name call it by its people again; Conflict `pair` for a conversation of two."""
    room = await _direct(scope, room_id)
    if await scope.value(_IS_PAIR, room_id=room_id):
        raise Conflict("A conversation of two is called by the other's name.", "pair")
    if room["standing"] != IN:
        raise Forbidden("Accept this conversation before you name it.", "unanswered")
    await scope.run(_NAME, room_id=room_id, new_name=room_names.clean_name(name) if name else "")


async def block(scope: Scope, member_id: UUID) -> None:
    """Hear no more from a member: their mentions count nothing, and the conversation with them alone is shut."""
    room_id = await _pair_with(scope, member_id)
    await blocks.add(scope, member_id)
    if room_id:
        await scope.run(_SHUT, room_id=room_id, me=scope.member_id())


async def unblock(scope: Scope, member_id: UUID) -> None:
    """Hear from a member again; the conversation with them alone is where it was, and what was refused stays so."""
    room_id = await _pair_with(scope, member_id)
    await blocks.remove(scope, member_id)
    if room_id:
        await scope.run(_REOPEN, room_id=room_id, me=scope.member_id())


async def _pair_with(scope: Scope, member_id: UUID) -> UUID | None:
    """The room of the two alone, if there is one; nobody makes it, or blocks in it, until this transaction ends."""
    scope.require(Action.ROOM_JOIN)
    key = key_of((scope.member_id(), member_id))
    await scope.serialise("direct", key)
    found: UUID | None = await scope.value(_PAIR, key=key)
    return found


async def _direct(scope: Scope, room_id: UUID) -> Record:
    """The direct room; NotFound for any other, whoever asks."""
    scope.require(Action.ROOM_JOIN)
    room = await rooms.find(scope, room_id)
    if room["kind"] != DIRECT:
        raise NotFound("There is no such conversation here.", "no_such_room")
    return room
