"""Filters, what they caught, and what they remember of a writer for a day; raids; messages that a filter holds back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_owned, index, instant, one_of, reference, text, unforced

revision = "0022"
down_revision = "0021"

KINDS = ("words", "links", "newcomers", "repeats")
ACTIONS = ("hold", "refuse", "flag")
RESTRAINTS_BEFORE = ("mute", "slow")
RESTRAINTS = (*RESTRAINTS_BEFORE, "filters", "raid")
RINGS_BEFORE = ("certificate", "recording", "order", "mention", "reply")
KEPT = "SELECT, INSERT, UPDATE"


def upgrade() -> None:
    op.add_column("withheld", sa.Column("held", sa.Boolean, nullable=False, server_default="false"))
    _one_of("restraints", "kind", RESTRAINTS)
    _one_of("rings", "kind", (*RINGS_BEFORE, "raid"))
    _filters()
    create_owned(
        "traces",
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("of_message", sa.Uuid, nullable=False),
        sa.Column("text_hash", sa.LargeBinary, nullable=False),
        instant("at", now=True),
        reference("member_id", "members"),
        relay="SELECT, DELETE",
    )
    index("traces", "member_id", "at")
    create_owned(
        "raids",
        sa.Column("by_member", sa.Uuid, nullable=False),
        sa.Column("ended_by", sa.Uuid),
        instant("began_at", now=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        instant("ended_at"),
        reference("by_member", "members"),
        reference("ended_by", "members"),
        grant=KEPT,
    )
    op.execute("CREATE UNIQUE INDEX raids_standing_key ON raids (channel_id) WHERE ended_at IS NULL")


def downgrade() -> None:
    for table in ("raids", "traces", "filter_catches", "filters"):
        op.drop_table(table)
    with unforced("restraints"):
        op.execute("DELETE FROM restraints WHERE kind IN ('filters', 'raid')")
    _one_of("restraints", "kind", RESTRAINTS_BEFORE)
    with unforced("rings"):
        op.execute("DELETE FROM rings WHERE kind = 'raid'")
    _one_of("rings", "kind", RINGS_BEFORE)
    op.drop_column("withheld", "held")


def _filters() -> None:
    create_owned(
        "filters",
        text("name"),
        text("kind"),
        sa.Column("rule", JSONB, nullable=False),
        text("action"),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.Column("exempt_days", sa.Integer),
        sa.Column("exempt_enrolled", sa.Boolean, nullable=False, server_default="false"),
        instant("created_at", now=True),
        one_of("filters", "kind", KINDS),
        one_of("filters", "action", ACTIONS),
    )
    create_owned(
        "filter_catches",
        sa.Column("filter_id", sa.Uuid),
        text("name"),
        text("action"),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Uuid),
        sa.Column("case_id", sa.Uuid),
        instant("at", now=True),
        one_of("filter_catches", "action", ACTIONS),
        reference("filter_id", "filters", ondelete="SET NULL (filter_id)"),
        reference("member_id", "members"),
        reference("room_id", "rooms"),
        reference("message_id", "messages"),
        reference("case_id", "moderation_cases"),
        grant=KEPT,
    )
    index("filter_catches", "at")
    index("filter_catches", "case_id", where="case_id IS NOT NULL")
    index("filter_catches", "filter_id", where="filter_id IS NOT NULL")


def _one_of(table: str, column: str, words: tuple[str, ...]) -> None:
    """Other words for a column; the check's name is as `create_table` gave it, by the naming convention."""
    listed = ", ".join(f"'{word}'" for word in words)
    name = f"{table}_{table}_{column}_check_check"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({listed}))")
