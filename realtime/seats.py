"""Seats: at most ten connections of one person to one channel, counted in Redis over all processes.

A seat belongs to the process that took it. Whoever finds no seat free first looks for those of processes whose lease
has run out, so that a killed process keeps nobody out for longer than its lease.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from realtime import rooms
from realtime.connections import MOST_PER_PERSON
from realtime.lease import KEEP_SECONDS, NOW, Lease
from realtime.shared import Shared

# KEYS seats, processes; ARGV socket, process, how many → whether there was a seat
_TAKE = f"""
local most = tonumber(ARGV[3])
if redis.call('HLEN', KEYS[1]) >= most then
  {NOW}
  local taken = redis.call('HGETALL', KEYS[1])
  for place = 1, #taken, 2 do
    local lease = redis.call('ZSCORE', KEYS[2], taken[place + 1])
    if not lease or tonumber(lease) < now then redis.call('HDEL', KEYS[1], taken[place]) end
  end
  if redis.call('HLEN', KEYS[1]) >= most then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], {KEEP_SECONDS})
return 1
"""


class Seats:
    """The seats that this process has taken; while Redis is away it gives out its own ten."""

    def __init__(self, shared: Shared, lease: Lease, deployment: str) -> None:
        self._shared, self._lease, self._deployment = shared, lease, deployment
        self._held: dict[str, str] = {}
        # Sockets whose seat Redis has to be told of: that it is taken, or free again.
        self._unsaid: dict[str, str] = {}
        self._saying: asyncio.Task[None] | None = None
        lease.renewed.append(self._renewed)

    async def close(self) -> None:
        """Say what is left to be said."""
        if self._saying is not None:
            await self._saying
        await self._say()

    async def take(self, own_room: str, sid: str) -> bool:
        """Take a seat for a socket of a person; whether there was one."""
        self._held[sid] = own_room
        keys = (rooms.seats(self._deployment, own_room), rooms.processes(self._deployment))
        words = (sid, self._lease.process, MOST_PER_PERSON)
        taken = await self._shared.ask(lambda redis: redis.eval(_TAKE, len(keys), *keys, *words))
        if taken is None:
            self._unsaid[sid] = own_room
        elif not taken:
            self._held.pop(sid, None)
        return taken is None or bool(taken)

    async def taken(self, own_rooms: Sequence[str]) -> set[str]:
        """Of people in channels, those who hold a seat; while Redis is away, here."""

        async def count(redis: Redis) -> Any:
            async with redis.pipeline(transaction=False) as pipe:
                for own_room in own_rooms:
                    pipe.hlen(rooms.seats(self._deployment, own_room))
                return await pipe.execute()

        counts = await self._shared.ask(count) if own_rooms else []
        if counts is None:
            return set(self._held.values()) & set(own_rooms)
        return {own_room for own_room, seats in zip(own_rooms, counts, strict=True) if seats}

    def give_back(self, own_room: str, sid: str) -> None:
        """A socket is gone; never waits."""
        if self._held.pop(sid, None) is not None:
            self._unsaid[sid] = own_room
            self._say_soon()

    def _renewed(self, lost: bool) -> None:
        if lost:
            self._unsaid |= self._held
        if self._unsaid:
            self._say_soon()

    def _say_soon(self) -> None:
        if self._saying is None or self._saying.done():
            self._saying = asyncio.get_running_loop().create_task(self._say())

    async def _say(self) -> None:
        """Tell Redis what it was not told; what comes meanwhile goes with the next word."""
        while unsaid := self._unsaid:
            self._unsaid = {}

            async def settle(redis: Redis, told: dict[str, str] = unsaid) -> Any:
                async with redis.pipeline(transaction=False) as pipe:
                    for sid, own_room in told.items():
                        key = rooms.seats(self._deployment, own_room)
                        if sid in self._held:
                            pipe.hset(key, sid, self._lease.process)
                            pipe.expire(key, KEEP_SECONDS)
                        else:
                            pipe.hdel(key, sid)
                    return await pipe.execute()

            if await self._shared.ask(settle) is None:
                self._unsaid = unsaid | self._unsaid
                return
