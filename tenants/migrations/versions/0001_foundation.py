"""Foundation: channels, people and their sessions, members, the outbox, the audit chain, idempotency keys."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from tenants.migrations.schema import (
    create_function,
    create_owned,
    create_shared,
    instant,
    one_of,
    text,
    unique,
)

revision = "0001"
down_revision = None

OWN_CHANNEL = "id = (select nullif(current_setting('app.channel_id', true), '')::uuid)"
OWN_PERSON = "id = (select nullif(current_setting('app.person_id', true), '')::uuid)"
ROLES = ("owner", "admin", "teacher", "moderator", "student")


def upgrade() -> None:
    _channels()
    _people()
    _sessions()
    _members()
    _outbox()
    _audit()
    _idempotency()
    _directory()


def downgrade() -> None:
    for function in ("admit", "session_of", "channel_at", "channels_listed"):
        op.execute(f"DROP FUNCTION {function}")
    for table in (
        "idempotency_keys", "audit", "clock_ticks", "person_jobs", "index_changes", "jobs", "notices", "members",
        "tokens", "sessions", "people", "channels",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DROP FUNCTION audit_chain, audit_refuse")


def _channels() -> None:
    create_shared(
        "channels",
        sa.Column("id", sa.Uuid, primary_key=True),
        text("slug"),
        text("name"),
        text("tagline", default=""),
        text("about", default=""),
        sa.Column("brand", JSONB, nullable=False, server_default="{}"),
        sa.Column("landing", JSONB, nullable=False, server_default="{}"),
        text("locale", default="en"),
        text("time_zone", default="UTC"),
        text("host", nullable=True),
        text("state", default="open"),
        sa.Column("listed", sa.Boolean, nullable=False, server_default="true"),
        instant("created_at", now=True),
        instant("updated_at", now=True),
        sa.UniqueConstraint("slug", name="channels_slug_key"),
        sa.UniqueConstraint("host", name="channels_host_key"),
        one_of("channels", "state", ("open", "suspended", "closed")),
        policy=OWN_CHANNEL,
        grant="SELECT, INSERT, UPDATE",
        directory=True,
    )


def _people() -> None:
    create_shared(
        "people",
        sa.Column("id", sa.Uuid, primary_key=True),
        text("email"),
        text("email_key"),
        text("name"),
        text("password_hash", nullable=True),
        text("locale", default="en"),
        text("time_zone", default="UTC"),
        instant("confirmed_at"),
        instant("created_at", now=True),
        instant("closed_at"),
        sa.UniqueConstraint("email_key", name="people_email_key_key"),
        policy=OWN_PERSON,
        directory=True,
    )


def _sessions() -> None:
    create_shared(
        "sessions",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("id", sa.Uuid, primary_key=True),
        text("kind"),
        text("agent", default=""),
        text("address", default=""),
        instant("created_at", now=True),
        instant("last_seen_at", now=True),
        instant("ended_at"),
        text("end_reason", nullable=True),
        one_of("sessions", "kind", ("browser", "api")),
        relay="SELECT",
        directory=True,
    )
    op.execute("CREATE INDEX sessions_person_id_idx ON sessions (person_id, created_at DESC)")
    create_shared(
        "tokens",
        sa.Column("hash", BYTEA, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        text("kind"),
        instant("expires_at", now=True),
        instant("spent_at"),
        one_of("tokens", "kind", ("cookie", "access", "refresh")),
        relay="SELECT, DELETE",
        directory=True,
    )
    op.execute("CREATE INDEX tokens_session_id_idx ON tokens (session_id)")


def _members() -> None:
    create_owned(
        "members",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id"), nullable=False),
        text("role", default="student"),
        text("name"),
        instant("joined_at", now=True),
        instant("left_at"),
        instant("banned_at"),
        instant("banned_until"),
        text("ban_reason", nullable=True),
        unique("members", "person_id"),
        one_of("members", "role", ROLES),
        directory=True,
    )
    # A person's own memberships are looked for across channels, by the directory's function alone.
    op.execute("CREATE INDEX members_person_idx ON members (person_id)")
    op.execute("COMMENT ON INDEX members_person_idx IS 'directory'")


def _outbox() -> None:
    create_owned(
        "notices",
        text("event"),
        sa.Column("room_id", sa.Uuid),
        sa.Column("person_id", sa.Uuid),
        sa.Column("payload", JSONB, nullable=False),
        instant("created_at", now=True),
        relay="SELECT, DELETE",
    )
    states = ("waiting", "sent", "failed")
    relay = "SELECT, UPDATE, DELETE"
    create_owned("jobs", *_job(), one_of("jobs", "state", states), relay=relay)
    create_owned(
        "index_changes", text("kind"), sa.Column("document_id", sa.Uuid, nullable=False), relay="SELECT, DELETE"
    )
    create_shared(
        "person_jobs",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        *_job(),
        one_of("person_jobs", "state", states),
        relay=relay,
    )
    create_shared(
        "clock_ticks",
        sa.Column("name", sa.Text, primary_key=True),
        instant("ran_at", now=True),
        policy="false",
        grant="SELECT",
        relay="SELECT, INSERT, UPDATE",
    )
    # The relay works across channels, in order of time: its two indexes alone are not led by channel_id.
    op.execute("CREATE INDEX jobs_due_idx ON jobs (run_at) WHERE state <> 'failed'")
    op.execute("COMMENT ON INDEX jobs_due_idx IS 'relay'")
    op.execute("CREATE INDEX notices_due_idx ON notices (created_at)")
    op.execute("COMMENT ON INDEX notices_due_idx IS 'relay'")


def _job() -> tuple[sa.Column[Any], ...]:
    return (
        text("queue"),
        text("name"),
        sa.Column("payload", JSONB, nullable=False),
        text("state", default="waiting"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("waits", sa.Integer, nullable=False, server_default="0"),
        instant("waiting_since"),
        text("request_id", nullable=True),
        text("error", nullable=True),
        instant("run_at", now=True),
        instant("sent_at"),
        sa.Column("lease", sa.Uuid),
        instant("leased_until"),
        instant("created_at", now=True),
    )


def _audit() -> None:
    create_owned(
        "audit",
        sa.Column("seq", sa.BigInteger, nullable=False),
        instant("at", now=True),
        text("actor"),
        text("action"),
        text("target"),
        sa.Column("data", JSONB, nullable=False, server_default="{}"),
        sa.Column("previous", BYTEA, nullable=False),
        sa.Column("hash", BYTEA, nullable=False),
        unique("audit", "seq"),
        grant="SELECT, INSERT",
    )
    op.execute("""
        CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
        DECLARE last record;
        BEGIN
          PERFORM pg_advisory_xact_lock(hashtextextended('audit' || new.channel_id, 0));
          SELECT seq, hash INTO last FROM audit WHERE channel_id = new.channel_id ORDER BY seq DESC LIMIT 1;
          new.seq := coalesce(last.seq, 0) + 1;
          new.previous := coalesce(last.hash, ''::bytea);
          new.hash := sha256(new.previous || convert_to(concat_ws(E'\\x1f', new.channel_id, new.id, new.seq,
            extract(epoch from new.at), new.actor, new.action, new.target, new.data), 'UTF8'));
          RETURN new;
        END $$""")
    op.execute("""
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$""")
    op.execute("CREATE TRIGGER chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_chain()")
    op.execute("CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()")
    op.execute("CREATE TRIGGER refuse_all BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_refuse()")


def _idempotency() -> None:
    create_shared(
        "idempotency_keys",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("route", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", BYTEA, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("body", BYTEA, nullable=False),
        instant("created_at", now=True),
        relay="SELECT, DELETE",
    )


def _directory() -> None:
    create_function(
        "channel_at(wanted_slug text, wanted_host text)",
        "TABLE (id uuid, slug text, name text, state text, host text, locale text)",
        """SELECT id, slug, name, state, host, locale FROM channels
           WHERE slug = wanted_slug OR host = wanted_host LIMIT 1""",
    )
    create_function(
        "channels_listed(after_id uuid, how_many integer)",
        "TABLE (id uuid, slug text, name text, tagline text, brand jsonb, locale text)",
        """SELECT id, slug, name, tagline, brand, locale FROM channels
           WHERE state = 'open' AND listed AND (after_id IS NULL OR id > after_id) ORDER BY id LIMIT how_many""",
    )
    create_function(
        "session_of(token_hash bytea)",
        "TABLE (person_id uuid, session_id uuid, kind text, name text, expires_at timestamptz)",
        """SELECT t.person_id, t.session_id, t.kind, p.name, t.expires_at
           FROM tokens t JOIN sessions s ON s.id = t.session_id JOIN people p ON p.id = t.person_id
           WHERE t.hash = token_hash AND t.kind <> 'refresh' AND t.spent_at IS NULL AND t.expires_at > now()
             AND s.ended_at IS NULL AND p.closed_at IS NULL""",
    )
    create_function(
        "admit(at_channel uuid, token_hash bytea)",
        "TABLE (person_id uuid, session_id uuid, kind text, person_name text, member_id uuid, role text,"
        " member_name text, left_at timestamptz, banned_at timestamptz, banned_until timestamptz, ban_reason text)",
        """SELECT t.person_id, t.session_id, t.kind, p.name, m.id, m.role, m.name,
             m.left_at, m.banned_at, m.banned_until, m.ban_reason
           FROM tokens t JOIN sessions s ON s.id = t.session_id JOIN people p ON p.id = t.person_id
           LEFT JOIN members m ON m.channel_id = at_channel AND m.person_id = t.person_id
           WHERE t.hash = token_hash AND t.kind <> 'refresh' AND t.spent_at IS NULL AND t.expires_at > now()
             AND s.ended_at IS NULL AND p.closed_at IS NULL""",
    )
