"""Courses: files, courses with sections and lessons, batches, enrollments, progress; look-alike channel addresses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_owned, index, instant, one_of, reference, text, unique

revision = "0003"
down_revision = "0002"

PURPOSES = ("logo", "cover", "thumbnail", "video", "audio", "attachment", "recording", "certificate")
KINDS = ("text", "video", "audio", "file", "embed", "quiz", "assignment", "live", "recording")
STATES = ("draft", "published")
LOOKS = "replace(replace(translate(slug, '01', 'ol'), 'rn', 'm'), 'vv', 'w')"


def upgrade() -> None:
    op.add_column("channels", sa.Column("looks", sa.Text, sa.Computed(LOOKS, persisted=True), nullable=False))
    op.create_unique_constraint("channels_looks_key", "channels", ["looks"])
    index("members", "id", where="role IN ('owner', 'teacher')", name="members_teachers_idx")
    _files()
    _courses()
    _lessons()
    _batches()
    _enrollments()
    _progress()


def downgrade() -> None:
    for table in ("progress", "enrollments", "batches", "lessons", "sections", "courses", "files"):
        op.drop_table(table)
    op.execute("DROP INDEX members_teachers_idx")
    op.drop_column("channels", "looks")


def _files() -> None:
    create_owned(
        "files",
        sa.Column("owner_id", sa.Uuid),
        text("name"),
        text("content_type"),
        sa.Column("size", sa.BigInteger),
        sa.Column("crc32c", sa.BigInteger),
        text("object_key"),
        text("purpose"),
        text("state", default="pending"),
        text("session", nullable=True),
        instant("created_at", now=True),
        instant("ready_at"),
        sa.Column("duration_seconds", sa.Integer),
        sa.Column("thumbnail_id", sa.Uuid),
        instant("examined_at"),
        text("fault", nullable=True),
        reference("owner_id", "members"),
        reference("thumbnail_id", "files"),
        unique("files", "object_key"),
        one_of("files", "purpose", PURPOSES),
        one_of("files", "state", ("pending", "ready")),
        relay="SELECT",
    )
    index("files", "owner_id", "created_at DESC", where="state = 'pending'", name="files_pending_idx")


def _courses() -> None:
    create_owned(
        "courses",
        text("slug"),
        text("title"),
        text("summary", default=""),
        text("about", default=""),
        text("about_html", default=""),
        sa.Column("outcomes", JSONB, nullable=False, server_default="[]"),
        sa.Column("thumbnail_id", sa.Uuid),
        text("state", default="draft"),
        *_edited(),
        instant("published_at"),
        unique("courses", "slug"),
        reference("thumbnail_id", "files"),
        one_of("courses", "state", STATES),
    )
    create_owned(
        "sections",
        sa.Column("course_id", sa.Uuid, nullable=False),
        text("title"),
        sa.Column("position", sa.Integer, nullable=False),
        *_edited(),
        reference("course_id", "courses", ondelete="CASCADE"),
    )
    index("sections", "course_id", "position", "id")


def _lessons() -> None:
    create_owned(
        "lessons",
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("section_id", sa.Uuid, nullable=False),
        text("kind"),
        text("title"),
        text("body", default=""),
        text("html", default=""),
        text("embed_url", nullable=True),
        sa.Column("file_id", sa.Uuid),
        sa.Column("thumbnail_id", sa.Uuid),
        sa.Column("duration_seconds", sa.Integer, nullable=False, server_default="0"),
        sa.Column("free", sa.Boolean, nullable=False, server_default="false"),
        text("state", default="draft"),
        sa.Column("position", sa.Integer, nullable=False),
        *_edited(),
        instant("published_at"),
        reference("course_id", "courses", ondelete="CASCADE"),
        reference("section_id", "sections"),
        reference("file_id", "files"),
        reference("thumbnail_id", "files"),
        one_of("lessons", "kind", KINDS),
        one_of("lessons", "state", STATES),
    )
    index("lessons", "course_id", "position", "id")
    index("lessons", "section_id")
    index("lessons", "file_id", where="file_id IS NOT NULL")


def _batches() -> None:
    create_owned(
        "batches",
        sa.Column("course_id", sa.Uuid, nullable=False),
        text("name"),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("seats", sa.Integer, nullable=False, server_default="0"),
        text("time_zone", default="UTC"),
        text("state", default="open"),
        *_edited(),
        reference("course_id", "courses", ondelete="CASCADE"),
        one_of("batches", "state", ("open", "closed", "cancelled")),
        sa.CheckConstraint("seats >= 0", name="batches_seats_check"),
    )
    index("batches", "course_id", "starts_on")


def _enrollments() -> None:
    create_owned(
        "enrollments",
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("batch_id", sa.Uuid),
        text("state", default="active"),
        instant("enrolled_at", now=True),
        instant("left_at"),
        instant("heard_at"),
        sa.Column("credit", sa.Float, nullable=False, server_default="15"),
        instant("finished_at"),
        unique("enrollments", "member_id", "course_id"),
        reference("member_id", "members"),
        reference("course_id", "courses", ondelete="CASCADE"),
        reference("batch_id", "batches"),
        one_of("enrollments", "state", ("active", "left")),
        statistics="channel_id, course_id",
    )
    index("enrollments", "course_id", "id")
    index("enrollments", "batch_id", where="state = 'active'")


def _progress() -> None:
    create_owned(
        "progress",
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("lesson_id", sa.Uuid, nullable=False),
        sa.Column("played", JSONB, nullable=False, server_default="[]"),
        sa.Column("position", sa.Float, nullable=False, server_default="0"),
        instant("opened_at", now=True),
        instant("done_at"),
        unique("progress", "member_id", "lesson_id"),
        reference("member_id", "members"),
        reference("lesson_id", "lessons", ondelete="CASCADE"),
    )
    index("progress", "lesson_id")


def _edited() -> tuple["sa.Column[int]", "sa.Column[object]", "sa.Column[object]"]:
    version = sa.Column("version", sa.Integer, nullable=False, server_default="1")
    return version, instant("created_at", now=True), instant("updated_at", now=True)
