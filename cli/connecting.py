"""Making a live connection from the command line, as the system itself."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from cli.stop import Stop
from providers.live import choose
from settings import Settings
from tenants import directory, links
from tenants.errors import Refusal
from tenants.live import connections
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tenants.sealing import Seals


@dataclass(frozen=True, slots=True)
class Made:
    """A new connection: where its provider posts to, and by which secret it is known."""

    url: str
    secret: str


def connect(settings: Settings, slug: str, provider: str, name: str) -> Made:
    """Connect a channel to a provider; Stop with a sentence when there is no such channel, or no room for one more."""
    secret = choose(provider).make_secret()
    try:
        connection_id = asyncio.run(_connect(settings, slug, provider, name, secret))
    except Refusal as refusal:
        raise Stop(refusal.message) from None
    return Made(links.absolute(settings.base_url, links.live_webhook(connection_id)), secret)


async def _connect(settings: Settings, slug: str, provider: str, name: str, secret: str) -> UUID:
    tenancy = Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"))
    seals = Seals(settings.secret_key.get_secret_value().encode())
    try:
        channel = await directory.channel_at(tenancy, slug=slug)
        async with tenancy.scope(channel.id, acting_system("live connect")) as scope:
            row = await connections.add(scope, seals, name=name, provider=provider, secret=secret)
    finally:
        await tenancy.close()
    return UUID(str(row["id"]))
