"""Direct rooms, seen by those in them alone, in the sight of open sockets too; whom a member has blocked."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_function, create_owned, index, instant, reference, text, unforced, unique

revision = "0024"
down_revision = "0023"

STANDING = "rooms_standing(channels uuid[], at_members uuid[], at_rooms uuid[])"
KINDS_BEFORE = ("open", "members", "announcement", "private", "batch")
RINGS_BEFORE = ("certificate", "recording", "order", "mention", "reply", "raid")
STATES = ("in", "asked", "declined", "shut", "refused")
LISTED = """SELECT a.place
           FROM unnest(channels, at_members, at_rooms) WITH ORDINALITY AS a (channel_id, member_id, room_id, place)
           LEFT JOIN rooms r ON r.channel_id = a.channel_id AND r.id = a.room_id
           LEFT JOIN members m ON m.channel_id = a.channel_id AND m.id = a.member_id
           LEFT JOIN room_members i
             ON i.channel_id = a.channel_id AND i.room_id = a.room_id AND i.member_id = a.member_id"""
PRIVATE = "(r.kind = 'private' AND i.id IS NULL AND m.role NOT IN ('owner', 'admin'))"
DIRECT = "(r.kind = 'direct' AND i.id IS NULL)"
BATCH = """(r.kind = 'batch' AND m.role = 'student' AND NOT EXISTS (
               SELECT 1 FROM enrollments e WHERE e.channel_id = a.channel_id AND e.member_id = a.member_id
                 AND e.batch_id = r.batch_id AND e.state = 'active'))"""


def upgrade() -> None:
    _kinds("rooms", (*KINDS_BEFORE, "direct"))
    _kinds("rings", (*RINGS_BEFORE, "direct"))
    op.add_column("room_members", text("state", default="in"))
    op.create_check_constraint("room_members_state_check", "room_members", _is_one_of("state", STATES))
    index("room_members", "member_id")
    create_owned(
        "direct_talks",
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("people_key", sa.Uuid),
        sa.Column("pair", sa.Boolean, nullable=False),
        sa.Column("started_by", sa.Uuid, nullable=False),
        instant("started_at", now=True),
        instant("last_at", now=True),
        unique("direct_talks", "room_id"),
        unique("direct_talks", "people_key"),
        reference("room_id", "rooms"),
        reference("started_by", "members"),
    )
    index("direct_talks", "started_by", "started_at")
    create_owned(
        "blocks",
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("blocked_id", sa.Uuid, nullable=False),
        instant("at", now=True),
        unique("blocks", "member_id", "blocked_id"),
        reference("member_id", "members"),
        reference("blocked_id", "members"),
    )
    index("blocks", "blocked_id")
    op.execute("DROP FUNCTION rooms_standing")
    _standing(f"{PRIVATE} OR {DIRECT} OR {BATCH}")


def downgrade() -> None:
    op.execute("DROP FUNCTION rooms_standing")
    _standing(f"{PRIVATE} OR {BATCH}")
    op.drop_table("blocks")
    op.drop_table("direct_talks")
    op.drop_column("room_members", "state")
    op.execute("DROP INDEX room_members_member_id_idx")
    with unforced("rings"):
        op.execute("DELETE FROM rings WHERE kind = 'direct'")
    _kinds("rings", RINGS_BEFORE)
    _kinds("rooms", KINDS_BEFORE)


def _standing(lost: str) -> None:
    create_function(STANDING, "TABLE (place bigint)", f"{LISTED} WHERE r.id IS NULL OR {lost}")


def _kinds(table: str, kinds: tuple[str, ...]) -> None:
    # Its name as `create_table` gave it, by the naming convention of the tables.
    name = f"{table}_{table}_kind_check_check"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({_is_one_of('kind', kinds)})")


def _is_one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"
