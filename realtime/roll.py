"""The roll: who is in which room over all processes, kept in Redis; each step costs as much as it changes.

A process asserts members in rooms. Redis counts for each of them the processes that do: the first one brings them in,
the last one takes them out. What a process asserts is also noted under its own name, so that the others can take it
back, a slice at a time, when its lease has run out. Each change of a room raises the room's version by one.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from realtime import rooms
from realtime.lease import KEEP_SECONDS, NOW, Lease
from realtime.shared import Shared

LARGE, SMALL = 200, 150
PAGE = 50
SLICE = 500

# Of one room: its keys, who came and went, and what has to be done in the end.
_ROOM = f"""{NOW}
local function open(base, room)
  return {{here = base .. ':in:' .. room, at = base .. ':at:' .. room, room = room, joined = {{}}, left = {{}}}}
end
local function count(it, member)
  return tonumber(string.match(redis.call('HGET', it.here, member) or '0', '^%d+'))
end
local function come(it, member, name)
  local before = count(it, member)
  redis.call('HSET', it.here, member, (before + 1) .. ' ' .. name)
  if before == 0 then
    table.insert(it.joined, member)
    table.insert(it.joined, name)
  end
end
local function go(it, member)
  local before = count(it, member)
  if before > 1 then
    local name = string.match(redis.call('HGET', it.here, member), '^%d+ (.*)$')
    redis.call('HSET', it.here, member, (before - 1) .. ' ' .. name)
  elseif redis.call('HDEL', it.here, member) == 1 then
    table.insert(it.left, member)
  end
end
local function close(it, least)
  local online = redis.call('HLEN', it.here)
  local at = redis.call('HMGET', it.at, 'v', 'large')
  local version, large = math.max(tonumber(at[1] or now), least), tonumber(at[2] or 0)
  if #it.joined + #it.left > 0 then version = version + 1 end
  if online > {LARGE} then large = 1 elseif online < {SMALL} then large = 0 end
  redis.call('HSET', it.at, 'v', version, 'large', large)
  redis.call('EXPIRE', it.at, {KEEP_SECONDS})
  redis.call('EXPIRE', it.here, {KEEP_SECONDS})
  return {{it.room, version, online, large, it.joined, it.left}}
end
"""
# ARGV base, process, then for each room: it, the least version, how many moves, and each of them: sign, member, name
_SETTLE = f"""{_ROOM}
local held = ARGV[1] .. ':held:' .. ARGV[2]
local place, told = 3, {{}}
while place <= #ARGV do
  local it = open(ARGV[1], ARGV[place])
  local least, moves = tonumber(ARGV[place + 1]), tonumber(ARGV[place + 2])
  place = place + 3
  for _ = 1, moves do
    local sign, member, name = ARGV[place], ARGV[place + 1], ARGV[place + 2]
    local mark = it.room .. '|' .. member
    if sign == '+' then
      if redis.call('HSETNX', held, mark, 1) == 1 then come(it, member, name) end
    elseif redis.call('HDEL', held, mark) == 1 then
      go(it, member)
    end
    place = place + 3
  end
  table.insert(told, close(it, least))
end
redis.call('EXPIRE', held, {KEEP_SECONDS})
return told
"""
# KEYS processes, graves; ARGV base, how many → whether there is more, and the rooms that changed
_REAP = f"""{_ROOM}
local grave = redis.call('SRANDMEMBER', KEYS[2])
if not grave then
  local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)[1]
  if not dead then return {{0, {{}}}} end
  redis.call('ZREM', KEYS[1], dead)
  local held = ARGV[1] .. ':held:' .. dead
  if redis.call('EXISTS', held) == 0 then return {{1, {{}}}} end
  grave = ARGV[1] .. ':grave:' .. dead .. ':' .. now
  redis.call('RENAME', held, grave)
  redis.call('SADD', KEYS[2], grave)
end
local them, told = {{}}, {{}}
for _, mark in ipairs(redis.call('HRANDFIELD', grave, ARGV[2])) do
  local room, member = string.match(mark, '^(.*)|([^|]*)$')
  if not them[room] then them[room] = open(ARGV[1], room) end
  go(them[room], member)
  redis.call('HDEL', grave, mark)
end
for _, it in pairs(them) do table.insert(told, close(it, 0)) end
if redis.call('EXISTS', grave) == 0 then redis.call('SREM', KEYS[2], grave) end
return {{1, told}}
"""
# KEYS who is in a room, its version; ARGV a page, members asked for → version, online, large, members and names
_LOOK = """
local at = redis.call('HMGET', KEYS[2], 'v', 'large')
local large, found = tonumber(at[2] or 0), {}
local function add(member, held) if held then found[#found + 1] = member; found[#found + 1] = held end end
if large == 0 then
  found = redis.call('HGETALL', KEYS[1])
elseif #ARGV > 1 then
  for place = 2, #ARGV do add(ARGV[place], redis.call('HGET', KEYS[1], ARGV[place])) end
else
  local page = redis.call('HSCAN', KEYS[1], 0, 'COUNT', ARGV[1])[2]
  for place = 1, math.min(#page, 2 * ARGV[1]), 2 do add(page[place], page[place + 1]) end
end
return {tonumber(at[1] or 0), redis.call('HLEN', KEYS[1]), large, found}
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Who came into a room and who left it, names by id; how many are there then, and whether that is too many names.

    Of a room that was looked at, `joined` are those who were found there.
    """

    room_name: str
    version: int
    online: int
    large: bool = False
    joined: Mapping[str, str] = field(default_factory=dict)
    left: Sequence[str] = ()

    @property
    def moved(self) -> bool:
        """Whether anybody came or went."""
        return bool(self.joined or self.left)


class Moves(NamedTuple):
    """What a process has to say of a room: members with their names, or None for those it asserts no more."""

    room_name: str
    least_version: int
    members: Mapping[str, str | None]


class Roll:
    """What a process does with the roll; everything it is asked is None, or empty, while Redis is away."""

    def __init__(self, shared: Shared, lease: Lease, deployment: str) -> None:
        self._shared, self._lease, self._deployment = shared, lease, deployment
        self._base = rooms.leased(deployment)

    async def settle(self, moves: Iterable[Moves]) -> list[Change] | None:
        """Write down what has changed, in one step; the rooms as they are then, in no order."""
        words: list[str | int] = [self._base, self._lease.process]
        for room_name, least, members in moves:
            words += [room_name, least, len(members)]
            for member, name in members.items():
                words += ["-", member, ""] if name is None else ["+", member, name]
        found = await self._shared.ask(lambda redis: redis.eval(_SETTLE, 0, *words))
        return None if found is None else [_change(each) for each in found]

    async def reap(self) -> tuple[bool, list[Change]]:
        """Take back a slice of what processes asserted that are dead now: whether to go on, and what has changed."""
        keys = (rooms.processes(self._deployment), f"{self._base}:graves")
        found = await self._shared.ask(lambda redis: redis.eval(_REAP, len(keys), *keys, self._base, SLICE))
        more, changes = found or (0, ())
        return bool(more), [_change(each) for each in changes]

    async def look(self, room_name: str, members: Collection[str] = ()) -> Change | None:
        """Everyone in a room; in a large one those of `members` who are there, or without any the first page."""
        found = await self._shared.ask(lambda redis: redis.eval(_LOOK, 2, *self._keys(room_name), PAGE, *members))
        if found is None:
            return None
        version, online, large, held = found
        names = {member: mark.partition(" ")[2] for member, mark in _pairs(held)}
        return Change(room_name, version, online, bool(large), names)

    async def count(self, room_name: str, coming: Sequence[str]) -> tuple[int, int] | None:
        """The version of a room, which it has from now on, and how many are there or `coming` (some may be both)."""

        async def ask(redis: Any) -> Any:
            here, at = self._keys(room_name)
            async with redis.pipeline(transaction=False) as pipe:
                pipe.hsetnx(at, "v", time.time_ns() // 1_000_000)
                pipe.hget(at, "v")
                pipe.hlen(here)
                pipe.hmget(here, list(coming) or [""])
                return await pipe.execute()

        found = await self._shared.ask(ask)
        if found is None:
            return None
        _, version, online, there = found
        return int(version), online + len(coming) - sum(mark is not None for mark in there)

    def _keys(self, room_name: str) -> tuple[str, str]:
        return f"{self._base}:in:{room_name}", f"{self._base}:at:{room_name}"


def _change(found: Any) -> Change:
    room_name, version, online, large, joined, left = found
    gone = [member.decode() for member in left]
    return Change(room_name.decode(), version, online, bool(large), dict(_pairs(joined)), gone)


def _pairs(found: list[bytes]) -> Iterator[tuple[str, str]]:
    words = [word.decode() for word in found]
    return zip(words[::2], words[1::2], strict=True)
