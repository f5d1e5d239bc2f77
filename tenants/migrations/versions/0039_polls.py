"""Polls in messages, and one vote for each member in each of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tenants.migrations.schema import create_owned, index, reference, unique

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    for table in ("messages", "withheld"):
        op.add_column(table, sa.Column("poll", JSONB))
    # No time of a vote: in an anonymous poll it would say whose it is.
    create_owned(
        "poll_votes",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("options", ARRAY(sa.SmallInteger), nullable=False),
        unique("poll_votes", "message_id", "member_id"),
        reference("message_id", "messages"),
        reference("member_id", "members"),
        sa.CheckConstraint("cardinality(options) BETWEEN 1 AND 10", name="poll_votes_options_check"),
    )
    index("poll_votes", "member_id")


def downgrade() -> None:
    op.drop_table("poll_votes")
    for table in ("withheld", "messages"):
        op.drop_column(table, "poll")
