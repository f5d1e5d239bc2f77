"""Calls: mentions and replies at the bell, by the message they are about, so that they are read where it is read."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import index

revision = "0021"
down_revision = "0020"

KINDS_BEFORE = ("certificate", "recording", "order")
KINDS = (*KINDS_BEFORE, "mention", "reply")
REFERENCES = (("room_id", "rooms"), ("message_id", "messages"), ("root_id", "messages"))


def upgrade() -> None:
    op.add_column("rings", sa.Column("times", sa.Integer, nullable=False, server_default="1"))
    op.add_column("rings", sa.Column("seq", sa.BigInteger))
    for column, table in REFERENCES:
        op.add_column("rings", sa.Column(column, sa.Uuid))
        op.execute(
            f"ALTER TABLE rings ADD CONSTRAINT rings_channel_id_{column}_fkey"
            f" FOREIGN KEY (channel_id, {column}) REFERENCES {table} (channel_id, id)"
        )
    _kinds(KINDS)
    index("rings", "message_id", "person_id", where="message_id IS NOT NULL")
    index("thread_members", "message_id", "member_id", where="following")


def downgrade() -> None:
    op.drop_index("thread_members_message_id_member_id_idx", "thread_members")
    op.drop_index("rings_message_id_person_id_idx", "rings")
    op.execute("ALTER TABLE rings NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM rings WHERE message_id IS NOT NULL")
    op.execute("ALTER TABLE rings FORCE ROW LEVEL SECURITY")
    _kinds(KINDS_BEFORE)
    for column in ("root_id", "message_id", "room_id", "seq", "times"):
        op.drop_column("rings", column)


def _kinds(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    # Its name as `create_table` gave it, by the naming convention of the tables.
    op.execute("ALTER TABLE rings DROP CONSTRAINT rings_rings_kind_check_check")
    op.execute(f"ALTER TABLE rings ADD CONSTRAINT rings_rings_kind_check_check CHECK (kind IN ({listed}))")
