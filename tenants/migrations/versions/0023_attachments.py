"""Files of messages: which message a file is in, and how large a picture is."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, reference

revision = "0023"
down_revision = "0022"

PURPOSES_BEFORE = ("logo", "cover", "thumbnail", "video", "audio", "attachment", "recording", "certificate")
PURPOSES = (*PURPOSES_BEFORE, "message")


def upgrade() -> None:
    _purposes(PURPOSES)
    for name in ("width", "height"):
        op.add_column("files", sa.Column(name, sa.Integer))
    # Its id is the file's own: a file is in one message, or in none. No column of `files`, for courses have files, and
    # messages stand in rooms of batches of courses: no two tables may need one another.
    create_owned(
        "message_files",
        sa.Column("message_id", sa.Uuid, nullable=False),
        reference("id", "files"),
        reference("message_id", "messages"),
        relay="SELECT",
    )
    index("message_files", "message_id")


def downgrade() -> None:
    op.drop_table("message_files")
    for name in ("height", "width"):
        op.drop_column("files", name)
    _purposes(PURPOSES_BEFORE)


def _purposes(words: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    # Its name as `create_table` gave it, by the naming convention of the tables.
    op.execute("ALTER TABLE files DROP CONSTRAINT files_files_purpose_check_check")
    op.execute(f"ALTER TABLE files ADD CONSTRAINT files_files_purpose_check_check CHECK (purpose IN ({listed}))")
