"""The servers under a drilled installation: a PostgreSQL and a Valkey of its own, each behind a tap."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from cli.drill.taps import Tap, tapped
from providers.embedded import EmbeddedPostgres, EmbeddedValkey
from providers.embedded.home import socket_folder

POSTGRES_SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Servers:
    """What can be stopped and restarted, and the taps in front."""

    home: Path
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    postgres_tap: Tap
    valkey_tap: Tap

    @property
    def environment(self) -> dict[str, str]:
        """The settings by which an installation reaches them, through the taps."""
        taps = _taps(self.home)
        return {
            "DATABASE_URL": f"postgresql://guildhall_owner@/guildhall?host={taps}",
            "REDIS_URL": f"unix://{taps / 'valkey.sock'}",
        }


@contextlib.asynccontextmanager
async def served(home: Path) -> AsyncIterator[Servers]:
    """Both servers in the folder `home`, until the block ends."""
    postgres, valkey = EmbeddedPostgres(home / "pg"), EmbeddedValkey(home / "kv")
    with contextlib.ExitStack() as ending:
        for server in (postgres, valkey):
            server.start()
            ending.callback(server.stop)
        async with (
            tapped(_taps(home) / POSTGRES_SOCKET, socket_folder(home / "pg") / POSTGRES_SOCKET) as postgres_tap,
            tapped(_taps(home) / "valkey.sock", valkey.socket) as valkey_tap,
        ):
            yield Servers(home, postgres, valkey, postgres_tap, valkey_tap)


def _taps(home: Path) -> Path:
    return home / "taps"


@contextlib.asynccontextmanager
async def stopped(tap: Tap) -> AsyncIterator[None]:
    """Within the block nothing passes a tap; what passed is broken off."""
    tap.shut = True
    tap.cut()
    try:
        yield
    finally:
        tap.shut = False


@contextlib.asynccontextmanager
async def slowed(tap: Tap, seconds: float) -> AsyncIterator[None]:
    """Within the block all that passes a tap takes so much longer."""
    tap.seconds = seconds
    try:
        yield
    finally:
        tap.seconds = 0.0


@contextlib.asynccontextmanager
async def emptied(servers: Servers) -> AsyncIterator[None]:
    """Valkey is stopped, loses all it held, and starts again before the block does."""
    servers.valkey.stop()
    for kept in (servers.home / "kv").rglob("appendonlydir/*"):
        kept.unlink()
    servers.valkey.start()
    yield


@contextlib.asynccontextmanager
async def restarted(server: EmbeddedPostgres | EmbeddedValkey) -> AsyncIterator[None]:
    """A server is away for half a second before the block begins, and keeps what it held."""
    server.stop()
    await asyncio.sleep(0.5)
    server.start()
    yield
