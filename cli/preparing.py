"""What `guildhall storage prepare` does to the bucket that STORAGE names; done again it changes nothing."""

import asyncio

from cli.stop import Stop
from providers import ProviderDown, ProviderRefused
from providers.storage import Place
from providers.storage.gcs import open_store
from providers.storage.gcs_bucket import prepare_bucket
from settings import Settings


def prepare(settings: Settings) -> list[str]:
    """What was changed, in sentences; Stop with the cure when something stands in the way."""
    if not settings.storage.startswith("gcs:"):
        raise Stop("STORAGE is a folder of this machine, which needs no preparing. Set it to gcs:BUCKET first.")
    try:
        return asyncio.run(_prepare(settings))
    except (ProviderDown, ProviderRefused) as hindrance:
        raise Stop(hindrance.message) from None
    except ValueError as wrong:
        raise Stop(str(wrong)) from None


async def _prepare(settings: Settings) -> list[str]:
    secret = settings.secret_key.get_secret_value()
    store = open_store(settings.storage.removeprefix("gcs:"), Place(settings.base_url, secret, settings.home))
    try:
        changed = await prepare_bucket(store.wire, settings.base_url)
        await store.probe()
        return changed
    finally:
        await store.close()
