"""A pass with which Google's own client, or another that speaks its API, reaches the files of one channel."""

import asyncio
from dataclasses import dataclass

from cli.stop import Stop
from providers import ProviderRefused
from providers.storage import choose
from providers.storage.disk import DiskStore
from providers.storage.wire import BUCKET
from settings import Settings
from tenants import directory
from tenants.errors import Refusal
from tenants.ids import ChannelId
from tenants.scope import Tenancy


@dataclass(frozen=True, slots=True)
class Pass:
    """What a program is given: the API's endpoint, the bucket, how its files' names begin, the bearer token."""

    endpoint: str
    bucket: str
    prefix: str
    token: str


def make_pass(settings: Settings, slug: str, hours: int) -> Pass:
    """A pass for `hours`; Stop with a sentence where files are in a bucket, or there is no such channel."""
    secret = settings.secret_key.get_secret_value()
    store = choose(settings.storage, settings.base_url, secret, settings.home)
    if not isinstance(store, DiskStore):
        raise Stop("STORAGE is a bucket of Google's: give rights on it there, by IAM.")
    try:
        channel = asyncio.run(_channel(settings, slug))
        token = store.signer.channel_pass(str(channel), hours * 3600)
    except Refusal as refusal:
        raise Stop(refusal.message) from None
    except ProviderRefused as refused:
        raise Stop(refused.message) from None
    return Pass(f"{store.base_url}/storage", BUCKET, f"c/{channel}/", token)


async def _channel(settings: Settings, slug: str) -> ChannelId:
    tenancy = Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"))
    try:
        return (await directory.channel_at(tenancy, slug=slug)).id
    finally:
        await tenancy.close()
