"""Talk: who is mentioned in which message, the earlier words of messages, and who follows which thread."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, instant, reference, text, unforced, unique

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    _mentions()
    _threads()
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
    op.drop_table("thread_members")
    op.drop_column("messages", "thread_last_at")
    op.drop_table("message_versions")
    op.drop_table("mentions")


def _threads() -> None:
    """When the last reply came, in the first message's own row; and who follows, and has read how far."""
    op.add_column("messages", instant("thread_last_at"))
    with unforced("messages"):
        op.execute(
            "UPDATE messages m SET thread_last_at = r.created_at FROM messages r"
            " WHERE r.channel_id = m.channel_id AND r.room_id = m.room_id AND r.seq = m.thread_last_seq"
        )
        left = "SELECT count(*) FROM messages WHERE thread_last_seq IS NOT NULL AND thread_last_at IS NULL"
        if op.get_bind().scalar(sa.text(left)):
            raise RuntimeError("some threads have no time of their last reply")
    create_owned(
        "thread_members",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("following", sa.Boolean, nullable=False),
        unique("thread_members", "member_id", "message_id"),
        reference("message_id", "messages"),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
    )


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
