"""Pinned messages of a room, and messages that a member keeps for themselves."""

import sqlalchemy as sa

from tenants.migrations.schema import create_owned, index, instant, reference, unique

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    create_owned(
        "pins",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        instant("created_at", now=True),
        unique("pins", "message_id"),
        reference("message_id", "messages"),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
    )
    index("pins", "room_id", "created_at")
    index("pins", "member_id")
    create_owned(
        "bookmarks",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        instant("created_at", now=True),
        unique("bookmarks", "member_id", "message_id"),
        reference("message_id", "messages"),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
    )
    index("bookmarks", "member_id", "room_id")
    index("bookmarks", "message_id")
    index("bookmarks", "room_id")
