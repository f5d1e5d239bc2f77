"""Incoming webhooks: addresses by which programs write in rooms, what was refused there, and whose a message is."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_function, create_owned, index, instant, reference, text

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    create_owned(
        "incoming_webhooks",
        text("name"),
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("address", sa.Uuid, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default="true"),
        text("trouble", default=""),
        sa.Column("posts", sa.BigInteger, nullable=False, server_default="0"),
        instant("last_posted_at"),
        instant("created_at", now=True),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
        directory=True,
    )
    index("incoming_webhooks", "room_id")
    index("incoming_webhooks", "member_id")
    # What is sent names the address alone: the directory's function looks for it across channels.
    op.execute("CREATE INDEX incoming_webhooks_directory_idx ON incoming_webhooks (address)")
    op.execute("COMMENT ON INDEX incoming_webhooks_directory_idx IS 'directory'")
    _refusals()
    create_function(
        "channel_of_incoming(webhook_address uuid)",
        "TABLE (channel_id uuid, id uuid, suspended boolean)",
        """SELECT w.channel_id, w.id, c.state = 'suspended'
           FROM incoming_webhooks w JOIN channels c ON c.id = w.channel_id
           JOIN members m ON m.channel_id = w.channel_id AND m.id = w.member_id JOIN people p ON p.id = m.person_id
           WHERE w.address = webhook_address AND c.state <> 'closed' AND p.closed_at IS NULL LIMIT 1""",
    )
    _programs()


def _refusals() -> None:
    """The last of what came and was not taken; it goes with its webhook."""
    create_owned(
        "incoming_refusals",
        sa.Column("webhook_id", sa.Uuid, nullable=False),
        instant("at", now=True),
        sa.Column("status", sa.Integer, nullable=False),
        text("code"),
        text("said"),
        text("delivery", default=""),
        reference("webhook_id", "incoming_webhooks", ondelete="CASCADE"),
    )
    index("incoming_refusals", "webhook_id", "id DESC")


def _programs() -> None:
    """Whose a message is, where a program wrote it."""
    # A program may be gone, and what it said stays under its name: so this refers to nothing.
    op.add_column("messages", sa.Column("program_id", sa.Uuid))
    op.add_column("messages", text("program", nullable=True))
    op.create_check_constraint(
        "messages_program_check", "messages", "(program_id IS NULL) = (program IS NULL)"
    )  # fmt: skip


def downgrade() -> None:
    op.drop_column("messages", "program")
    op.drop_column("messages", "program_id")
    op.execute("DROP FUNCTION channel_of_incoming")
    op.drop_table("incoming_refusals")
    op.drop_table("incoming_webhooks")
