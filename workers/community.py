"""The community: what follows a change of its members, and bells that are too many to ring at once."""

from tenants.community import bell, renaming
from tenants.jobs import RenameMentions, RingMany
from workers.registry import Work, performs


@performs(RenameMentions, seconds=60)
async def rename_mentions(work: Work, asked: RenameMentions) -> None:
    """One page of messages at a time, each in a transaction of its own, so that nobody waits long for a row."""
    async with work.scope() as scope:
        before = await renaming.rename_some(scope, asked.member_id, asked.before)
        if before is not None:
            scope.enqueue(RenameMentions(asked.member_id, before))


@performs(RingMany, seconds=60)
async def ring_many(work: Work, asked: RingMany) -> None:
    """Ring for some more; however often it is done, each bell rings once."""
    async with work.scope() as scope:
        await bell.ring_on(scope, asked.message_id, asked.after)
