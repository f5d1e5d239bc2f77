"""Moderation: flags and the cases they open, acts that are never deleted, appeals, and what holds writers back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from tenants.migrations.schema import create_owned, index, instant, one_of, reference, text, unique

revision = "0018"
down_revision = "0017"

FLAGS = ("spam", "abuse", "unsafe", "off-topic", "other")
CASES = ("flag", "hold", "appeal")
ACTS = ("keep", "hide", "delete", "warn", "slow", "mute", "ban", "note")
RESTRAINTS = ("mute", "slow")
KEPT = "SELECT, INSERT, UPDATE"


def upgrade() -> None:
    op.add_column("messages", instant("hidden_at"))
    _withheld()
    _restraints()
    _cases()
    _acts()
    _appeals()


def downgrade() -> None:
    tables = ("appeals", "moderation_acts", "flags", "moderation_cases", "paces", "restraints", "withheld")
    for table in tables:
        op.drop_table(table)
    op.drop_column("messages", "hidden_at")


def _withheld() -> None:
    create_owned(
        "withheld",
        sa.Column("message_id", sa.Uuid, nullable=False),
        text("body"),
        text("html"),
        sa.Column("reactions", JSONB, nullable=False, server_default="[]"),
        sa.Column("files", JSONB, nullable=False, server_default="[]"),
        text("reason", default=""),
        instant("at", now=True),
        unique("withheld", "message_id"),
        reference("message_id", "messages"),
    )


def _restraints() -> None:
    create_owned(
        "restraints",
        sa.Column("subject", sa.Uuid, nullable=False),
        text("kind"),
        instant("until"),
        sa.Column("seconds", sa.Integer),
        text("reason", default=""),
        unique("restraints", "subject", "kind"),
        one_of("restraints", "kind", RESTRAINTS),
    )
    create_owned(
        "paces",
        sa.Column("room_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        instant("last_at", now=True),
        unique("paces", "room_id", "member_id"),
        reference("room_id", "rooms"),
        reference("member_id", "members"),
    )


def _cases() -> None:
    create_owned(
        "moderation_cases",
        text("kind", default="flag"),
        sa.Column("message_id", sa.Uuid),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("claimed_by", sa.Uuid),
        instant("opened_at", now=True),
        instant("closed_at"),
        instant("claimed_until"),
        one_of("moderation_cases", "kind", CASES),
        reference("message_id", "messages"),
        reference("member_id", "members"),
        reference("claimed_by", "members"),
    )
    op.execute(
        "CREATE UNIQUE INDEX moderation_cases_open_key ON moderation_cases (channel_id, message_id)"
        " WHERE closed_at IS NULL AND kind <> 'appeal'"
    )
    index("moderation_cases", "opened_at", "id", where="closed_at IS NULL")
    create_owned(
        "flags",
        sa.Column("message_id", sa.Uuid, nullable=False),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        text("reason"),
        text("words", default=""),
        instant("at", now=True),
        unique("flags", "message_id", "member_id"),
        one_of("flags", "reason", FLAGS),
        reference("message_id", "messages"),
        reference("member_id", "members"),
        reference("case_id", "moderation_cases"),
    )
    index("flags", "case_id")


def _acts() -> None:
    create_owned(
        "moderation_acts",
        text("kind"),
        sa.Column("case_id", sa.Uuid),
        sa.Column("by_member", sa.Uuid),
        sa.Column("member_id", sa.Uuid),
        sa.Column("message_id", sa.Uuid),
        sa.Column("room_id", sa.Uuid),
        text("reason"),
        instant("until"),
        sa.Column("seconds", sa.Integer),
        sa.Column("before", JSONB, nullable=False, server_default="{}"),
        instant("at", now=True),
        instant("undone_at"),
        one_of("moderation_acts", "kind", ACTS),
        reference("case_id", "moderation_cases"),
        reference("by_member", "members"),
        reference("member_id", "members"),
        reference("message_id", "messages"),
        reference("room_id", "rooms"),
        grant=KEPT,
    )
    index("moderation_acts", "member_id", "at DESC")
    index("moderation_acts", "case_id")


def _appeals() -> None:
    create_owned(
        "appeals",
        sa.Column("act_id", sa.Uuid, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        text("words"),
        text("answer", default=""),
        sa.Column("upheld", sa.Boolean),
        sa.Column("decided_by", sa.Uuid),
        instant("at", now=True),
        instant("decided_at"),
        unique("appeals", "act_id"),
        reference("act_id", "moderation_acts"),
        reference("case_id", "moderation_cases"),
        reference("decided_by", "members"),
        grant=KEPT,
    )
    index("appeals", "case_id")
