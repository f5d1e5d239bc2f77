"""Talk: who is mentioned in which message, and the earlier words of messages."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, instant, reference, text, unique

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    _mentions()
    create_owned(
        "message_versions",
        sa.Column("message_id", sa.Uuid, nullable=False),
        text("body"),
        instant("written_at", now=True),
        reference("message_id", "messages"),
    )
    index("message_versions", "message_id", "written_at")
    # Where a day begins in a room.
    index("messages", "room_id", "created_at", "seq")


def downgrade() -> None:
    op.drop_index("messages_room_id_created_at_seq_idx", "messages")
    op.drop_table("message_versions")
    op.drop_table("mentions")


def _mentions() -> None:
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
