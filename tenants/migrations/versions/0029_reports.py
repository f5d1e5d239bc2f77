"""A report of each week of moderation, and which channels wait for theirs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_function, create_owned, index, instant, unique

revision = "0029"
down_revision = "0028"

# Their week has ended six hours ago or more, in their own zone, and they were there when it began.
DUE = """SELECT c.id, (w.monday - interval '7 days')::date
           FROM channels c, LATERAL (SELECT date_trunc('week', at AT TIME ZONE c.time_zone) AS monday,
                                            at AT TIME ZONE c.time_zone AS clock) w
          WHERE c.state <> 'closed' AND w.clock >= w.monday + interval '6 hours'
            AND c.created_at AT TIME ZONE c.time_zone < w.monday
            AND NOT EXISTS (SELECT 1 FROM moderation_reports r
                             WHERE r.channel_id = c.id AND r.week_on = (w.monday - interval '7 days')::date)
          ORDER BY c.id LIMIT how_many"""


def upgrade() -> None:
    create_owned(
        "moderation_reports",
        sa.Column("week_on", sa.Date, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        instant("made_at", now=True),
        unique("moderation_reports", "week_on"),
        grant="SELECT, INSERT",
        directory=True,
    )
    index("flags", "at")
    index("moderation_acts", "at")
    create_function("reports_due(at timestamptz, how_many integer)", "TABLE (channel_id uuid, week_on date)", DUE)


def downgrade() -> None:
    op.execute("DROP FUNCTION reports_due")
    op.execute("DROP INDEX flags_at_idx")
    op.execute("DROP INDEX moderation_acts_at_idx")
    op.drop_table("moderation_reports")
