"""What members have begun to write keeps the files that were uploaded for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.add_column("unsent", sa.Column("files", ARRAY(sa.Uuid), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("unsent", "files")
