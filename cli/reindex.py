"""`guildhall reindex`: the search index made anew from the rows, while everything goes on."""

import asyncio
from collections.abc import AsyncIterator

import search
from cli.console import say, step
from cli.stop import Stop
from search.indexing import rebuild
from settings import Settings
from tenants import directory
from tenants.errors import NotFound, Unavailable
from tenants.ids import ChannelId
from tenants.scope import Tenancy

PAGE = 100


def reindex(settings: Settings, slug: str | None) -> None:
    """Make the index of one channel, or of every one, equal to its rows; Stop when there is no such channel."""
    asyncio.run(_reindex(settings, slug))


async def _reindex(settings: Settings, slug: str | None) -> None:
    tenancy = Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"), size=1)
    engine = search.choose(settings.elasticsearch_url)
    count = 0
    try:
        async for channel_id, name in _chosen(tenancy, slug):
            with step(f"{name} is indexed"):
                count += await rebuild(tenancy, engine, channel_id)
    except NotFound:
        raise Stop(f"There is no channel at /c/{slug}. Its short name is the last part of its address.") from None
    except Unavailable as trouble:
        raise Stop(str(trouble)) from None
    finally:
        await tenancy.close()
    say(f"{count} rows were looked at.")


async def _chosen(tenancy: Tenancy, slug: str | None) -> AsyncIterator[tuple[ChannelId, str]]:
    if slug is not None:
        channel = await directory.channel_at(tenancy, slug=slug)
        yield channel.id, channel.slug
        return
    after = None
    while page := await directory.every_channel(tenancy, after=after, limit=PAGE):
        for row in page:
            yield ChannelId(row["id"]), row["slug"]
        after = page[-1]["id"]
