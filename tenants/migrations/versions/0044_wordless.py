"""Messages whose words are gone count as unread no more: found without reading the others."""

from alembic import op

from tenants.migrations.schema import index

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    wordless = "hidden_at IS NOT NULL OR deleted_at IS NOT NULL"
    index("messages", "room_id", "seq", where=wordless, name="messages_wordless")


def downgrade() -> None:
    op.execute("DROP INDEX messages_wordless")
