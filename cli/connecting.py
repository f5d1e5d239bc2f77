"""Making a live connection from the command line, as the system itself."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from cli.stop import Stop
from providers import ProviderDown, ProviderRefused
from providers.live import choose
from providers.live.credentials import FieldRefused
from providers.live.hosts import LiveHosts
from settings import Settings
from tenants import directory, links
from tenants.errors import Refusal
from tenants.live import connections
from tenants.permissions import acting_system
from tenants.scope import Tenancy
from tenants.sealing import Seals


@dataclass(frozen=True, slots=True)
class Made:
    """A new connection: where its provider posts to, the secret if we made it, and what a check said, if any."""

    url: str
    secret: str
    said: str


def connect(
    settings: Settings, slug: str, provider: str, name: str, credentials: dict[str, str], *, check: bool
) -> Made:
    """Connect a channel to a provider; Stop with a sentence when a credential is wrong, or the channel cannot."""
    try:
        kept = choose(provider).check(credentials)
    except FieldRefused as wrong:
        raise Stop(f"--{wrong.field.replace('_', '-')}: {wrong.sentence}") from None
    try:
        connection_id = asyncio.run(_connect(settings, slug, provider, name, kept))
    except Refusal as refusal:
        raise Stop(refusal.message) from None
    url = "" if provider == "link" else links.absolute(settings.base_url, links.live_webhook(connection_id))
    said = asyncio.run(_check(settings, provider, kept)) if check else ""
    return Made(url, kept if provider == "generic" and not credentials else "", said)


async def _check(settings: Settings, provider: str, kept: str) -> str:
    hosts = LiveHosts(settings.recording_hosts)
    try:
        return await hosts.of(provider, kept).probe()
    except (ProviderDown, ProviderRefused) as hindrance:
        return f"✘ {hindrance.message}"
    finally:
        await hosts.close()


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
