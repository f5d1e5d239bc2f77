"""Writers that remember what the servers acknowledged, until the servers are killed under them."""

import asyncpg
import redis

from providers.embedded import EmbeddedValkey


async def write_rows(connection: asyncpg.Connection, acknowledged: dict[str, int]) -> None:
    try:
        while True:
            await connection.execute("insert into row_ values ($1)", acknowledged["rows"])
            acknowledged["rows"] += 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()


async def write_entries(valkey: EmbeddedValkey, acknowledged: dict[str, int]) -> None:
    async with redis.asyncio.Redis.from_url(valkey.redis_url, retry=None) as line:
        try:
            while True:
                await line.rpush("entries", acknowledged["entries"])
                acknowledged["entries"] += 1
        except (OSError, redis.RedisError):
            return
