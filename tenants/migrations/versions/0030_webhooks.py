"""Outgoing webhooks: endpoints, what is sent to them, and each attempt."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tenants.migrations.schema import create_owned, index, instant, one_of, reference, text, unforced

revision = "0030"
down_revision = "0029"

STATES = ("waiting", "taken", "failed")
RINGS_BEFORE = ("certificate", "recording", "order", "mention", "reply", "raid", "direct")
RESTRAINTS_BEFORE = ("mute", "slow", "filters", "raid")


def upgrade() -> None:
    _one_of("rings", "kind", (*RINGS_BEFORE, "webhook"))
    _one_of("restraints", "kind", (*RESTRAINTS_BEFORE, "webhooks"))
    create_owned(
        "webhook_endpoints",
        text("name"),
        text("url"),
        sa.Column("events", ARRAY(sa.Text), nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default="true"),
        text("trouble", default=""),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("sealed_before", sa.LargeBinary),
        instant("before_until"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        instant("away_until"),
        instant("created_at", now=True),
    )
    _log()


def _log() -> None:
    """What is sent, and each attempt; both go with their endpoint, and after 30 days."""
    create_owned(
        "webhook_deliveries",
        sa.Column("endpoint_id", sa.Uuid, nullable=False),
        text("event"),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        text("state", default="waiting"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        instant("created_at", now=True),
        instant("ended_at"),
        one_of("webhook_deliveries", "state", STATES),
        reference("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        relay="SELECT, DELETE",
    )
    index("webhook_deliveries", "endpoint_id", "id DESC")
    create_owned(
        "webhook_attempts",
        sa.Column("delivery_id", sa.Uuid, nullable=False),
        instant("at", now=True),
        sa.Column("took_ms", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        text("trouble", default=""),
        text("request_head"),
        text("response_head", default=""),
        reference("delivery_id", "webhook_deliveries", ondelete="CASCADE"),
    )
    index("webhook_attempts", "delivery_id", "at DESC")


def downgrade() -> None:
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_endpoints"):
        op.drop_table(table)
    with unforced("rings"), unforced("restraints"):
        op.execute("DELETE FROM rings WHERE kind = 'webhook'")
        op.execute("DELETE FROM restraints WHERE kind = 'webhooks'")
    _one_of("rings", "kind", RINGS_BEFORE)
    _one_of("restraints", "kind", RESTRAINTS_BEFORE)


def _one_of(table: str, column: str, words: tuple[str, ...]) -> None:
    """Other words for a column; the check's name is as `create_table` gave it, by the naming convention."""
    listed = ", ".join(f"'{word}'" for word in words)
    name = f"{table}_{table}_{column}_check_check"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({listed}))")
