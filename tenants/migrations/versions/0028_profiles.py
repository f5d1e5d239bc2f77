"""Profiles of members: what each says of themselves, and their picture; names in order, for the directory."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_owned, index, reference, text, unforced, unique

revision = "0028"
down_revision = "0027"

PURPOSES_BEFORE = ("logo", "cover", "thumbnail", "video", "audio", "attachment", "recording", "certificate", "message")


def upgrade() -> None:
    _purposes((*PURPOSES_BEFORE, "picture"))
    op.add_column("members", sa.Column("avatar", sa.Text))
    op.create_check_constraint("members_avatar_check", "members", "length(avatar) <= 300")
    index("members", "lower(name)", "id", where="left_at IS NULL", name="members_by_name_idx")
    create_owned(
        "profiles",
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("picture_id", sa.Uuid),
        text("pronouns", default=""),
        text("about", default=""),
        text("about_html", default=""),
        sa.Column("links", JSONB, nullable=False, server_default="[]"),
        text("time_zone", default=""),
        unique("profiles", "member_id"),
        reference("member_id", "members"),
        reference("picture_id", "files"),
        sa.CheckConstraint("length(pronouns) <= 200", name="profiles_pronouns_check"),
        sa.CheckConstraint("length(about) <= 8000", name="profiles_about_check"),
        sa.CheckConstraint("length(about_html) <= 80000", name="profiles_about_html_check"),
        sa.CheckConstraint("length(time_zone) <= 200", name="profiles_time_zone_check"),
    )


def downgrade() -> None:
    op.drop_table("profiles")
    op.execute("DROP INDEX members_by_name_idx")
    op.drop_column("members", "avatar")
    with unforced("files"):
        op.execute("DELETE FROM files WHERE purpose = 'picture'")
    _purposes(PURPOSES_BEFORE)


def _purposes(words: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    op.execute("ALTER TABLE files DROP CONSTRAINT files_files_purpose_check_check")
    op.execute(f"ALTER TABLE files ADD CONSTRAINT files_files_purpose_check_check CHECK (purpose IN ({listed}))")
