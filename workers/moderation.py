"""Moderation's jobs: deleted words are forgotten in time, raids end on time, weekly reports write themselves."""

from datetime import UTC, date, datetime

from tenants import directory
from tenants.community import hiding
from tenants.jobs import EndRaid, ForgetWords, WriteReport
from tenants.moderation import raid, reports
from tenants.permissions import acting_system
from workers.registry import Work, Workshop, performs

BATCH = 200


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


@performs(WriteReport, seconds=120)
async def write_report(work: Work, asked: WriteReport) -> None:
    """Write it; one that stands already stays."""
    async with work.scope() as scope:
        await reports.write(scope, date.fromisoformat(asked.week_on))


async def ask_for_reports(shop: Workshop, now: datetime | None = None) -> int:
    """Ask for the reports of channels whose week has ended and has none yet; how many. Asked twice, one is written."""
    due = await directory.reports_due(shop.tenancy, now or datetime.now(UTC), BATCH)
    for channel_id, week_on in due:
        async with shop.tenancy.scope(channel_id, acting_system("clock")) as scope:
            scope.enqueue(WriteReport(week_on.isoformat()))
    return len(due)
