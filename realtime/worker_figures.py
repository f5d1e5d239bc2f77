"""Figures of processes that nobody can ask: each writes its own to Redis now and then, and whoever is asked reads them.

A process is known by its kind of work and its place; what one wrote that has ended is old soon, and goes.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

EVERY_SECONDS = 5.0
OLD_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one process: calls by provider and outcome, the providers left alone, and how its pools stand by role."""

    worker: str
    calls: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    alone: Mapping[str, bool] = field(default_factory=dict)
    pools: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def write(redis: "Redis", deployment: str, place: str, figures: Figures) -> None:
    """Put the figures of the process at `place` in the stead of its last ones."""
    redis.hset(_key(deployment), f"{figures.worker} {place}", orjson.dumps({"at": time.time(), **asdict(figures)}))
    redis.expire(_key(deployment), 3600)


def forget(redis: "Redis", deployment: str, worker: str, place: str) -> None:
    """The process ends."""
    redis.hdel(_key(deployment), f"{worker} {place}")


async def read(redis: "AsyncRedis", deployment: str) -> list[Figures]:
    """The figures of every process that wrote some lately; older ones are dropped."""
    found: dict[Any, Any] = {name: orjson.loads(text) for name, text in (await redis.hgetall(_key(deployment))).items()}
    old = [name for name, told in found.items() if told.pop("at") < time.time() - OLD_SECONDS]
    if old:
        await redis.hdel(_key(deployment), *old)
    return [Figures(**told) for name, told in found.items() if name not in old]


def _key(deployment: str) -> str:
    return f"{deployment}:figures"
