"""`guildhall reindex`: the search index made anew from the rows, while everything goes on."""

import asyncio
from collections.abc import AsyncIterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

import search
from cli.console import OUT, say, step
from cli.stop import Stop
from providers import ProviderDown, ProviderRefused
from search import SearchEngine, following
from search.followed import FollowedSearch
from search.indexing import rebuild
from settings import Settings
from tenants import directory, relay
from tenants.errors import NotFound, Unavailable
from tenants.ids import ChannelId
from tenants.scope import Tenancy

PAGE = 100
Chosen = list[tuple[ChannelId, str]]


def reindex(settings: Settings, slug: str | None) -> None:
    """Make the index of one channel, or of every one, equal to its rows; Stop when there is no such channel."""
    asyncio.run(_reindex(settings, slug))


async def _reindex(settings: Settings, slug: str | None) -> None:
    tenancy = Tenancy.open(settings.role_url("guildhall_app"), settings.role_url("guildhall_relay"), size=1)
    engine = search.choose(settings.elasticsearch_url, settings.deployment)
    try:
        async with relay.alone(tenancy, "reindex") as got:
            if not got:
                raise Stop("Another `guildhall reindex` is at work. Wait until it is done.")
            await _work(tenancy, engine, [each async for each in _chosen(tenancy, slug)], whole=slug is None)
    except NotFound:
        raise Stop(f"There is no channel at /c/{slug}. Its short name is the last part of its address.") from None
    except (Unavailable, ProviderDown, ProviderRefused) as trouble:
        raise Stop(trouble.message) from None
    finally:
        await engine.close()
        await tenancy.close()


async def _work(tenancy: Tenancy, engine: SearchEngine, channels: Chosen, *, whole: bool) -> None:
    with _progress() as progress:
        bar = progress.add_task("PostgreSQL", total=len(channels))
        rows = 0
        for channel_id, name in channels:
            with step(f"{name} is indexed"):
                rows += await rebuild(tenancy, engine, channel_id)
            progress.advance(bar)
        if isinstance(engine, FollowedSearch):
            bar = progress.add_task("Elasticsearch", total=len(channels))
            await (_anew if whole else _in_place)(tenancy, engine, channels, progress, bar)
    say(f"{rows} rows were looked at.")
    if isinstance(engine, FollowedSearch):
        refused = sum([await following.refused(tenancy, channel_id) for channel_id, _ in channels])
        if refused:
            say(f"{refused} documents were refused by Elasticsearch; the log says which and why.")


async def _anew(tenancy: Tenancy, engine: FollowedSearch, channels: Chosen, progress: Progress, bar: TaskID) -> None:
    """Fill a new index, which changes reach meanwhile too, and have it searched in the place of the old one."""
    indexes = engine.follower.indexes
    await indexes.drop_abandoned()
    name = await indexes.create()
    for channel_id, _ in channels:
        await following.fill(tenancy, engine, channel_id)
        progress.advance(bar)
    await indexes.swap(name)


async def _in_place(
    tenancy: Tenancy, engine: FollowedSearch, channels: Chosen, progress: Progress, bar: TaskID
) -> None:
    await engine.follower.indexes.require_searched()
    for channel_id, _ in channels:
        await following.fill(tenancy, engine, channel_id)
        await following.drop_gone(tenancy, engine, channel_id)
        progress.advance(bar)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=OUT,
    )  # fmt: skip


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
