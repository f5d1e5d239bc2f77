"""Rooms of live classes at hosted providers, and connections of every kind."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

from tenants.migrations.schema import create_owned, instant, reference, text, unique

revision = "0013"
down_revision = "0011"

# As the naming convention of the tables made it.
CHECK = "live_connections_live_connections_provider_check_check"
KINDS = ("livekit", "zoom", "bigbluebutton", "link", "generic")


def upgrade() -> None:
    _allow(KINDS)
    create_owned(
        "live_rooms",
        sa.Column("class_id", sa.Uuid, nullable=False),
        sa.Column("connection_id", sa.Uuid, nullable=False),
        text("ref", nullable=True),
        sa.Column("sealed_facts", BYTEA),
        text("problem", default=""),
        sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
        instant("claimed_until"),
        instant("opened_at"),
        unique("live_rooms", "class_id", "connection_id"),
        unique("live_rooms", "connection_id", "ref"),
        reference("class_id", "live_classes", ondelete="CASCADE"),
        reference("connection_id", "live_connections"),
    )


def downgrade() -> None:
    op.drop_table("live_rooms")
    _allow(("generic",))


def _allow(kinds: tuple[str, ...]) -> None:
    """The kinds a connection may be of."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute(f"ALTER TABLE live_connections DROP CONSTRAINT {CHECK}")
    op.execute(f"ALTER TABLE live_connections ADD CONSTRAINT {CHECK} CHECK (provider IN ({listed}))")
