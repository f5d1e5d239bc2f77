"""Indexing as the index worker does it: one ticket follows all changes of a channel that wait."""

import structlog

from search import indexing
from tenants.ids import ChannelId
from workers.registry import Workshop

log = structlog.get_logger("workers.indexing")


async def drain(shop: Workshop, channel_id: ChannelId) -> None:
    """Follow the changes of a channel until none are left; killed at any point, the rest is done by the next ticket."""
    followed = 0
    while count := await indexing.drain(shop.tenancy, shop.search, channel_id):
        followed += count
    log.info("indexed", channel=str(channel_id), changes=followed)
