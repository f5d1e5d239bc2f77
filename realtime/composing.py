"""Typing: never stored for long, merged per room, forgotten with their message, or six seconds after the last key."""

import asyncio
import time
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from realtime import rooms
from realtime.bus import Bus
from realtime.shared import Shared

FORGET_SECONDS = 6.0
EVERY_SECONDS = 1.0
GATHER_SECONDS = 0.2
MOST_NAMES = 3


class Composing:
    """Who is typing where."""

    def __init__(self, bus: Bus, shared: Shared, deployment: str) -> None:
        self._bus, self._shared, self._deployment = bus, shared, deployment
        self._here: dict[str, dict[str, float]] = {}
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[object]] = set()

    async def close(self) -> None:
        """Tell no more."""
        tasks = [*self._telling.values(), *self._ending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def note(self, room_name: str, room: UUID, member: UUID, name: str) -> None:
        """A member is typing; told at most once a second for each of them."""
        typing = self._here.setdefault(room_name, {})
        mark, now = f"{member}\x1f{name}", time.time()
        if typing.get(mark, 0) - FORGET_SECONDS > now - EVERY_SECONDS:
            return
        typing[mark] = now + FORGET_SECONDS
        if room_name not in self._telling:
            self._telling[room_name] = asyncio.get_running_loop().create_task(self._tell(room_name, str(room)))

    def spoke(self, room_name: str, member: str) -> None:
        """A member's message has come: they type it no more. Each process hears it, and ends what it was told."""
        typing = self._here.get(room_name, {})
        marks = [mark for mark in typing if mark.startswith(f"{member}\x1f")]
        if not marks:
            return
        for mark in marks:
            del typing[mark]
        key = rooms.typing(self._deployment, room_name)
        task = asyncio.get_running_loop().create_task(self._shared.ask(lambda redis: redis.zrem(key, *marks)))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _tell(self, room_name: str, room: str) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        del self._telling[room_name]
        names = await self._merged(room_name)
        payload = {"room": room, "names": names[:MOST_NAMES], "more": max(0, len(names) - MOST_NAMES)}
        await self._bus.tell("typing", payload, room_name)

    async def _merged(self, room_name: str) -> list[str]:
        now, key = time.time(), rooms.typing(self._deployment, room_name)
        here = {mark: until for mark, until in self._here.get(room_name, {}).items() if until > now}
        self._here[room_name] = here
        asyncio.get_running_loop().call_later(FORGET_SECONDS, self._prune, room_name)

        async def merge(redis: Redis) -> Any:
            async with redis.pipeline(transaction=False) as pipe:
                if here:
                    pipe.zadd(key, here)
                pipe.zremrangebyscore(key, "-inf", now)
                pipe.expire(key, int(FORGET_SECONDS))
                pipe.zrange(key, 0, -1)
                return await pipe.execute()

        found = await self._shared.ask(merge)
        marks = [mark.decode() for mark in found[-1]] if found else list(here)
        return [mark.partition("\x1f")[2] for mark in marks]

    def _prune(self, room_name: str) -> None:
        if max(self._here.get(room_name, {}).values(), default=0) <= time.time():
            self._here.pop(room_name, None)
