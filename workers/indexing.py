"""Indexing as the index worker does it: one ticket follows all changes of a channel that wait."""

import structlog

from providers import ProviderDown, ProviderRefused
from search import following, indexing
from search.followed import FollowedSearch
from tenants.ids import ChannelId
from workers.registry import Workshop

log = structlog.get_logger("workers.indexing")


async def drain(shop: Workshop, channel_id: ChannelId) -> None:
    """Follow the changes of a channel until none are left; killed at any point, the rest is done by the next ticket.

    While a second engine is away its changes wait, and the steward sends the ticket again.
    """
    followed = 0
    while count := await indexing.drain(shop.tenancy, shop.search, channel_id):
        followed += count
    log.info("indexed", channel=str(channel_id), changes=followed)
    if isinstance(shop.search, FollowedSearch):
        await _catch_up(shop, shop.search, channel_id)


async def _catch_up(shop: Workshop, engine: FollowedSearch, channel_id: ChannelId) -> None:
    try:
        while await following.catch_up(shop.tenancy, engine, channel_id):
            pass
    except (ProviderDown, ProviderRefused) as away:
        log.warning("the search engine follows later", channel=str(channel_id), reason=away.message)
