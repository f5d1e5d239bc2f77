"""When a program last took something, and which held messages no program was told of yet."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import instant, unforced

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("webhook_endpoints", instant("last_taken_at"))
    op.add_column("withheld", sa.Column("untold", sa.Boolean, nullable=False, server_default="false"))
    with unforced("withheld"), unforced("messages"):
        # What was changed had passed before, and was told then.
        op.execute(
            "UPDATE withheld w SET untold = true FROM messages m"
            " WHERE w.held AND m.channel_id = w.channel_id AND m.id = w.message_id AND m.edited_at IS NULL"
        )


def downgrade() -> None:
    op.drop_column("withheld", "untold")
    op.drop_column("webhook_endpoints", "last_taken_at")
