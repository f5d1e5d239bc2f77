"""Pushes: the browsers in which members want to be told, and of what."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, instant, text, unique

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    create_owned(
        "pushes",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        text("endpoint"),
        sa.Column("p256dh", sa.LargeBinary, nullable=False),
        sa.Column("auth", sa.LargeBinary, nullable=False),
        sa.Column("session_id", sa.Uuid),
        instant("created_at", now=True),
        unique("pushes", "endpoint"),
        sa.CheckConstraint("length(endpoint) BETWEEN 1 AND 1000", name="pushes_endpoint_check"),
        sa.CheckConstraint("length(p256dh) = 65 AND length(auth) = 16", name="pushes_keys_check"),
    )
    index("pushes", "person_id", "created_at")
    op.add_column("notice_choices", sa.Column("push", sa.Boolean, nullable=False, server_default="true"))


def downgrade() -> None:
    op.drop_column("notice_choices", "push")
    op.drop_table("pushes")
