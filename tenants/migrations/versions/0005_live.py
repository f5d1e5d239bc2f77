"""Live: connections to providers, classes, what providers told us, attendance, recordings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from tenants.migrations.schema import create_function, create_owned, index, instant, one_of, reference, text, unique

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _connections()
    _classes()
    _inbox()
    _attendance()
    _recordings()
    create_function(
        "channel_of_connection(connection uuid)",
        "TABLE (channel_id uuid)",
        """SELECT l.channel_id FROM live_connections l JOIN channels c ON c.id = l.channel_id
           WHERE l.id = connection AND l.closed_at IS NULL AND c.state <> 'closed' LIMIT 1""",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION channel_of_connection")
    for table in ("recordings", "attendance", "live_inbox", "live_classes", "live_connections"):
        op.drop_table(table)


def _connections() -> None:
    create_owned(
        "live_connections",
        text("name"),
        text("provider"),
        sa.Column("sealed_secret", BYTEA, nullable=False),
        instant("created_at", now=True),
        instant("closed_at"),
        one_of("live_connections", "provider", ("generic",)),
        directory=True,
    )
    # A webhook names the connection alone: the directory's function looks for it across channels.
    op.execute("CREATE INDEX live_connections_directory_idx ON live_connections (id)")
    op.execute("COMMENT ON INDEX live_connections_directory_idx IS 'directory'")


def _classes() -> None:
    create_owned(
        "live_classes",
        sa.Column("batch_id", sa.Uuid, nullable=False),
        sa.Column("connection_id", sa.Uuid),
        text("title"),
        instant("starts_at", now=True),
        instant("ends_at", now=True),
        text("time_zone", default="UTC"),
        text("url", nullable=True),
        text("state", default="scheduled"),
        instant("ended_at"),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        instant("created_at", now=True),
        instant("updated_at", now=True),
        reference("batch_id", "batches", ondelete="CASCADE"),
        reference("connection_id", "live_connections"),
        one_of("live_classes", "state", ("scheduled", "ended", "cancelled")),
        sa.CheckConstraint("starts_at < ends_at", name="live_classes_times_check"),
    )
    index("live_classes", "batch_id", "starts_at", "id")
    index("live_classes", "starts_at", "id")
    index("live_classes", "connection_id", where="connection_id IS NOT NULL")


def _inbox() -> None:
    create_owned(
        "live_inbox",
        sa.Column("connection_id", sa.Uuid, nullable=False),
        text("event_id"),
        text("kind"),
        sa.Column("class_id", sa.Uuid, nullable=False),
        sa.Column("facts", JSONB, nullable=False, server_default="{}"),
        instant("received_at", now=True),
        unique("live_inbox", "connection_id", "event_id"),
        reference("connection_id", "live_connections"),
        reference("class_id", "live_classes", ondelete="CASCADE"),
        relay="SELECT, DELETE",
    )
    index("live_inbox", "class_id", "received_at")


def _attendance() -> None:
    create_owned(
        "attendance",
        sa.Column("class_id", sa.Uuid, nullable=False),
        text("participant"),
        text("name", default=""),
        text("kind"),
        instant("at", now=True),
        unique("attendance", "class_id", "participant", "at", "kind"),
        reference("class_id", "live_classes", ondelete="CASCADE"),
        one_of("attendance", "kind", ("joined", "left")),
    )


def _recordings() -> None:
    create_owned(
        "recordings",
        sa.Column("class_id", sa.Uuid, nullable=False),
        text("provider_key"),
        text("state"),
        text("reason", nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sealed_url", BYTEA),
        text("content_type", nullable=True),
        sa.Column("size", sa.BigInteger),
        instant("started_at"),
        sa.Column("checkpoint", JSONB),
        sa.Column("file_id", sa.Uuid),
        sa.Column("thumbnail_id", sa.Uuid),
        sa.Column("lesson_id", sa.Uuid),
        instant("created_at", now=True),
        instant("updated_at", now=True),
        unique("recordings", "class_id", "provider_key"),
        reference("class_id", "live_classes", ondelete="CASCADE"),
        reference("file_id", "files"),
        reference("thumbnail_id", "files"),
        reference("lesson_id", "lessons", ondelete="SET NULL (lesson_id)"),
        one_of("recordings", "state", ("announced", "fetching", "ready", "failed")),
    )
    index("recordings", "lesson_id", where="lesson_id IS NOT NULL")
