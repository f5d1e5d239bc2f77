"""What this installation leans on, as services: how to ask each whether it is well, and what is lost without it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from redis.asyncio import Redis

from server.context import House
from server.health import Probe
from tenants.scope import Tenancy

VENDOR_FRESH, VENDOR_SECONDS = 30.0, 10.0
REDIS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service behind a port: the setting that names it, `ask` as of the port's `probe`, and the cost of losing it."""

    name: str
    setting: str
    loss: str
    ask: Callable[[], Awaitable[Any]]


def services(house: House) -> list[Service]:
    """Every service that a setting chose, its embedded twin included."""
    return [
        Service(
            "storage", "STORAGE", "Files and films do not open, and uploads and recordings wait.", house.store.probe
        ),
        Service("mail", "MAIL", "Mails wait and go out when it is back.", house.mailer.probe),
        Service(
            "payments", "PAYMENTS", "Nobody can buy; what was paid is settled when it is back.", house.payments.probe
        ),
        Service(
            "search",
            "ELASTICSEARCH_URL",
            "Searches are answered by PostgreSQL, and changes wait for the engine.",
            house.search.probe,
        ),
    ]


def probes(house: House, redis_url: str) -> list[Probe]:
    """What `/readyz` asks: only without PostgreSQL is nothing to be had here."""
    return [
        Probe("postgresql", partial(_ask_database, house.tenancy), required=True),
        *([Probe("redis", partial(_ask_redis, redis_url))] if redis_url else []),
        *(Probe(each.name, each.ask, fresh=VENDOR_FRESH, seconds=VENDOR_SECONDS) for each in services(house)),
    ]


async def _ask_database(tenancy: Tenancy) -> None:
    await tenancy.app.ask("select 1")


async def _ask_redis(url: str) -> None:
    async with Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS) as redis:
        await redis.ping()
