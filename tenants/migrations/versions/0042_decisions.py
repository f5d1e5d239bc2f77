"""Notices of what moderators decided are kept as others are."""

from alembic import op

from tenants.migrations.schema import unforced

revision = "0042"
down_revision = "0041"

RINGS_BEFORE = ("certificate", "recording", "order", "mention", "reply", "raid", "direct", "webhook")


def upgrade() -> None:
    _kinds((*RINGS_BEFORE, "decision"))


def downgrade() -> None:
    with unforced("rings"):
        op.execute("DELETE FROM rings WHERE kind = 'decision'")
    _kinds(RINGS_BEFORE)


def _kinds(words: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    op.execute("ALTER TABLE rings DROP CONSTRAINT rings_rings_kind_check_check")
    op.execute(f"ALTER TABLE rings ADD CONSTRAINT rings_rings_kind_check_check CHECK (kind IN ({listed}))")
