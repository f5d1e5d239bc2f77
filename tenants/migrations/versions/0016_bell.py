"""The bell: what a person was told in a channel, until they have read it and for a while after."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, instant, one_of, text, unique

revision = "0016"
down_revision = "0015"

KINDS = ("certificate", "recording", "order")
STATES = ("pending", "processing", "expired", "failed", "paid", "disputed", "refunded")


def upgrade() -> None:
    create_owned(
        "rings",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        text("kind"),
        sa.Column("thing_id", sa.Uuid, nullable=False),
        text("title"),
        text("url"),
        text("state", default=""),
        instant("at", now=True),
        instant("read_at"),
        unique("rings", "person_id", "kind", "thing_id"),
        one_of("rings", "kind", KINDS),
        one_of("rings", "state", ("", *STATES)),
    )
    index("rings", "person_id", "id DESC")
    index("rings", "person_id", where="read_at IS NULL", name="rings_unread_idx")


def downgrade() -> None:
    op.drop_table("rings")
