"""Sections of rooms: named parts of the list, in an order of their own."""

import sqlalchemy as sa
from alembic import op

from tenants.migrations.schema import create_owned, index, instant, text

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    create_owned(
        "room_sections",
        text("name"),
        sa.Column("position", sa.Integer, nullable=False),
        instant("created_at", now=True),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 60", name="room_sections_name_check"),
    )
    op.add_column("rooms", sa.Column("section_id", sa.Uuid))
    op.execute(
        "ALTER TABLE rooms ADD CONSTRAINT rooms_channel_id_section_id_fkey"
        " FOREIGN KEY (channel_id, section_id) REFERENCES room_sections (channel_id, id)"
        " ON DELETE SET NULL (section_id)"
    )
    index("rooms", "section_id", where="section_id IS NOT NULL")


def downgrade() -> None:
    op.drop_column("rooms", "section_id")
    op.drop_table("room_sections")
