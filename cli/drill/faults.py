"""Faults: what is done to the installation, for how long, and how it is undone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from cli.drill.film import FilmHouse
from cli.drill.installation import Installation
from cli.drill.taps import Tap

SECONDS = 4.0
REDIS_SLOW, POSTGRES_SLOW = 0.3, 0.05
PROCESSES = ("web", "render", "media", "index", "default", "steward")
Happening = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name; it lasts as long as the context, which is held open for `seconds`."""

    name: str
    happens: Happening
    seconds: float = SECONDS


def faults(installation: Installation, film: FilmHouse) -> list[Fault]:
    """What befalls the house itself, its database, its Redis, and the place recordings come from."""
    return [
        Fault("nothing at all", contextlib.nullcontext),
        *(Fault(f"kill -9 {part}", partial(_killed, installation, part), 1.0) for part in PROCESSES),
        Fault("Redis stopped", lambda: _stopped(installation.valkey_tap)),
        Fault("Redis slow", lambda: _slowed(installation.valkey_tap, REDIS_SLOW)),
        Fault("Redis killed and emptied", lambda: _emptied(installation), 1.0),
        Fault("PostgreSQL stopped", lambda: _stopped(installation.postgres_tap)),
        Fault("PostgreSQL slow", lambda: _slowed(installation.postgres_tap, POSTGRES_SLOW)),
        Fault("PostgreSQL restarted", lambda: _restarted(installation), 1.0),
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
async def _stopped(tap: Tap) -> AsyncIterator[None]:
    tap.shut = True
    tap.cut()
    try:
        yield
    finally:
        tap.shut = False


@contextlib.asynccontextmanager
async def _slowed(tap: Tap, seconds: float) -> AsyncIterator[None]:
    tap.seconds = seconds
    try:
        yield
    finally:
        tap.seconds = 0.0


@contextlib.asynccontextmanager
async def _emptied(installation: Installation) -> AsyncIterator[None]:
    installation.valkey.stop()
    for kept in (installation.home / "kv").rglob("appendonlydir/*"):
        kept.unlink()
    installation.valkey.start()
    yield


@contextlib.asynccontextmanager
async def _restarted(installation: Installation) -> AsyncIterator[None]:
    installation.postgres.stop()
    await asyncio.sleep(0.5)
    installation.postgres.start()
    yield


@contextlib.asynccontextmanager
async def _misbehaving(film: FilmHouse, manners: str) -> AsyncIterator[None]:
    film.manners = manners
    try:
        yield
    finally:
        film.manners = "good"
