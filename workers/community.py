"""The community: what follows a change of its members."""

from tenants.community import renaming
from tenants.jobs import RenameMentions
from workers.registry import Work, performs


@performs(RenameMentions, seconds=60)
async def rename_mentions(work: Work, asked: RenameMentions) -> None:
    """One page of messages at a time, each in a transaction of its own, so that nobody waits long for a row."""
    async with work.scope() as scope:
        before = await renaming.rename_some(scope, asked.member_id, asked.before)
        if before is not None:
            scope.enqueue(RenameMentions(asked.member_id, before))
