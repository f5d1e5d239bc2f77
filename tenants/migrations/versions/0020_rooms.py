"""Rooms of a batch, seen by those enrolled in it and by the staff, in the sight of open sockets too; icons of rooms;
each member's own settings of a room.

An archived room stays open to the sockets in it: it is read as before, and only writing there has ended.
"""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import (
    create_function,
    create_owned,
    index,
    instant,
    one_of,
    reference,
    show_directory,
    text,
    unique,
)

revision = "0020"
down_revision = "0019"

STANDING = "rooms_standing(channels uuid[], at_members uuid[], at_rooms uuid[])"
KINDS_BEFORE = ("open", "members", "announcement", "private")
KINDS = (*KINDS_BEFORE, "batch")
LISTED = """SELECT a.place
           FROM unnest(channels, at_members, at_rooms) WITH ORDINALITY AS a (channel_id, member_id, room_id, place)
           LEFT JOIN rooms r ON r.channel_id = a.channel_id AND r.id = a.room_id
           LEFT JOIN members m ON m.channel_id = a.channel_id AND m.id = a.member_id
           LEFT JOIN room_members i
             ON i.channel_id = a.channel_id AND i.room_id = a.room_id AND i.member_id = a.member_id"""
PRIVATE = "(r.kind = 'private' AND i.id IS NULL AND m.role NOT IN ('owner', 'admin'))"
BATCH = """(r.kind = 'batch' AND m.role = 'student' AND NOT EXISTS (
               SELECT 1 FROM enrollments e WHERE e.channel_id = a.channel_id AND e.member_id = a.member_id
                 AND e.batch_id = r.batch_id AND e.state = 'active'))"""


def upgrade() -> None:
    op.add_column("rooms", sa.Column("batch_id", sa.Uuid))
    op.execute(
        "ALTER TABLE rooms ADD CONSTRAINT rooms_channel_id_batch_id_fkey"
        " FOREIGN KEY (channel_id, batch_id) REFERENCES batches (channel_id, id) ON DELETE SET NULL (batch_id)"
    )
    index("rooms", "batch_id", where="batch_id IS NOT NULL")
    _kinds(KINDS)
    op.add_column("rooms", text("icon", default=""))
    create_owned(
        "room_settings",
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        text("level", default="all"),
        sa.Column("muted", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("favourite", sa.Boolean, nullable=False, server_default="false"),
        instant("left_at"),
        unique("room_settings", "member_id", "room_id"),
        one_of("room_settings", "level", ("all", "mentions", "nothing")),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
    )
    show_directory("enrollments")
    op.execute("DROP FUNCTION rooms_standing")
    create_function(
        STANDING,
        "TABLE (place bigint)",
        f"{LISTED} WHERE r.id IS NULL OR {PRIVATE} OR {BATCH}",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION rooms_standing")
    create_function(
        STANDING,
        "TABLE (place bigint)",
        f"{LISTED} WHERE r.id IS NULL OR r.archived_at IS NOT NULL OR {PRIVATE}",
    )
    op.execute("DROP POLICY directory ON enrollments")
    op.execute("REVOKE SELECT ON enrollments FROM guildhall_directory")
    _kinds(KINDS_BEFORE)
    op.drop_table("room_settings")
    op.drop_column("rooms", "icon")
    op.drop_column("rooms", "batch_id")


def _kinds(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    # Its name as `create_table` gave it, by the naming convention of the tables.
    op.execute("ALTER TABLE rooms DROP CONSTRAINT rooms_rooms_kind_check_check")
    op.execute(f"ALTER TABLE rooms ADD CONSTRAINT rooms_rooms_kind_check_check CHECK (kind IN ({listed}))")
