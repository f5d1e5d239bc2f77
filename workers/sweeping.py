"""Sweeping: what people began to upload and never finished, or never sent, goes, from the store first, then its row."""

from contextlib import suppress
from uuid import UUID

import structlog

from providers import ProviderDown, ProviderRefused
from providers.storage import ObjectStore
from tenants import relay
from tenants.files import files
from tenants.permissions import acting_system
from tenants.scope import Scope
from workers.registry import Workshop

log = structlog.get_logger("workers.sweeping")
BATCH = 100


async def sweep_uploads(shop: Workshop) -> int:
    """Give up to BATCH uploads up that are older than two days, each in its own transaction; how many went."""
    gone = 0
    for channel_id, file_id in await relay.uploads_left(shop.tenancy, BATCH):
        try:
            async with shop.tenancy.scope(channel_id, acting_system("sweep")) as scope:
                gone += await give_up(scope, shop.store, file_id)
        except ProviderDown as down:
            log.warning("will sweep later", reason=down.message)
            break
    return gone


async def give_up(scope: Scope, store: ObjectStore, file_id: UUID) -> bool:
    """Free what the store holds of an upload while nobody can finish, send or wear it; False when somebody does."""
    file = await files.left_behind(scope, file_id)
    if file is None:
        return False
    if file["session"] is not None:
        # The store may have swept the session itself.
        with suppress(ProviderRefused):
            await store.resumable(file["session"]).abort()
    await store.delete(file["object_key"])
    if file["purpose"] == "message":
        await store.delete(files.thumbnail_key(scope.channel_id, file_id))
    await files.forget(scope, file_id)
    return True
