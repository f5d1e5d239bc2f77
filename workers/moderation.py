"""Moderation's jobs: deleted words are forgotten once they can no longer be brought back."""

from tenants.community import hiding
from tenants.jobs import ForgetWords
from workers.registry import Work, performs


@performs(ForgetWords, seconds=30)
async def forget_words(work: Work, asked: ForgetWords) -> None:
    """Forget them; a message that has its words again by now, or is only hidden, keeps them."""
    async with work.scope() as scope:
        await hiding.forget_deleted(scope, asked.message_id)
