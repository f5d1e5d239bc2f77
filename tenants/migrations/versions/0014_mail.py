"""Mail that should not be sent: addresses that the relay refuses, and kinds of mail that people want no more of."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, create_shared, instant, text, unique

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    create_shared(
        "bounces",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        text("email_key"),
        text("reason"),
        instant("at", now=True),
    )
    create_owned(
        "unsubscribes",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        text("kind"),
        instant("at", now=True),
        unique("unsubscribes", "person_id", "kind"),
        grant="SELECT, INSERT, DELETE",
    )


def downgrade() -> None:
    op.drop_table("unsubscribes")
    op.drop_table("bounces")
