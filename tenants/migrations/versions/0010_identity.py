"""Identity: sessions at a channel's own host with their hand-off, proof of an address, links that lead on.

A session that is bound to a channel is good there alone, and only while the host it was made for is the channel's.
"""

# ruff: noqa: S608 - the statements are made of our own words; nothing that anybody sent is in them

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

from tenants.migrations.schema import create_function, create_shared, instant, text

revision = "0010"
down_revision = "0007"

STANDS = """t.kind <> 'refresh' AND t.spent_at IS NULL AND t.expires_at > now()
             AND s.ended_at IS NULL AND p.closed_at IS NULL"""
AT_HOST = "(s.for_channel IS NULL OR s.host = (SELECT c.host FROM channels c WHERE c.id = s.for_channel))"
IN_CHANNEL = "(s.for_channel IS NULL OR s.for_channel = at_channel)"
ELSEWHERE = "s.for_channel IS NOT NULL AND (s.for_channel <> a.channel_id OR s.host IS DISTINCT FROM c.host)"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("for_channel", sa.Uuid, sa.ForeignKey("channels.id", ondelete="CASCADE")))
    op.add_column("sessions", text("host", nullable=True))
    op.add_column("sessions", sa.Column("begun_from", sa.Uuid, sa.ForeignKey("sessions.id", ondelete="CASCADE")))
    op.add_column("sessions", instant("proved_at"))
    op.create_check_constraint(
        "sessions_bound_check",
        "sessions",
        "(for_channel IS NULL) = (begun_from IS NULL) AND (for_channel IS NULL OR host IS NOT NULL)",
    )
    op.execute("CREATE INDEX sessions_begun_from_idx ON sessions (begun_from) WHERE begun_from IS NOT NULL")
    op.add_column("mailed_links", text("following", default="/"))
    create_shared(
        "hand_offs",
        sa.Column("hash", BYTEA, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("for_channel", sa.Uuid, sa.ForeignKey("channels.id", ondelete="CASCADE"), nullable=False),
        text("host"),
        sa.Column("nonce_hash", BYTEA, nullable=False),
        instant("created_at", now=True),
        instant("spent_at"),
        relay="SELECT, DELETE",
    )
    _drop()
    _look_ups("for_channel uuid, ", "s.for_channel, ", f"{STANDS} AND {AT_HOST}")
    _admission(f"{STANDS} AND {IN_CHANNEL} AND {AT_HOST}")
    _sockets(f"t.hash IS NULL OR s.ended_at IS NOT NULL OR p.closed_at IS NOT NULL OR ({ELSEWHERE})")


def downgrade() -> None:
    _drop()
    _look_ups("", "", STANDS)
    _admission(STANDS)
    _sockets("t.hash IS NULL OR s.ended_at IS NOT NULL OR p.closed_at IS NOT NULL")
    op.drop_table("hand_offs")
    op.drop_column("mailed_links", "following")
    op.execute("DELETE FROM sessions WHERE begun_from IS NOT NULL")
    for column in ("proved_at", "begun_from", "host", "for_channel"):
        op.drop_column("sessions", column)


def _drop() -> None:
    for function in ("sockets_standing", "admit", "session_of"):
        op.execute(f"DROP FUNCTION {function}")


def _look_ups(column: str, value: str, stands: str) -> None:
    create_function(
        "session_of(token_hash bytea)",
        f"TABLE (person_id uuid, session_id uuid, kind text, name text, {column}expires_at timestamptz)",
        f"""SELECT t.person_id, t.session_id, t.kind, p.name, {value}t.expires_at
           FROM tokens t JOIN sessions s ON s.id = t.session_id JOIN people p ON p.id = t.person_id
           WHERE t.hash = token_hash AND {stands}""",
    )


def _admission(stands: str) -> None:
    create_function(
        "admit(at_channel uuid, token_hash bytea)",
        "TABLE (person_id uuid, session_id uuid, kind text, person_name text, member_id uuid, role text,"
        " member_name text, left_at timestamptz, banned_at timestamptz, banned_until timestamptz, ban_reason text)",
        f"""SELECT t.person_id, t.session_id, t.kind, p.name, m.id, m.role, m.name,
             m.left_at, m.banned_at, m.banned_until, m.ban_reason
           FROM tokens t JOIN sessions s ON s.id = t.session_id JOIN people p ON p.id = t.person_id
           LEFT JOIN members m ON m.channel_id = at_channel AND m.person_id = t.person_id
           WHERE t.hash = token_hash AND {stands}""",
    )


def _sockets(ended: str) -> None:
    create_function(
        "sockets_standing(channels uuid[], hashes bytea[])",
        "TABLE (place bigint, code text)",
        f"""SELECT * FROM (
             SELECT a.place, CASE
               WHEN c.state IS DISTINCT FROM 'open' THEN 'channel_closed'
               WHEN {ended} THEN 'session_ended'
               WHEN t.spent_at IS NOT NULL OR t.expires_at <= now() THEN 'token_expired'
               WHEN m.banned_at IS NOT NULL AND (m.banned_until IS NULL OR m.banned_until > now()) THEN 'banned'
               WHEN m.id IS NULL OR m.left_at IS NOT NULL THEN 'not_a_member'
             END AS code
             FROM unnest(channels, hashes) WITH ORDINALITY AS a (channel_id, hash, place)
             LEFT JOIN channels c ON c.id = a.channel_id
             LEFT JOIN tokens t ON t.hash = a.hash
             LEFT JOIN sessions s ON s.id = t.session_id
             LEFT JOIN people p ON p.id = t.person_id
             LEFT JOIN members m ON m.channel_id = a.channel_id AND m.person_id = t.person_id
           ) AS each WHERE code IS NOT NULL""",
    )
