"""What the wire keeps in Redis, and on which channels of Redis it speaks: each entry names the channel it is of."""

import asyncio
from collections.abc import Iterator
from typing import Any

from redis import Redis

from cli.isolation.scratch import Ground
from cli.isolation.tally import Tally


async def look_at_redis(ground: Ground) -> Tally:
    """Find entries that are about the other twin and do not say so, or say that they are the attacker's."""
    tally = Tally("The wire in Redis")
    for kind, entry in await asyncio.to_thread(lambda: list(_entries(ground.settings))):
        tally.tried[kind] += 1
        if fault := _fault(entry, ground):
            tally.leak(f"{kind} of Redis {fault}: {entry[:300]}")
    return tally


def _fault(entry: str, ground: Ground) -> str:
    """What is wrong with an entry and the name it lies under; nothing when it is not about the other twin."""
    own, other = str(ground.own.channel_id), str(ground.other.channel_id)
    about = f"{ground.other.mark}-canary" in entry or any(
        one in entry for one in ground.other.uuids() if one != other
    )  # fmt: skip
    if about and other not in entry:
        return "does not name the channel it is of"
    return "names both channels" if own in entry and other in entry else ""


def _entries(settings: Any) -> Iterator[tuple[str, str]]:
    """Every entry that this deployment keeps, after the name of its key, and each channel that somebody hears."""
    with Redis.from_url(settings.redis_url, decode_responses=True, encoding_errors="replace") as redis:
        readers: dict[str, Any] = {
            "string": lambda key: [redis.get(key)],
            "hash": lambda key: redis.hgetall(key).items(),
            "list": lambda key: redis.lrange(key, 0, -1),
            "set": redis.smembers,
            "zset": lambda key: redis.zrange(key, 0, -1),
            "stream": redis.xrange,
        }
        for key in redis.scan_iter(f"*{settings.deployment}*", count=500):
            kind = str(redis.type(key))
            for entry in readers[kind](key) if kind in readers else ():
                yield kind, f"{key} {entry}"
        for name in redis.pubsub_channels(f"*{settings.deployment}*"):
            yield "channel", str(name)
