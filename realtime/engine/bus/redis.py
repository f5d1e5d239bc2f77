"""Connections to Redis that give up at once: whoever uses them tries again in its own way."""

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from socketio.redis_manager import parse_redis_sentinel_url

PATIENCE_SECONDS = 2.0
# What asking Redis raises while it is away. By a RuntimeError uvloop refuses to write to a connection that is gone and
# of whose loss it has not told yet; redis-py hands that on.
AWAY = (RedisError, OSError, RuntimeError)


def connect(url: str, options: dict[str, Any]) -> "Redis":
    """A client of `redis://`, `rediss://`, `unix://`, `valkey://` or `redis+sentinel://`."""
    given: dict[str, Any] = {
        "socket_timeout": PATIENCE_SECONDS,
        "socket_connect_timeout": PATIENCE_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    } | options
    if "+sentinel" in url.partition(":")[0]:
        sentinels, service, found = parse_redis_sentinel_url(url)
        watched = Sentinel(sentinels, **given | found)  # type: ignore[no-untyped-call]
        master: Redis = watched.master_for(service or "mymaster")
        return master
    return Redis.from_url(url.replace("valkey", "redis", 1) if url.startswith("valkey") else url, **given)
