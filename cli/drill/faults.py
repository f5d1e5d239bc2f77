"""Faults: what is done to the installation, for how long, and how it is undone."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from cli.drill.film import FilmHouse
from cli.drill.installation import Installation
from cli.drill.servers import emptied, restarted, slowed, stopped

SECONDS = 4.0
REDIS_SLOW, POSTGRES_SLOW = 0.3, 0.05
PROCESSES = ("web", "render", "media", "index", "webhooks", "default", "steward")
Happening = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name; it lasts as long as the context, which is held open for `seconds`."""

    name: str
    happens: Happening
    seconds: float = SECONDS


def faults(installation: Installation, film: FilmHouse) -> list[Fault]:
    """What befalls the house itself, its database, its Redis, and the place recordings come from."""
    servers = installation.servers
    return [
        Fault("nothing at all", contextlib.nullcontext),
        *(Fault(f"kill -9 {part}", partial(_killed, installation, part), 1.0) for part in PROCESSES),
        Fault("Redis stopped", lambda: stopped(servers.valkey_tap)),
        Fault("Redis slow", lambda: slowed(servers.valkey_tap, REDIS_SLOW)),
        Fault("Redis killed and emptied", lambda: emptied(servers), 1.0),
        Fault("PostgreSQL stopped", lambda: stopped(servers.postgres_tap)),
        Fault("PostgreSQL slow", lambda: slowed(servers.postgres_tap, POSTGRES_SLOW)),
        Fault("PostgreSQL restarted", lambda: restarted(servers.postgres), 1.0),
        *(
            Fault(f"recording source {manners}", partial(_misbehaving, film, manners))
            for manners in ("down", "cut", "slow", "lies")
        ),
    ]


@contextlib.asynccontextmanager
async def _killed(installation: Installation, part: str) -> AsyncIterator[None]:
    await installation.kill(part)
    yield


@contextlib.asynccontextmanager
async def _misbehaving(film: FilmHouse, manners: str) -> AsyncIterator[None]:
    film.manners = manners
    try:
        yield
    finally:
        film.manners = "good"
