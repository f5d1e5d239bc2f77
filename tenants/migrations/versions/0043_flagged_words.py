"""What a message said when it was flagged, and who acted in what is appealed against."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import text, unforced

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("flags", text("said", default=""))
    op.add_column("moderation_cases", sa.Column("acted_by", sa.Uuid))
    op.create_foreign_key(
        "moderation_cases_channel_id_acted_by_fkey",
        "moderation_cases",
        "members",
        ["channel_id", "acted_by"],
        ["channel_id", "id"],
    )
    with unforced("moderation_cases"), unforced("appeals"), unforced("moderation_acts"):
        op.execute(
            "UPDATE moderation_cases c SET acted_by = a.by_member"
            " FROM appeals p JOIN moderation_acts a ON (a.channel_id, a.id) = (p.channel_id, p.act_id)"
            " WHERE (p.channel_id, p.case_id) = (c.channel_id, c.id)"
        )


def downgrade() -> None:
    op.drop_column("moderation_cases", "acted_by")
    op.drop_column("flags", "said")
