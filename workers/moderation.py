"""Moderation's jobs: deleted words are forgotten once they can no longer be brought back, raids end on time."""

from tenants.community import hiding
from tenants.jobs import EndRaid, ForgetWords
from tenants.moderation import raid
from workers.registry import Work, performs


@performs(ForgetWords, seconds=30)
async def forget_words(work: Work, asked: ForgetWords) -> None:
    """Forget them; a message that has its words again by now, or is only hidden, keeps them."""
    async with work.scope() as scope:
        await hiding.forget_deleted(scope, asked.message_id)


@performs(EndRaid, seconds=60)
async def end_raid(work: Work, asked: EndRaid) -> None:
    """End it, if it still stands though its time is over."""
    async with work.scope() as scope:
        await raid.run_out(scope, asked.raid_id)
