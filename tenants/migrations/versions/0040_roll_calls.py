"""Roll calls: how many were asked for of a class, when each was, and how many connections it found of somebody."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import unforced

revision = "0040"
down_revision = "0039"

# As the naming convention of the tables made it.
CHECK = "attendance_attendance_kind_check_check"


def upgrade() -> None:
    op.add_column("live_rooms", sa.Column("calls", sa.Integer, nullable=False, server_default="0"))
    op.add_column("attendance", sa.Column("devices", sa.Integer, nullable=False, server_default="0"))
    _allow(("joined", "left", "seen", "called"))


def downgrade() -> None:
    with unforced("attendance"):
        op.execute("DELETE FROM attendance WHERE kind IN ('seen', 'called')")
    _allow(("joined", "left"))
    op.drop_column("attendance", "devices")
    op.drop_column("live_rooms", "calls")


def _allow(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute(f"ALTER TABLE attendance DROP CONSTRAINT {CHECK}")
    op.execute(f"ALTER TABLE attendance ADD CONSTRAINT {CHECK} CHECK (kind IN ({listed}))")
