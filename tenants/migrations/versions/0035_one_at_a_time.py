"""Who sends to an endpoint now, and what waits there in its order."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import index, instant

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("webhook_endpoints", sa.Column("busy_by", sa.Uuid))
    op.add_column("webhook_endpoints", instant("busy_until"))
    index(
        "webhook_deliveries", "endpoint_id", "id", where="state = 'waiting' AND attempts = 0",
        name="webhook_deliveries_untried_idx",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("webhook_deliveries_untried_idx", "webhook_deliveries")
    op.drop_column("webhook_endpoints", "busy_until")
    op.drop_column("webhook_endpoints", "busy_by")
