"""A second search engine: changes that the documents here have followed wait for it, and its writes have versions."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, text

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("index_changes", sa.Column("followed", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("index_changes", text("refused", nullable=True))
    create_owned("search_versions", sa.Column("version", sa.BigInteger, nullable=False), grant="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("search_versions")
    op.drop_column("index_changes", "refused")
    op.drop_column("index_changes", "followed")
