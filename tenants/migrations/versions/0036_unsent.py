"""What members have begun to write and not sent, one text for each room and thread."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, instant, reference, text, unique

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    create_owned(
        "unsent",
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("reply_to", sa.Uuid),
        sa.Column("place_id", sa.Uuid, nullable=False),
        text("body"),
        sa.Column("version", sa.BigInteger, nullable=False),
        instant("written_at", now=True),
        unique("unsent", "member_id", "place_id"),
        reference("member_id", "members"),
        reference("room_id", "rooms"),
        reference("reply_to", "messages"),
    )
    index("unsent", "member_id", "written_at")
    index("unsent", "room_id")
    index("unsent", "reply_to")


def downgrade() -> None:
    op.drop_table("unsent")
