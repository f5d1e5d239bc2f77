"""Presence: who is in a room now, however many devices and processes they use.

Each process knows its own sockets and writes on the roll what has changed of them, all rooms together and a few times
a second; each change is announced once, to every process, which tells it to its members in the order of its version.
A member who drops off stays for ten seconds, so that a reload does not flap; a process that dies is missed after its
lease. While Redis is away each process knows its own.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from realtime.bus import Bus
from realtime.lease import Lease
from realtime.order import Order
from realtime.roll import LARGE, Change, Moves, Roll
from realtime.watchers import Watchers

GRACE_SECONDS = 10.0
GATHER_SECONDS = 0.25
GATHER_LARGE_SECONDS = 1.5
MOST_MOVES = 500
MOST_COUNTED = 64
MOVED = "presence.moved"


@dataclass(slots=True)
class Hold:
    """A member whom this process asserts in a room: their sockets here, maybe none for a while."""

    name: str
    sids: set[str] = field(default_factory=set)
    leaving: asyncio.TimerHandle | None = None


@dataclass(slots=True, eq=False)
class Place:
    """A room as this process knows it.

    `unsaid` are members whose coming or going is not on the roll yet, and `untold` those of whom members here have not
    heard either.
    """

    room_name: str
    holds: dict[str, Hold] = field(default_factory=dict)
    unsaid: dict[str, None] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)
    due: float = 0.0
    version: int = 0
    online: int = 0
    large: bool = False

    @property
    def room(self) -> str:
        """The room's id."""
        return self.room_name.rpartition("/")[2]

    def moves(self, most: int) -> dict[str, str | None]:
        """What has to be said, of at most so many members."""
        members = list(islice(self.unsaid, most))
        return {member: self.holds[member].name if member in self.holds else None for member in members}


class Presence:
    """Who is where, kept by this process together with the others."""

    def __init__(self, bus: Bus, roll: Roll, lease: Lease, watchers: Watchers) -> None:
        self._bus, self._roll, self._watchers = bus, roll, watchers
        self._places: dict[str, Place] = {}
        self._unsettled: dict[str, Place] = {}
        self._order: Order[Change] = Order(self._go_on)
        self._settling: asyncio.Task[None] | None = None
        self._reaping: asyncio.Task[None] | None = None
        self.transitions = self.reaped = 0
        lease.renewed.append(self._renewed)
        bus.house_events[MOVED] = self._hear

    def __len__(self) -> int:
        return len(self._places)

    async def close(self) -> None:
        """Stop; the lease runs on, so that those who come back to another process were never away."""
        for place in self._places.values():
            self._order.end(place.room_name)
            for hold in place.holds.values():
                _stay(hold)
        tasks = [task for task in (self._settling, self._reaping) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def join(self, room_name: str, member: UUID, name: str, sid: str) -> int:
        """A socket of a member is in a room; how many are there with them."""
        place = self._places.setdefault(room_name, Place(room_name))
        hold = place.holds.get(str(member))
        if hold is None:
            hold = place.holds[str(member)] = Hold(name)
            self._note(place, str(member), name)
        _stay(hold)
        hold.sids.add(sid)
        return await self._count(place)

    def leave(self, room_name: str, member: UUID, sid: str, *, at_once: bool) -> None:
        """A socket is no more in a room: at once when it said so, with time to come back when it dropped off."""
        place = self._places.get(room_name)
        hold = place.holds.get(str(member)) if place else None
        if place is None or hold is None or sid not in hold.sids:
            return
        hold.sids.discard(sid)
        self._watchers.forget(sid, room_name)
        if hold.sids:
            return
        if at_once:
            self._let_go(place, str(member))
        else:
            hold.leaving = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._let_go, place, str(member))

    async def watch(self, sid: str, room_name: str, members: Collection[str]) -> Change:
        """What `look` finds; in a large room the socket is told from now on when those who were asked for, or found,
        come and go.
        """
        found = await self.look(room_name, members)
        if found.large:
            self._watchers.follow(sid, room_name, members or found.joined.keys())
        else:
            self._watchers.forget(sid)
        return found

    async def look(self, room_name: str, members: Collection[str] = ()) -> Change:
        """Everyone in a room; in a large one those of `members` who are there, or without any the first page."""
        if (found := await self._roll.look(room_name, members)) is not None:
            return found
        place = self._places.get(room_name) or Place(room_name)
        names = {member: hold.name for member, hold in place.holds.items()}
        return Change(room_name, place.version, len(names), len(names) > LARGE, names)

    def is_large(self, room_name: str) -> bool:
        """Whether more are in a room of this process than can be named."""
        return (place := self._places.get(room_name)) is not None and place.large

    async def _count(self, place: Place) -> int:
        """How many are in a room, or about to be; in a crowd of newcomers each counts as one."""
        coming = [each for each in islice(place.unsaid, MOST_COUNTED) if each in place.holds]
        crowd = max(0, len(place.unsaid) - MOST_COUNTED)
        found = await self._roll.count(place.room_name, coming)
        if found is None:
            return len(place.holds)
        version, online = found
        self._order.begin(place.room_name, version)
        return max(online + crowd, len(place.holds))

    def _let_go(self, place: Place, member: str) -> None:
        hold = place.holds.pop(member)
        self._note(place, member, hold.name)

    def _note(self, place: Place, member: str, name: str) -> None:
        place.unsaid[member] = None
        # Whoever comes and goes within one step was never there for those who would have been told.
        if place.untold.pop(member, None) is None:
            place.untold[member] = name
        self._settle_soon(place)

    def _settle_soon(self, place: Place) -> None:
        loop = asyncio.get_running_loop()
        if place.room_name not in self._unsettled:
            place.due = loop.time() + (GATHER_LARGE_SECONDS if place.large else GATHER_SECONDS)
            self._unsettled[place.room_name] = place
        if self._settling is None or self._settling.done():
            self._settling = loop.create_task(self._settle_all())

    async def _settle_all(self) -> None:
        while self._unsettled:
            await asyncio.sleep(GATHER_SECONDS)
            now = asyncio.get_running_loop().time()
            await self._settle([place for place in self._unsettled.values() if place.due <= now])

    async def _settle(self, places: Iterable[Place]) -> None:
        """Write on the roll what has changed in these rooms, as much as goes into one step, and announce it."""
        moves: dict[str, Moves] = {}
        left = MOST_MOVES
        for place in places:
            if left > 0:
                moves[place.room_name] = Moves(place.room_name, place.version, place.moves(left))
                left -= len(moves[place.room_name].members)
        if not moves:
            return
        changes = await self._roll.settle(moves.values())
        for room_name, said in moves.items():
            self._settled(self._places[room_name], said.members, alone=changes is None)
        for change in changes or ():
            self._announce(change)

    def _settled(self, place: Place, said: Mapping[str, str | None], *, alone: bool) -> None:
        if alone:
            self._tell_alone(place)
        else:
            for member, name in said.items():
                if (member in place.holds) == (name is not None):
                    place.unsaid.pop(member, None)
                    place.untold.pop(member, None)
        if alone or not place.unsaid:
            self._unsettled.pop(place.room_name, None)
        if not place.holds and not place.unsaid:
            self._places.pop(place.room_name, None)
            self._order.end(place.room_name)

    def _tell_alone(self, place: Place) -> None:
        """Without Redis: tell members here of their own, under the version they know; the roll is told later."""
        untold, place.untold = place.untold, {}
        joined = {member: name for member, name in untold.items() if member in place.holds}
        left = [member for member in untold if member not in place.holds]
        if joined or left:
            online = len(place.holds)
            self._tell(Change(place.room_name, place.version, online, online > LARGE, joined, left))

    def _announce(self, change: Change) -> None:
        if change.moved:
            self.transitions += len(change.joined) + len(change.left)
            self._bus.announce(MOVED, _packed(change), change.room_name)
        elif place := self._places.get(change.room_name):
            place.online, place.large = change.online, change.large

    async def _hear(self, payload: Mapping[str, Any], room_name: str) -> None:
        """A change was announced, here or in another process."""
        self._take(Change(room_name, **payload))

    def _take(self, change: Change) -> None:
        self._order.begin(change.room_name, change.version - 1)
        for each in self._order.offer(change.room_name, change.version, change):
            self._tell(each)

    def _go_on(self, room_name: str) -> None:
        for each in self._order.give_up(room_name):
            self._tell(each)

    def _tell(self, change: Change) -> None:
        """Tell members here; in a large room names go to those who follow them, and to the rest only a number."""
        place = self._places.get(change.room_name)
        if place is None:
            self._order.end(change.room_name)
            return
        place.version, place.online, place.large = change.version, change.online, change.large
        self._bus.hint("presence.changed", shown(change, named=not change.large), change.room_name)
        if change.large:
            for sid, members in self._watchers.concerned(change.room_name, [*change.joined, *change.left]).items():
                self._bus.hint("presence.changed", shown(_among(change, members)), sid)

    def _renewed(self, lost: bool) -> None:
        """The lease runs on; what could not be said, or may be forgotten, is said (again), and the dead are reaped."""
        for place in self._places.values():
            if lost:
                place.unsaid |= dict.fromkeys(place.holds)
            if place.unsaid:
                self._settle_soon(place)
        if self._reaping is None or self._reaping.done():
            self._reaping = asyncio.get_running_loop().create_task(self._reap())

    async def _reap(self) -> None:
        more = True
        while more:
            more, changes = await self._roll.reap()
            for change in changes:
                self.reaped += len(change.left)
                self._announce(change)


def shown(change: Change, *, named: bool = True) -> dict[str, Any]:
    """A change as the wire shows it, with names or without."""
    told: dict[str, Any] = {"room": change.room_name.rpartition("/")[2], "v": change.version, "online": change.online}
    if named and change.joined:
        told["joined"] = [{"id": member, "name": name} for member, name in change.joined.items()]
    if named and change.left:
        told["left"] = list(change.left)
    return told


def _packed(change: Change) -> dict[str, Any]:
    """A change as it travels between processes."""
    return {
        "version": change.version, "online": change.online, "large": change.large, "joined": dict(change.joined),
        "left": list(change.left),
    }  # fmt: skip


def _among(change: Change, members: Collection[str]) -> Change:
    """Of a change, what concerns some members."""
    joined = {member: name for member, name in change.joined.items() if member in members}
    left = [member for member in change.left if member in members]
    return Change(change.room_name, change.version, change.online, change.large, joined, left)


def _stay(hold: Hold) -> None:
    if hold.leaving is not None:
        hold.leaving.cancel()
        hold.leaving = None
