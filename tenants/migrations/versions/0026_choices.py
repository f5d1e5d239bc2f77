"""Choices: by which ways a member is told what; mails of what stayed unread; digests; quiet hours."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, create_shared, instant, one_of, text, unique

revision = "0026"
down_revision = "0025"

KINDS = ("mention", "reply", "recording", "certificate", "order")


def upgrade() -> None:
    create_owned(
        "notice_choices",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        text("kind"),
        sa.Column("bell", sa.Boolean, nullable=False),
        unique("notice_choices", "person_id", "kind"),
        one_of("notice_choices", "kind", KINDS),
    )
    create_owned(
        "digests",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        text("every"),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        unique("digests", "person_id"),
        one_of("digests", "every", ("daily", "weekly")),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="digests_hour_check"),
        relay="SELECT",
    )
    create_shared(
        "quiet_hours",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("begins", sa.Integer, nullable=False),
        sa.Column("ends", sa.Integer, nullable=False),
        sa.CheckConstraint("begins BETWEEN 0 AND 1439 AND ends BETWEEN 0 AND 1439", name="quiet_hours_day_check"),
    )
    op.add_column("rings", sa.Column("at_bell", sa.Boolean, nullable=False, server_default="true"))
    op.add_column("rings", instant("mail_at"))
    op.add_column("rings", sa.Column("mail_id", sa.Uuid))
    # The relay looks who is to be written to.
    op.execute("CREATE POLICY relay ON rings TO guildhall_relay USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT ON rings TO guildhall_relay")
    for table, column in (("rings", "mail_at"), ("digests", "next_at")):
        where = f" WHERE {column} IS NOT NULL" if table == "rings" else ""
        op.execute(f"CREATE INDEX {table}_relay_idx ON {table} ({column}){where}")
        op.execute(f"COMMENT ON INDEX {table}_relay_idx IS 'relay'")


def downgrade() -> None:
    op.execute("DROP POLICY relay ON rings")
    op.execute("REVOKE SELECT ON rings FROM guildhall_relay")
    for column in ("mail_id", "mail_at", "at_bell"):
        op.drop_column("rings", column)
    for table in ("quiet_hours", "digests", "notice_choices"):
        op.drop_table(table)
