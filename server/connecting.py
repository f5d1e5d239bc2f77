"""Trying a live connection: the provider is asked with the kept credentials, outside of any transaction."""

from uuid import UUID

from providers import ProviderDown, ProviderRefused
from server.context import AtChannel
from tenants.live import connections
from tenants.permissions import Action
from tenants.sealing import Seals


async def check(at: AtChannel, connection_id: UUID) -> tuple[bool, str]:
    """Whether the provider takes the credentials, and its sentence or the cure; for those who plan classes."""
    async with at.scope(readonly=True) as scope:
        scope.require(Action.LIVE_EDIT)
        kind, secret = await connections.credentials(scope, Seals(at.house.secret), connection_id)
    try:
        return True, await at.house.live.of(kind, secret).probe()
    except (ProviderDown, ProviderRefused) as hindrance:
        return False, hindrance.message
