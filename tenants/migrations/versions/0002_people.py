"""People: login history, pauses after failed sign-ins, links by mail, and the look-ups they need."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

from tenants.migrations.schema import create_function, create_shared, instant, text

revision = "0002"
down_revision = "0001"

FUNCTIONS = (
    "person_by_email",
    "refresh_of",
    "sign_in_standing",
    "sign_in_failed",
    "sign_in_succeeded",
    "memberships_of",
)


def upgrade() -> None:
    create_shared(
        "sign_ins",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("id", sa.Uuid, primary_key=True),
        instant("at", now=True),
        text("outcome"),
        text("agent", default=""),
        text("address", default=""),
        grant="SELECT, INSERT",
        relay="SELECT, DELETE",
    )
    op.execute("CREATE INDEX sign_ins_person_id_idx ON sign_ins (person_id, at DESC)")
    create_shared(
        "mailed_links",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("id", sa.Uuid, primary_key=True),
        text("purpose"),
        instant("created_at", now=True),
        instant("used_at"),
        relay="SELECT, DELETE",
    )
    _pauses()
    _look_ups()


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in ("sign_in_failures", "mailed_links", "sign_ins"):
        op.drop_table(table)


def _pauses() -> None:
    # By the hash of the address, so that one without a person is paused alike. The application reaches it by functions.
    create_shared(
        "sign_in_failures",
        sa.Column("email_hash", BYTEA, primary_key=True),
        sa.Column("failures", sa.SmallInteger, nullable=False),
        instant("last_at", now=True),
        instant("paused_until"),
        policy="false",
        relay="SELECT, DELETE",
    )
    op.execute("CREATE POLICY directory ON sign_in_failures TO guildhall_directory USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_failures TO guildhall_directory")
    standing = "TABLE (failures smallint, paused_until timestamptz)"
    create_function(
        "sign_in_standing(asked bytea)",
        standing,
        "SELECT failures, paused_until FROM sign_in_failures WHERE email_hash = asked AND paused_until > now()",
    )
    create_function(
        "sign_in_failed(asked bytea)",
        standing,
        """INSERT INTO sign_in_failures AS f (email_hash, failures) VALUES (asked, 1)
           ON CONFLICT (email_hash) DO UPDATE SET
             failures = CASE WHEN f.last_at < now() - interval '10 minutes' THEN 1 ELSE f.failures + 1 END,
             paused_until = CASE WHEN f.last_at >= now() - interval '10 minutes' AND f.failures + 1 >= 5
               THEN now() + interval '10 minutes' END,
             last_at = now()
           RETURNING f.failures, f.paused_until""",
        volatility="VOLATILE",
    )
    create_function(
        "sign_in_succeeded(asked bytea)",
        "void",
        "DELETE FROM sign_in_failures WHERE email_hash = asked",
        volatility="VOLATILE",
    )


def _look_ups() -> None:
    create_function(
        "person_by_email(wanted text)",
        "TABLE (id uuid, name text, password_hash text, confirmed_at timestamptz, closed_at timestamptz)",
        "SELECT id, name, password_hash, confirmed_at, closed_at FROM people WHERE email_key = wanted",
    )
    create_function(
        "refresh_of(token_hash bytea)",
        "TABLE (person_id uuid, session_id uuid, name text)",
        """SELECT t.person_id, t.session_id, p.name
           FROM tokens t JOIN sessions s ON s.id = t.session_id JOIN people p ON p.id = t.person_id
           WHERE t.hash = token_hash AND t.kind = 'refresh'
             AND (t.expires_at > now() OR t.spent_at IS NOT NULL)
             AND s.ended_at IS NULL AND p.closed_at IS NULL""",
    )
    create_function(
        "memberships_of(whom uuid)",
        "TABLE (id uuid, slug text, name text, brand jsonb, role text, joined_at timestamptz)",
        """SELECT c.id, c.slug, c.name, c.brand, m.role, m.joined_at
           FROM members m JOIN channels c ON c.id = m.channel_id
           WHERE m.person_id = whom AND m.left_at IS NULL AND c.state <> 'closed'
             AND (m.banned_at IS NULL OR m.banned_until <= now())
           ORDER BY m.joined_at LIMIT 200""",
    )
