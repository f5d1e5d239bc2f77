"""Community: rooms and who is in private ones, messages with a dense number per room, reactions, read marks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_owned, index, instant, one_of, reference, text, unique

revision = "0004"
down_revision = "0003"

KINDS = ("open", "members", "announcement", "private")


def upgrade() -> None:
    create_owned(
        "rooms",
        text("slug"),
        text("name"),
        text("topic", default=""),
        text("kind", default="members"),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.Column("head_seq", sa.BigInteger, nullable=False, server_default="0"),
        instant("created_at", now=True),
        instant("archived_at"),
        unique("rooms", "slug"),
        one_of("rooms", "kind", KINDS),
    )
    op.execute("ALTER TABLE rooms SET (fillfactor = 70)")
    create_owned(
        "room_members",
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        instant("added_at", now=True),
        unique("room_members", "room_id", "member_id"),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
    )
    _messages()
    create_owned(
        "reactions",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        text("emoji"),
        instant("created_at", now=True),
        unique("reactions", "message_id", "emoji", "member_id"),
        reference("message_id", "messages"),
        reference("member_id", "members"),
    )
    create_owned(
        "room_reads",
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        unique("room_reads", "member_id", "room_id"),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
    )


def downgrade() -> None:
    for table in ("room_reads", "reactions", "messages", "room_members", "rooms"):
        op.drop_table(table)


def _messages() -> None:
    create_owned(
        "messages",
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        text("body"),
        text("html"),
        sa.Column("reply_to", sa.Uuid),
        sa.Column("thread_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("thread_last_seq", sa.BigInteger),
        sa.Column("reactions", JSONB, nullable=False, server_default="[]"),
        sa.Column("files", JSONB, nullable=False, server_default="[]"),
        instant("created_at", now=True),
        instant("edited_at"),
        instant("deleted_at"),
        unique("messages", "room_id", "seq"),
        unique("messages", "member_id", "client_id"),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
        reference("reply_to", "messages"),
        statistics="channel_id, room_id",
    )
    index("messages", "reply_to", "seq", where="reply_to IS NOT NULL")
