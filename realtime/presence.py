"""Presence: who is in a room now, however many devices and processes they use.

Each process asserts its members in Redis under leases; a script there compares who is in a room with who was, in one
step, so that each coming and going is announced once. A member who drops off stays ten seconds and more, so that a
reload does not flap; a process that dies is missed after its leases. While Redis is away each process knows its own.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from redis.asyncio import Redis

from realtime import rooms
from realtime.bus import Bus
from realtime.shared import Shared

GRACE_SECONDS = 10.0
LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
GATHER_SECONDS = 0.25
LARGE = 200

_SETTLE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local at, held, names = 6, tonumber(ARGV[5]), {}
for _ = 1, held do
  names[ARGV[at]] = ARGV[at + 1]
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[at] .. '|' .. ARGV[4])
  at = at + 2
end
for place = at, #ARGV do redis.call('ZREM', KEYS[1], ARGV[place] .. '|' .. ARGV[4]) end
local here, online, joined, left = {}, 0, {}, {}
for _, lease in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local member = string.match(lease, '^[^|]+')
  if not here[member] then
    here[member] = true
    online = online + 1
    if redis.call('HEXISTS', KEYS[2], member) == 0 then
      local name = names[member] or ''
      redis.call('HSET', KEYS[2], member, name)
      joined[#joined + 1] = member
      joined[#joined + 1] = name
    end
  end
end
for _, member in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not here[member] then
    redis.call('HDEL', KEYS[2], member)
    left[#left + 1] = member
  end
end
redis.call('SET', KEYS[3], ARGV[3], 'NX')
local version = tonumber(redis.call('GET', KEYS[3]))
if #joined + #left > 0 then version = redis.call('INCR', KEYS[3]) end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, 604800) end
return {version, online, joined, left}
"""


@dataclass(slots=True)
class Hold:
    """A member whom this process asserts in a room: their sockets here, or until when they are given time."""

    name: str
    sids: set[str] = field(default_factory=set)
    until: float = float("inf")


@dataclass(slots=True)
class Place:
    """A room as this process knows it: its holds, whom it let go, and what was announced last without Redis."""

    channel_room: str
    room: str
    holds: dict[str, Hold] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    known: dict[str, str] = field(default_factory=dict)
    version: int = 0
    settling: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Who came and went, and how many are here then."""

    version: int
    online: int
    joined: dict[str, str]
    left: list[str]


class Presence:
    """Who is where, kept by this process together with the others."""

    def __init__(self, bus: Bus, shared: Shared, deployment: str) -> None:
        self._bus, self._shared, self._deployment = bus, shared, deployment
        self._process = uuid4().hex[:12]
        self._places: dict[str, Place] = {}
        self._renewing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to renew the leases of this process."""
        self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def close(self) -> None:
        """Stop; the leases run on, so that those who come back to another process were never away."""
        tasks = [place.settling for place in self._places.values() if place.settling] + [self._renewing]
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)

    async def join(self, room_name: str, room: UUID, member: UUID, name: str, sid: str) -> int:
        """A socket of a member is in a room; how many are there with them."""
        place = self._places.setdefault(room_name, Place(room_name, str(room)))
        hold = place.holds.setdefault(str(member), Hold(name))
        hold.sids.add(sid)
        hold.name, hold.until = name, float("inf")
        place.gone.discard(str(member))
        self._settle_soon(place)
        here = await self.here(room_name)
        return len(here.joined.keys() | place.holds.keys())

    def leave(self, room_name: str, member: UUID, sid: str, *, at_once: bool) -> None:
        """A socket is no more in a room: at once when it said so, with time to come back when it dropped off."""
        place = self._places.get(room_name)
        hold = place.holds.get(str(member)) if place else None
        if place is None or hold is None or sid not in hold.sids:
            return
        hold.sids.discard(sid)
        if not hold.sids:
            hold.until = time.monotonic() + (0 if at_once else GRACE_SECONDS)
            if at_once:
                self._settle_soon(place)

    async def here(self, room_name: str) -> Change:
        """Everyone in a room, as a change from nobody."""
        place = self._places.get(room_name) or Place(room_name, "")
        keys = rooms.presence(self._deployment, room_name)

        async def look(redis: Redis) -> Any:
            async with redis.pipeline(transaction=False) as pipe:
                pipe.hgetall(keys[1])
                pipe.get(keys[2])
                return await pipe.execute()

        if found := await self._shared.ask(look):
            names = {member.decode(): name.decode() for member, name in found[0].items()}
            return Change(int(found[1] or 0), len(names), names, [])
        return Change(place.version, len(place.known), dict(place.known), [])

    def _settle_soon(self, place: Place) -> None:
        if place.settling is None or place.settling.done():
            place.settling = asyncio.get_running_loop().create_task(self._settle_later(place))

    async def _settle_later(self, place: Place) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        await self._settle(place)

    async def _settle(self, place: Place) -> None:
        """Agree with the other processes on who is in a room, and tell it what changed."""
        self._let_go(place)
        holds = {member: hold.name for member, hold in place.holds.items()}
        gone, place.gone = place.gone, set()
        change = await self._agree(place, holds, gone) or _alone(place, holds)
        place.version = change.version
        place.known = holds
        if change.joined or change.left:
            await self._bus.tell("presence.changed", shown(place.room, change), place.channel_room)
        if not place.holds:
            self._places.pop(place.channel_room, None)

    def _let_go(self, place: Place) -> None:
        now = time.monotonic()
        for member in [member for member, hold in place.holds.items() if hold.until <= now]:
            del place.holds[member]
            place.gone.add(member)

    async def _agree(self, place: Place, holds: dict[str, str], gone: Iterable[str]) -> Change | None:
        now = int(time.time() * 1000)
        asserted = [word for member, name in holds.items() for word in (member, name)]
        until = now + int(LEASE_SECONDS * 1000)
        arguments: list[str | int] = [now, until, max(now, place.version), self._process, len(holds), *asserted, *gone]
        keys = rooms.presence(self._deployment, place.channel_room)
        found = await self._shared.ask(lambda redis: redis.eval(_SETTLE, len(keys), *keys, *arguments))
        if found is None:
            return None
        version, online, joined, left = found
        names = [word.decode() for word in joined]
        return Change(version, online, dict(zip(names[::2], names[1::2], strict=True)), [one.decode() for one in left])

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            for place in list(self._places.values()):
                await self._settle(place)


def shown(room: str, change: Change) -> dict[str, Any]:
    """A change as the wire shows it; in a large room only how many there are."""
    told: dict[str, Any] = {"room": room, "v": change.version, "online": change.online}
    if change.online > LARGE:
        return told
    if change.joined:
        told["joined"] = [{"id": member, "name": name} for member, name in change.joined.items()]
    if change.left:
        told["left"] = change.left
    return told


def _alone(place: Place, holds: dict[str, str]) -> Change:
    joined = {member: name for member, name in holds.items() if member not in place.known}
    left = [member for member in place.known if member not in holds]
    return Change(place.version + bool(joined or left), len(holds), joined, left)
