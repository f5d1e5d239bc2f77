"""When a member was last here, for those who let it be seen."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import instant

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("profiles", sa.Column("shows_seen", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("profiles", instant("seen_at"))


def downgrade() -> None:
    op.drop_column("profiles", "seen_at")
    op.drop_column("profiles", "shows_seen")
