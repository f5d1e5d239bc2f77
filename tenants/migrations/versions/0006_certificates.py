"""Certificates: awards that are never deleted, codes that lead to them from anywhere, visits, keys that sign."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from tenants.migrations.schema import (
    CHANNEL,
    create_function,
    create_owned,
    create_shared,
    index,
    instant,
    one_of,
    reference,
    text,
    unique,
)

revision = "0006"
down_revision = "0005"

STATES = ("rendering", "valid", "revoked", "superseded")
KEPT = ("id", "code", "member_id", "course_id", "snapshot", "status_index", "issued_at", "expires_at")


def upgrade() -> None:
    _certificates()
    _keep()
    _codes()
    _visits()
    _keys()


def downgrade() -> None:
    for function in ("certificate_at", "installation_root", "found_installation"):
        op.execute(f"DROP FUNCTION {function}")
    for table in ("installation_keys", "signing_keys", "certificate_visits", "certificate_codes", "certificates"):
        op.drop_table(table)
    op.execute("DROP FUNCTION certificate_kept, certificate_refuse")


def _certificates() -> None:
    # Member and course are named and not referred to: an award outlives both.
    create_owned(
        "certificates",
        text("code"),
        sa.Column("member_id", sa.Uuid, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("snapshot", JSONB, nullable=False),
        sa.Column("status_index", sa.Integer, nullable=False),
        text("state", default="rendering"),
        sa.Column("issued_by", sa.Uuid),
        instant("issued_at", now=True),
        instant("expires_at"),
        instant("ended_at"),
        text("reason", default=""),
        sa.Column("superseded_by", sa.Uuid),
        text("pdf_key", nullable=True),
        sa.Column("pdf_sha256", BYTEA),
        sa.Column("credential", BYTEA),
        instant("rendered_at"),
        unique("certificates", "code"),
        unique("certificates", "status_index"),
        reference("superseded_by", "certificates"),
        one_of("certificates", "state", STATES),
        sa.CheckConstraint(
            "(state IN ('revoked', 'superseded')) = (ended_at IS NOT NULL)", name="certificates_ended_check"
        ),
        grant="SELECT, INSERT, UPDATE",
        directory=True,
    )
    op.execute(
        "CREATE UNIQUE INDEX certificates_live_idx ON certificates (channel_id, member_id, course_id)"
        " WHERE state IN ('rendering', 'valid')"
    )
    index("certificates", "member_id", "course_id")
    index("certificates", "superseded_by", where="superseded_by IS NOT NULL")
    index("certificates", "status_index", where="ended_at IS NOT NULL", name="certificates_ended_idx")


def _keep() -> None:
    changed = " OR ".join(f"new.{column} IS DISTINCT FROM old.{column}" for column in KEPT)
    op.execute(f"""
        CREATE FUNCTION certificate_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF {changed} THEN RAISE EXCEPTION 'what a certificate says is never changed'; END IF;
          IF old.ended_at IS NOT NULL AND (new.state, new.ended_at, new.reason)
             IS DISTINCT FROM (old.state, old.ended_at, old.reason) THEN
            RAISE EXCEPTION 'a certificate that has ended stays ended';
          END IF;
          RETURN new;
        END $$""")
    op.execute("""
        CREATE FUNCTION certificate_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'a certificate is never deleted'; END $$""")
    op.execute("CREATE TRIGGER kept BEFORE UPDATE ON certificates FOR EACH ROW EXECUTE FUNCTION certificate_kept()")
    op.execute("CREATE TRIGGER refuse BEFORE DELETE ON certificates FOR EACH ROW EXECUTE FUNCTION certificate_refuse()")
    op.execute("CREATE TRIGGER refuse_all BEFORE TRUNCATE ON certificates EXECUTE FUNCTION certificate_refuse()")


def _codes() -> None:
    create_shared(
        "certificate_codes",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("channel_id", sa.Uuid, sa.ForeignKey("channels.id"), nullable=False),
        policy=CHANNEL,
        grant="SELECT, INSERT",
        directory=True,
    )
    create_function(
        "certificate_at(wanted text)",
        """TABLE (channel_id uuid, id uuid, code text, member_id uuid, course_id uuid, snapshot jsonb,
          status_index integer, state text, issued_at timestamptz, expires_at timestamptz, ended_at timestamptz,
          reason text, pdf_key text, pdf_sha256 bytea, credential bytea, heir text)""",
        """SELECT c.channel_id, c.id, c.code, c.member_id, c.course_id, c.snapshot,
          c.status_index, c.state, c.issued_at, c.expires_at, c.ended_at,
          c.reason, c.pdf_key, c.pdf_sha256, c.credential, heir.code
          FROM certificate_codes named
          JOIN certificates c ON c.channel_id = named.channel_id AND c.code = named.code
          LEFT JOIN certificates heir ON heir.channel_id = c.channel_id AND heir.id = c.superseded_by
          WHERE named.code = wanted""",
    )


def _visits() -> None:
    create_owned(
        "certificate_visits",
        sa.Column("certificate_id", sa.Uuid, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("visits", sa.Integer, nullable=False, server_default="1"),
        unique("certificate_visits", "certificate_id", "day"),
        reference("certificate_id", "certificates"),
        grant="SELECT, INSERT, UPDATE",
    )


def _keys() -> None:
    create_owned(
        "signing_keys",
        text("kind"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("public", BYTEA, nullable=False),
        sa.Column("sealed", BYTEA, nullable=False),
        instant("created_at", now=True),
        instant("revoked_at"),
        unique("signing_keys", "kind", "number"),
        one_of("signing_keys", "kind", ("document", "credential")),
        grant="SELECT, INSERT, UPDATE",
    )
    create_shared(
        "installation_keys",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("public", BYTEA, nullable=False),
        sa.Column("sealed", BYTEA, nullable=False),
        instant("created_at", now=True),
        policy="false",
        grant="SELECT",
        directory=True,
    )
    op.execute("CREATE POLICY founding ON installation_keys FOR INSERT TO guildhall_directory WITH CHECK (true)")
    op.execute("GRANT INSERT ON installation_keys TO guildhall_directory")
    create_function(
        "installation_root()",
        "TABLE (public bytea, sealed bytea)",
        "SELECT public, sealed FROM installation_keys WHERE name = 'root'",
    )
    create_function(
        "found_installation(new_public bytea, new_sealed bytea)",
        "void",
        "INSERT INTO installation_keys (name, public, sealed) VALUES ('root', new_public, new_sealed)"
        " ON CONFLICT DO NOTHING",
        volatility="VOLATILE",
    )
