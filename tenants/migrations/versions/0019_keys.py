"""Keys of programs, and the look-up that admits one to its channel."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

from tenants.migrations.schema import create_function, create_owned, instant, reference, text, unique

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    create_owned(
        "api_keys",
        text("name"),
        sa.Column("hash", BYTEA, nullable=False),
        text("ending"),
        sa.Column("member_id", sa.Uuid, nullable=False),
        text("scopes"),
        instant("created_at", now=True),
        instant("expires_at"),
        instant("used_at"),
        instant("revoked_at"),
        unique("api_keys", "hash"),
        reference("member_id", "members"),
        grant="SELECT, INSERT, UPDATE",
        directory=True,
    )
    create_function(
        "admit_key(at_channel uuid, key_hash bytea)",
        "TABLE (key_id uuid, scopes text, person_id uuid, session_id uuid, person_name text, member_id uuid,"
        " role text, member_name text, left_at timestamptz, banned_at timestamptz, banned_until timestamptz,"
        " ban_reason text)",
        """SELECT k.id, k.scopes, m.person_id, null::uuid, p.name, m.id, m.role, m.name,
             m.left_at, m.banned_at, m.banned_until, m.ban_reason
           FROM api_keys k JOIN members m ON m.channel_id = k.channel_id AND m.id = k.member_id
           JOIN people p ON p.id = m.person_id
           WHERE k.channel_id = at_channel AND k.hash = key_hash AND k.revoked_at IS NULL
             AND (k.expires_at IS NULL OR k.expires_at > now()) AND p.closed_at IS NULL""",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION admit_key")
    op.drop_table("api_keys")
