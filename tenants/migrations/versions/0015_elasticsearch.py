"""A second search engine: changes that the documents here have followed wait for it, and its writes have versions."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import text

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("index_changes", sa.Column("followed", sa.Boolean, nullable=False, server_default="false"))
    op.add_column("index_changes", text("refused", nullable=True))
    op.execute("CREATE SEQUENCE search_versions")
    op.execute("GRANT USAGE, SELECT, UPDATE ON SEQUENCE search_versions TO guildhall_app")
    op.execute("GRANT SELECT ON SEQUENCE search_versions TO guildhall_backup")


def downgrade() -> None:
    op.execute("DROP SEQUENCE search_versions")
    op.drop_column("index_changes", "refused")
    op.drop_column("index_changes", "followed")
