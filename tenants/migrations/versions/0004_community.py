"""Community: rooms and who is in private ones, messages with a dense number per room, reactions, read marks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_function, create_owned, index, instant, one_of, reference, text, unique

revision = "0004"
down_revision = "0003"

KINDS = ("open", "members", "announcement", "private")


def upgrade() -> None:
    _rooms()
    _messages()
    _reactions()
    _directory()


def downgrade() -> None:
    for function in ("sockets_standing", "rooms_standing", "room_heads"):
        op.execute(f"DROP FUNCTION {function}")
    for table in ("room_reads", "reactions", "messages", "room_members", "rooms"):
        op.drop_table(table)


def _rooms() -> None:
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
        directory=True,
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
        directory=True,
    )


def _reactions() -> None:
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


def _directory() -> None:
    """What a process asks about all of its sockets at once, whatever their channels: answers by place in the lists."""
    create_function(
        "sockets_standing(channels uuid[], hashes bytea[])",
        "TABLE (place bigint, code text)",
        """SELECT * FROM (
             SELECT a.place, CASE
               WHEN c.state IS DISTINCT FROM 'open' THEN 'channel_closed'
               WHEN t.hash IS NULL OR s.ended_at IS NOT NULL OR p.closed_at IS NOT NULL THEN 'session_ended'
               WHEN t.spent_at IS NOT NULL OR t.expires_at <= now() THEN 'token_expired'
               WHEN m.banned_at IS NOT NULL AND (m.banned_until IS NULL OR m.banned_until > now()) THEN 'banned'
               WHEN m.id IS NULL OR m.left_at IS NOT NULL THEN 'not_a_member'
             END AS code
             FROM unnest(channels, hashes) WITH ORDINALITY AS a (channel_id, hash, place)
             LEFT JOIN channels c ON c.id = a.channel_id
             LEFT JOIN tokens t ON t.hash = a.hash
             LEFT JOIN sessions s ON s.id = t.session_id
             LEFT JOIN people p ON p.id = t.person_id
             LEFT JOIN members m ON m.channel_id = a.channel_id AND m.person_id = t.person_id
           ) AS each WHERE code IS NOT NULL""",
    )
    create_function(
        "rooms_standing(channels uuid[], at_members uuid[], at_rooms uuid[])",
        "TABLE (place bigint)",
        """SELECT a.place
           FROM unnest(channels, at_members, at_rooms) WITH ORDINALITY AS a (channel_id, member_id, room_id, place)
           LEFT JOIN rooms r ON r.channel_id = a.channel_id AND r.id = a.room_id
           LEFT JOIN members m ON m.channel_id = a.channel_id AND m.id = a.member_id
           LEFT JOIN room_members i
             ON i.channel_id = a.channel_id AND i.room_id = a.room_id AND i.member_id = a.member_id
           WHERE r.id IS NULL OR r.archived_at IS NOT NULL
             OR (r.kind = 'private' AND i.id IS NULL AND m.role NOT IN ('owner', 'admin'))""",
    )
    create_function(
        "room_heads(channels uuid[], at_rooms uuid[])",
        "TABLE (room_id uuid, head_seq bigint)",
        """SELECT r.id, r.head_seq FROM unnest(channels, at_rooms) AS a (channel_id, room_id)
           JOIN rooms r ON r.channel_id = a.channel_id AND r.id = a.room_id""",
    )
