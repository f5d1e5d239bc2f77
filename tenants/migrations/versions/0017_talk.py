"""Talk: who is mentioned in which message."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, reference, unique

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    create_owned(
        "mentions",
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Uuid, nullable=False),
        # Without a member the whole room is meant.
        sa.Column("member_id", sa.Uuid),
        sa.Column("seq", sa.BigInteger, nullable=False),
        unique("mentions", "message_id", "member_id"),
        reference("room_id", "rooms"),
        reference("message_id", "messages"),
        reference("member_id", "members"),
    )
    index("mentions", "room_id", "member_id", "seq")
    # A name that changes is changed where its member is mentioned.
    index("mentions", "member_id", "message_id")


def downgrade() -> None:
    op.drop_table("mentions")
